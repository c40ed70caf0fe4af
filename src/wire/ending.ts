/** How either end ends a channel (docs/protocol.md, "Ending"). */

import { close, type Descriptor, SHUT_RDWR, shutdown } from "../../ffi/mod.ts";
import type { Poller } from "../loop/poller.ts";
import { byeReason, encodeBye } from "../protocol/replies.ts";
import type { MessageReader } from "./message_reader.ts";
import { sendMessage } from "./send_message.ts";

/** A channel's socket that is to be closed. */
export interface Ending {
  readonly fd: Descriptor;
  readonly poller: Poller;
  readonly reader: MessageReader;
  /** BYE_* for the other end, where it should be told. */
  readonly bye: number | undefined;
  /** For people. */
  readonly reason: string | undefined;
  /** Takes each ACK that the other end managed to send; it is in the reader's buffer. */
  readonly acknowledged: (length: number) => void;
}

/**
 * Ends a channel. After the shutdown the other end can acknowledge nothing more; what it did acknowledge before is read
 * first, and is its own. Everything else under way is whose it was before.
 */
export function endChannel({ fd, poller, reader, bye, reason, acknowledged }: Ending): void {
  if (bye !== undefined) sayBye(fd, bye, `${byeReason(bye)}: ${reason}`);
  shutdown(fd, SHUT_RDWR);
  reader.readLast(fd, acknowledged);
  poller.remove(fd);
  close(fd);
}

/** Says why a channel ends, if there is room for it. @param reason BYE_* */
export function sayBye(fd: Descriptor, reason: number, text: string): void {
  sendMessage(fd, encodeBye({ reason, text }));
}
