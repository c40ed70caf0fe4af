/** What backends say of TLS on connections that they give back: who may say it, and what the front remembers of it. */

import { type Descriptor, notAClientSocket, notAStreamEnd } from "../../../ffi/mod.ts";
import { writeFieldHead } from "../../protocol/fields.ts";
import {
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_NOT_ALLOWED,
  FIELD_TLS,
  RETURN_TLS,
  SIZE_FIELD,
  TLS_WAY,
  WAY_UNTOUCHED,
} from "../../protocol/messages.ts";
import { isKnownWay, isPair, policyOf, serverNameOf } from "../../protocol/tls_field.ts";
import type { Transfer } from "../../protocol/transfer.ts";
import type { Connection } from "../connection/connection.ts";
import type { Objection } from "../handoff/handoff_channel.ts";
import { TlsProof } from "../handoff/tls_proof.ts";
import type { UnreadRoutes } from "./unread.ts";

/** The name that the client of a connection asks for; undefined before its first message has been looked at. */
export function askedName({ tls }: Connection): string | undefined {
  return tls.length === 0 ? undefined : serverNameOf(tls.subarray(SIZE_FIELD));
}

/** Judges and remembers. */
export class ReturnedTls {
  readonly #proof: TlsProof;

  /** @param key see {@linkcode TlsProof} @param unreadAt the listener's own of an address, where clients speak TLS */
  constructor(
    key: Uint8Array<ArrayBuffer>,
    readonly unreadAt: (local: Uint8Array) => UnreadRoutes | undefined,
  ) {
    this.#proof = new TlsProof(key);
  }

  /**
   * Why a connection cannot be taken back; undefined when it can. Only who does the handshakes of its listener begins what
   * is said of TLS; anybody else repeats what the front has said.
   *
   * @param fd lent
   * @param backend the name of the backend that gives it back
   */
  objection(fd: Descriptor, { detail, tls, local }: Transfer, backend: string): Objection | undefined {
    if (tls !== undefined) {
      const begins = detail === RETURN_TLS && this.unreadAt(local)?.backend === backend;
      if (!begins && !this.#proof.holds(tls, fd)) {
        const reason =
          `${backend} says of a connection's TLS what it was not told, and does no handshakes for its address`;
        return { bye: BYE_NOT_ALLOWED, reason };
      }
      // Whoever gets the connection would not know what its socket is.
      if (!isKnownWay(tls)) return { bye: BYE_MALFORMED, reason: `RETURN of TLS in the way ${tls[TLS_WAY]}` };
    }
    const problem = isPair(tls) ? notAStreamEnd(fd) : notAClientSocket(fd);
    return problem === undefined ? undefined : { bye: BYE_DESCRIPTORS, reason: `RETURN of ${problem}` };
  }

  /** Remembers what is known of TLS on a connection, for all of its hand-offs. */
  remember(connection: Connection, { tls: value, detail }: Pick<Transfer, "tls" | "detail">): void {
    if (value === undefined) return;
    const field = new Uint8Array(SIZE_FIELD + value.length);
    writeFieldHead(field, 0, FIELD_TLS, value.length);
    field.set(value, SIZE_FIELD);
    const own = field.subarray(SIZE_FIELD);
    // What has been sealed already stays as it is.
    if (detail === RETURN_TLS) this.#proof.seal(own, connection.fd);
    connection.tls = field;
    connection.unread = own[TLS_WAY] === WAY_UNTOUCHED;
    connection.policy = policyOf(own);
  }
}
