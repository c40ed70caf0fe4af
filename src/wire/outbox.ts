/** What a channel says: messages in order, also when the socket does not take them at once. */

import { type Descriptor, EAGAIN, EPOLLIN, EPOLLOUT } from "../../ffi/mod.ts";
import type { Poller } from "../loop/poller.ts";
import { sendMessage } from "./send_message.ts";

/** A message that has to wait, and what to do once it has left. */
interface Unsent {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly left: (() => void) | undefined;
}

/** How a message has fared: `sent`, `waits` for room, or `failed`, since the other end is gone. */
export type Saying = "sent" | "waits" | "failed";

/**
 * Messages on their way out of one channel. While some wait the channel is watched for room alone: an other end
 * that never reads what is said to it gets nothing more read from it.
 */
export class Outbox {
  #unsent: Unsent[] = [];
  #discarded = false;

  /** @param fd the channel's socket, lent, and registered with the poller */
  constructor(readonly poller: Poller, readonly fd: Descriptor) {}

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#unsent.length === 0;
  }

  /**
   * Says something.
   *
   * @param message may be used again by the caller afterwards
   * @param length how many of its bytes count
   * @param left called when a message that had to wait has left
   */
  say(message: Uint8Array<ArrayBuffer>, length = message.byteLength, left?: () => void): Saying {
    const sent = this.empty ? sendMessage(this.fd, message, length) : -EAGAIN;
    if (sent !== -EAGAIN) return sent < 0 ? "failed" : "sent";
    this.#unsent.push({ message: message.slice(0, length), left });
    this.poller.modify(this.fd, EPOLLOUT);
    return "waits";
  }

  /** There is room: sends what waits. Returns false when the other end is gone. */
  flush(): boolean {
    for (let first = this.#unsent[0]; first !== undefined; first = this.#unsent[0]) {
      const sent = sendMessage(this.fd, first.message);
      if (sent === -EAGAIN) return true;
      if (sent < 0) return false;
      this.#unsent.shift();
      first.left?.();
      // What followed may have ended the channel.
      if (this.#discarded) return true;
    }
    this.poller.modify(this.fd, EPOLLIN);
    return true;
  }

  /** Nothing that waits will be sent, and nobody is told. */
  discard(): void {
    this.#discarded = true;
    this.#unsent = [];
  }
}
