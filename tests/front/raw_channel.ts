/** One end of a channel that says exactly the bytes it is told to, with exactly the descriptors it is told to. */

import {
  close,
  type Descriptor,
  EAGAIN,
  ECONNRESET,
  libc,
  MessageHeader,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  RightsReceiver,
  rightsSpace,
  settle,
  SHUT_RDWR,
  shutdown,
  SOL_SOCKET,
} from "../../ffi/mod.ts";
import { ACK, HANDOFF, MAX_MESSAGE, OFFSET_TYPE, RETURN, typeName } from "../../src/protocol/messages.ts";
import { ackId, type Bye, decodeBye, decodeNack, type Nack } from "../../src/protocol/replies.ts";
import { decodeTransfer, type Transfer } from "../../src/protocol/transfer.ts";

const { recvmsg, send, sendmsg } = libc;

const SCM_RIGHTS = 1;
const SIZEOF_CMSGHDR = 16;

/** A message as it came. Whoever got it owns its descriptors. */
export interface RawMessage {
  readonly type: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly descriptors: readonly Descriptor[];
  /** The kernel had no number free for a descriptor that was sent. */
  readonly truncated: boolean;
}

/** The name of a message's type, for comparisons that people read. */
export function nameOf(message: RawMessage): string {
  return typeName(message.type);
}

/** A HANDOFF or RETURN. */
export function transferOf(message: RawMessage): Transfer {
  const transfer = decodeTransfer(message.bytes, message.bytes.length);
  if (typeof transfer === "string") throw new Error(`Cannot read a transfer: ${transfer}`);
  return transfer;
}

/** The ids of an ACK. */
export function idsOf(message: RawMessage): number[] {
  const view = new DataView(message.bytes.buffer);
  return Array.from({ length: view.getUint16(2) }, (_, index) => ackId(view, index));
}

/** A NACK. */
export function nackOf(message: RawMessage): Nack {
  const nack = decodeNack(message.bytes, message.bytes.length);
  if (typeof nack === "string") throw new Error(`Cannot read a NACK: ${nack}`);
  return nack;
}

/** A BYE. */
export function byeOf(message: RawMessage): Bye {
  return decodeBye(message.bytes, message.bytes.length);
}

/** An ACK as bytes. */
export function ack(ids: readonly number[], active = 0): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(8 + 4 * ids.length);
  const view = new DataView(out.buffer);
  out.set([1, ACK]);
  view.setUint16(2, ids.length);
  view.setUint32(4, active);
  ids.forEach((id, index) => view.setUint32(8 + 4 * index, id));
  return out;
}

/** Sends one message with any number of descriptors, which stay the caller's; bytes sent, or `-errno`. */
export function sayWith(
  fd: Descriptor,
  bytes: Uint8Array<ArrayBuffer>,
  descriptors: readonly Descriptor[],
): number {
  const control = new Uint8Array(rightsSpace(descriptors.length));
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(SIZEOF_CMSGHDR + 4 * descriptors.length), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  descriptors.forEach((descriptor, index) => view.setInt32(SIZEOF_CMSGHDR + 4 * index, descriptor, true));
  // A part of no length has no address: it points at something and counts for nothing.
  const header = new MessageHeader([bytes.length > 0 ? bytes : new Uint8Array(1)], control);
  header.setLength(0, bytes.length);
  return settle(sendmsg(fd, header.bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/** A connected SOCK_SEQPACKET socket, non-blocking. Owns it. */
export class RawChannel {
  closed = false;
  readonly #bytes = new Uint8Array(MAX_MESSAGE + 1);
  readonly #receiver = new RightsReceiver(this.#bytes);

  constructor(readonly fd: Descriptor) {}

  /** Sends one message; bytes sent, or `-errno`. The descriptors stay the caller's. */
  say(bytes: Uint8Array<ArrayBuffer>, ...descriptors: Descriptor[]): number {
    if (descriptors.length > 0) return sayWith(this.fd, bytes, descriptors);
    return settle(send(this.fd, bytes, BigInt(bytes.length), MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  /** The next message: undefined when there is none yet, `end` when there will be none. */
  hear(): RawMessage | "end" | undefined {
    this.#receiver.prepare();
    const length = settle(recvmsg(this.fd, this.#receiver.header.bytes, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (length === -EAGAIN) return undefined;
    // Reported once, ahead of what is still queued.
    if (length === -ECONNRESET) return this.hear();
    if (length <= 0) return "end";
    // One descriptor at most is what the other side ever sends; more would be thrown at here.
    const descriptors = this.#receiver.collect() > 0 ? [this.#receiver.take()] : [];
    const truncated = (this.#receiver.header.flags & MSG_CTRUNC) !== 0;
    return { type: this.#bytes[OFFSET_TYPE]!, bytes: this.#bytes.slice(0, length), descriptors, truncated };
  }

  /** Every message that is there, up to the end. */
  hearAll(): RawMessage[] {
    const messages: RawMessage[] = [];
    for (let next = this.hear(); next !== undefined && next !== "end"; next = this.hear()) {
      messages.push(next);
    }
    return messages;
  }

  /** Ends both directions without closing. */
  shutdown(): void {
    shutdown(this.fd, SHUT_RDWR);
  }

  /** Closes; with messages unread the other side gets ECONNRESET before the end. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    close(this.fd);
  }
}

/** Whether a message carries a connection. */
export function isTransfer(message: RawMessage): boolean {
  return message.type === HANDOFF || message.type === RETURN;
}
