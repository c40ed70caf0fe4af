/** Sending a message on a channel. */

import { type Descriptor, libc, MSG_DONTWAIT, MSG_NOSIGNAL, settle } from "../../ffi/mod.ts";

const { send } = libc;

/**
 * Sends a message if the socket takes it now; a socket of this type takes all of one or nothing.
 *
 * @param length how many of its bytes count
 * @returns that number, or `-errno` (-EAGAIN: no room)
 */
export function sendMessage(
  fd: Descriptor,
  message: Uint8Array<ArrayBuffer>,
  length: number = message.byteLength,
): number {
  return settle(send(fd, message, BigInt(length), MSG_DONTWAIT | MSG_NOSIGNAL));
}
