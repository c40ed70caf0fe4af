/** What a handshake has found out, as the field `tls` says it. */

import { encodeTls, type TlsState } from "../../protocol/tls_field.ts";
import type { Established } from "./handshake.ts";

/** Fields that are kept at most: names that clients ask for are many where a site has a wildcard. */
const MOST = 256;

/** Fields by what they say. Most handshakes find out what others have found out before them. */
export class KnownFields {
  readonly #known = new Map<string, Uint8Array<ArrayBuffer>>();

  /** The value of the field, not to be changed. */
  of(way: TlsState["way"], established: Established): Uint8Array<ArrayBuffer> {
    const { session: { agreement: { version, cipher, resumed } }, serverName, policy } = established;
    // Certificates of clients are their own.
    if (policy !== 0) return encodeTls(stateOf(way, established));
    const key = `${way} ${version} ${cipher} ${resumed} ${serverName}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST) this.#known.clear();
    const field = encodeTls(stateOf(way, established));
    this.#known.set(key, field);
    return field;
  }
}

function stateOf(way: TlsState["way"], { session, serverName, policy }: Established): TlsState {
  // A certificate that the client showed has been verified by now.
  const certificate = policy === 0 ? undefined : session.clientCertificate;
  try {
    return {
      way,
      ...session.agreement,
      cipherName: session.cipherName,
      serverName,
      policy,
      // With a fault the handshake had ended: it is asked all the same, for what protects fails closed.
      ...certificate === undefined || session.clientFault !== undefined ? {} : {
        client: {
          subject: certificate.subject,
          issuer: certificate.issuer,
          serial: certificate.serial,
          fingerprint: certificate.fingerprint,
        },
      },
    };
  } finally {
    certificate?.free();
  }
}

/** The state of a connection that is given back as it came. */
export function untouched(serverName: string): TlsState {
  return { way: "untouched", version: 0, cipher: 0, cipherName: "", resumed: false, serverName, policy: 0 };
}
