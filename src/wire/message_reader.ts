/** What comes on channels, a message at a time. */

import {
  type Descriptor,
  EAGAIN,
  ECONNRESET,
  libc,
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  MSG_TRUNC,
  RightsReceiver,
  settle,
} from "../../ffi/mod.ts";
import {
  ACK,
  BYE_MALFORMED,
  BYE_VERSION,
  MAX_MESSAGE,
  OFFSET_TYPE,
  SIZE_HEADER,
  VERSION,
} from "../protocol/messages.ts";
import type { Fault } from "./fault.ts";

const { recvmsg } = libc;

/** Messages read from one channel before others get their turn; the poller tells again of what is left. */
const BATCH = 64;

/** An end of a channel, as messages are read from it. */
export interface Hearer {
  /** The channel's socket; lent. */
  readonly fd: Descriptor;
  /** Whether the channel has ended: nothing more is read. */
  readonly closed: boolean;
  /**
   * Takes the message that is in the reader's buffer, with its descriptors: what is not taken of those is closed.
   *
   * @returns whether more may be there
   */
  heard(length: number): boolean;
}

/** Reads for all channels of a thread: one buffer, used within one call only. */
export class MessageReader {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly receiver: RightsReceiver;

  /** @param longest bytes that a message may have; one more is received, so that a longer one is seen as such */
  constructor(longest: number = MAX_MESSAGE) {
    this.bytes = new Uint8Array(longest + 1);
    this.view = new DataView(this.bytes.buffer);
    this.receiver = new RightsReceiver(this.bytes);
  }

  /** MSG_TRUNC, MSG_CTRUNC: how the message came. */
  get flags(): number {
    return this.receiver.header.flags;
  }

  /** The type that the message says it has. */
  get type(): number {
    return this.bytes[OFFSET_TYPE]!;
  }

  /**
   * Receives one message: its bytes into the buffer, its descriptors into the receiver.
   *
   * @returns its length, 0 at the end, or `-errno`
   */
  receive(fd: Descriptor): number {
    const { receiver } = this;
    receiver.prepare();
    const length = settle(recvmsg(fd, receiver.header.bytes, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (length >= 0) receiver.collect();
    // An empty message ends a channel like the end itself does; it can carry descriptors all the same.
    if (length === 0) receiver.discard();
    return length;
  }

  /**
   * Reads what has come, as far as it is this channel's turn.
   *
   * @returns whether the other end has closed the channel
   */
  read(hearer: Hearer): boolean {
    for (let count = 0; count < BATCH && !hearer.closed; count++) {
      const length = this.receive(hearer.fd);
      if (length === -EAGAIN) return false;
      // Reported once, ahead of what the other end had sent before it closed: that is still to be read.
      if (length === -ECONNRESET) continue;
      if (length <= 0) return true;
      const more = hearer.heard(length);
      // Whatever the message did not account for goes. Nothing is left over after a well-formed one.
      this.receiver.discard();
      if (!more) return false;
    }
    return false;
  }

  /**
   * Reads what a channel that was shut down still holds, for its ACKs: they were sent before the shutdown, and what they
   * name is the other end's (docs/protocol.md, "The commit point"). Nothing else counts any more.
   *
   * @param acknowledged takes the ACK that is in the buffer
   */
  readLast(fd: Descriptor, acknowledged: (length: number) => void): void {
    // What the message brought that ended the channel.
    this.receiver.discard();
    for (;;) {
      const length = this.receive(fd);
      if (length === -ECONNRESET) continue;
      if (length <= 0) return;
      this.receiver.discard();
      if (length >= SIZE_HEADER && this.bytes[0] === VERSION && this.type === ACK) acknowledged(length);
    }
  }

  /** What is wrong with the frame of the message: its version, its length. */
  faultOf(length: number): Fault | undefined {
    const version = this.bytes[0];
    if (version !== VERSION) return { bye: BYE_VERSION, reason: `version ${version} is not spoken here` };
    if (length < SIZE_HEADER || length > MAX_MESSAGE || this.flags & MSG_TRUNC) {
      return { bye: BYE_MALFORMED, reason: `a message of ${length} bytes` };
    }
    return undefined;
  }
}
