/** Data out of a socket on which the kernel does TLS, where it lies among records that are none (tls(7)). */

import {
  type Descriptor,
  EIO,
  EKEYEXPIRED,
  libc,
  MSG_DONTWAIT,
  settle,
  takeOtherRecord,
} from "../../../ffi/mod.ts";

const { recv } = libc;

/** Records that are no data in a row, after which a client is not listened to any more. */
const MOST_SKIPPED = 32;

/**
 * Takes data from among other records. What one read gives is never known to be all: records come one by one.
 *
 * @param size how many bytes at most
 * @returns their number, 0 at the end, or `-errno`
 */
export function receiveData(fd: Descriptor, bytes: Uint8Array<ArrayBuffer>, size: bigint): number {
  for (let skipped = 0; skipped < MOST_SKIPPED; skipped++) {
    const length = settle(recv(fd, bytes, size, MSG_DONTWAIT));
    // After new keys were announced, which the kernel does not know, nothing more can be read.
    if (length === -EKEYEXPIRED) return 0;
    if (length !== -EIO) return length;
    const record = takeOtherRecord(fd);
    if (record === "end") return 0;
    if (record === "broken") return -EIO;
  }
  return -EIO;
}
