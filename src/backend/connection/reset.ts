/** The end of a connection that its client does not take for the end of what it was sent. */

import {
  type Descriptor,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_OOB,
  resetConnection,
  settle,
} from "../../../ffi/mod.ts";
import { isPair } from "../../protocol/tls_field.ts";

const { send } = libc;

const MARK = new Uint8Array(1);

/**
 * Has a client's connection reset when it is closed.
 *
 * @param tls what its hand-off says of TLS
 */
export function markBroken(fd: Descriptor, tls: Uint8Array | undefined): void {
  if (!isPair(tls)) return void resetConnection(fd);
  // A byte out of band: whoever does TLS at the other end of the stream resets the client's connection then.
  settle(send(fd, MARK, 1n, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL));
}
