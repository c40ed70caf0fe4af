/** Gives a front the page of counters. */

import { type Descriptor, libc, MSG_DONTWAIT, MSG_NOSIGNAL, RightsSender, settle } from "../../../ffi/mod.ts";
import { COUNTERS, SIZE_HEADER, VERSION } from "../../protocol/messages.ts";

const message = new Uint8Array(SIZE_HEADER);
message[0] = VERSION;
message[1] = COUNTERS;
const sender = new RightsSender([message]);

/**
 * Sends COUNTERS.
 *
 * @param page the front gets a copy of it
 * @returns whether it has left: the socket, or the kernel, may have no room at the moment
 */
export function sendCounters(channel: Descriptor, page: Descriptor): boolean {
  sender.descriptor = page;
  return settle(libc.sendmsg(channel, sender.header.bytes, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0;
}
