/** What a handshake has found out, as the field `tls` says it. */

import type { Session } from "../../../ffi/openssl/mod.ts";
import type { TlsState } from "../../protocol/tls_field.ts";

/** @param policy what was asked of the client; a certificate that it showed has been verified by then */
export function stateOf(
  session: Session,
  way: TlsState["way"],
  serverName: string,
  policy: number,
): TlsState {
  const { version, cipher, cipherName, resumed } = session.agreement;
  const certificate = policy === 0 ? undefined : session.clientCertificate;
  try {
    return {
      way,
      version,
      cipher,
      cipherName,
      resumed,
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
