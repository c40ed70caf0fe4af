/**
 * SCM_RIGHTS: descriptors as control messages (unix(7), cmsg(3)).
 *
 * @module
 */
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { settle } from "./errno.ts";
import { libc } from "./libc.ts";
import { MessageHeader } from "./message_header.ts";
import { SOL_SOCKET } from "./socket.ts";

const { sendmsg } = libc;

const SCM_RIGHTS = 1;

// struct cmsghdr on 64-bit Linux: cmsg_len, cmsg_level, cmsg_type, then the data.
const CMSG_LEN = 0;
const CMSG_LEVEL = 8;
const CMSG_TYPE = 12;
const CMSG_DATA = 16;
const SIZEOF_INT = 4;

/** Descriptors that one message can carry (SCM_MAX_FD); sendmsg refuses more with EINVAL. */
export const SCM_MAX_FD = 253;

const align = (length: number) => (length + 7) & ~7; // CMSG_ALIGN

/** CMSG_SPACE: bytes of control buffer for a message that carries `count` descriptors. */
export function rightsSpace(count: number): number {
  return CMSG_DATA + align(count * SIZEOF_INT);
}

/**
 * A message that carries exactly one descriptor. Reused for every send: nothing is allocated per call.
 *
 * @example A socket to another process
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   close,
 *   libc,
 *   MSG_CMSG_CLOEXEC,
 *   pipe,
 *   RightsReceiver,
 *   RightsSender,
 *   settle,
 *   SOCK_SEQPACKET,
 *   unixSocketPair,
 * } from "@fdpass/fdpass/libc";
 *
 * const [here, there] = unixSocketPair(SOCK_SEQPACKET);
 * const [readEnd, writeEnd] = pipe();
 *
 * const sender = new RightsSender([new TextEncoder().encode("yours")]);
 * sender.descriptor = readEnd;
 * settle(libc.sendmsg(here, sender.header.bytes, 0));
 *
 * const receiver = new RightsReceiver(new Uint8Array(16));
 * receiver.prepare();
 * assert.equal(settle(libc.recvmsg(there, receiver.header.bytes, MSG_CMSG_CLOEXEC)), 5);
 * assert.equal(receiver.collect(), 1);
 * const copy = receiver.take();
 *
 * for (const fd of [here, there, readEnd, writeEnd, copy]) close(fd);
 * ```
 */
export class RightsSender {
  readonly header: MessageHeader;
  readonly #descriptor: Int32Array<ArrayBuffer>;

  /** @param parts the message's bytes, as iovecs; see {@linkcode MessageHeader.setPart} to change them */
  constructor(parts: readonly Uint8Array<ArrayBuffer>[]) {
    const control = new Uint8Array(rightsSpace(1));
    const view = new DataView(control.buffer);
    view.setBigUint64(CMSG_LEN, BigInt(CMSG_DATA + SIZEOF_INT), true);
    view.setInt32(CMSG_LEVEL, SOL_SOCKET, true);
    view.setInt32(CMSG_TYPE, SCM_RIGHTS, true);
    this.#descriptor = new Int32Array(control.buffer, CMSG_DATA, 1);
    this.header = new MessageHeader(parts, control);
  }

  /** The descriptor that the next sendmsg passes a copy of. It is lent: the sender keeps its own. */
  set descriptor(fd: Descriptor) {
    this.#descriptor[0] = fd;
  }
}

/**
 * Sends a message that carries several descriptors. Allocates: for what is said now and then.
 *
 * @param socket connected
 * @param fds lent, {@linkcode SCM_MAX_FD} at most
 * @param flags as sendmsg(2) has them
 * @returns bytes sent, or `-errno`
 */
export function sendDescriptors(
  socket: Descriptor,
  bytes: Uint8Array<ArrayBuffer>,
  fds: readonly Descriptor[],
  flags: number,
): number {
  underWay = new MessageHeader([bytes], fds.length === 0 ? undefined : rights(fds));
  return settle(sendmsg(socket, underWay.bytes, flags));
}

/** What the kernel follows has to outlast the call. */
let underWay: MessageHeader;

function rights(fds: readonly Descriptor[]): Uint8Array<ArrayBuffer> {
  const control = new Uint8Array(rightsSpace(fds.length));
  const view = new DataView(control.buffer);
  view.setBigUint64(CMSG_LEN, BigInt(CMSG_DATA + fds.length * SIZEOF_INT), true);
  view.setInt32(CMSG_LEVEL, SOL_SOCKET, true);
  view.setInt32(CMSG_TYPE, SCM_RIGHTS, true);
  fds.forEach((fd, index) => view.setInt32(CMSG_DATA + index * SIZEOF_INT, fd, true));
  return control;
}

/**
 * Takes in messages with their descriptors. There is room for every descriptor that a message can carry, so a peer
 * that sends too many is seen and its extras closed, instead of being cut off by the kernel.
 */
export class RightsReceiver {
  readonly header: MessageHeader;
  readonly #view: DataView<ArrayBuffer>;
  readonly #space: number;
  readonly #received: Descriptor[] = [];

  /** @param bytes where the message's bytes go */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    // One SCM_RIGHTS message at the kernel's limit; anything past it sets MSG_CTRUNC.
    this.#space = rightsSpace(SCM_MAX_FD);
    const control = new Uint8Array(this.#space);
    this.#view = new DataView(control.buffer);
    this.header = new MessageHeader([bytes], control);
  }

  /** To be called before each recvmsg, which shortens the control buffer to what it stored. */
  prepare(): void {
    this.header.setControlLength(this.#space);
  }

  /**
   * To be called after each successful recvmsg, before anything else can fail: from then on the descriptors have an
   * owner.
   *
   * @returns what came, owned by this object until {@linkcode take} or {@linkcode discard}; at most 253
   */
  collect(): number {
    const view = this.#view;
    const end = this.header.controlLength;
    let offset = 0;
    while (offset + CMSG_DATA <= end) {
      // cmsg_len is a size_t; the kernel wrote it, and it fits the low half.
      const length = view.getUint32(offset + CMSG_LEN, true);
      if (length < CMSG_DATA) break;
      const rights = view.getInt32(offset + CMSG_LEVEL, true) === SOL_SOCKET &&
        view.getInt32(offset + CMSG_TYPE, true) === SCM_RIGHTS;
      if (rights) {
        const last = Math.min(offset + length, end);
        for (let at = offset + CMSG_DATA; at + SIZEOF_INT <= last; at += SIZEOF_INT) {
          this.#received.push(adopt(view.getInt32(at, true)));
        }
      }
      offset += align(length);
    }
    return this.#received.length;
  }

  /** How many descriptors have come and were not taken or discarded. */
  get count(): number {
    return this.#received.length;
  }

  /** Hands the only descriptor of the message to the caller, who owns it from now on. */
  take(): Descriptor {
    // Looked at before it is taken: what is refused here stays for discard() to close.
    if (this.#received.length !== 1) throw new Error("Cannot take one descriptor of none or several");
    return this.#received.pop()!;
  }

  /** Closes whatever has come and was not taken. */
  discard(): void {
    for (let fd = this.#received.pop(); fd !== undefined; fd = this.#received.pop()) close(fd);
  }
}
