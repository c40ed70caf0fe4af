/**
 * `struct msghdr` with its `struct iovec`s: what sendmsg(2) and recvmsg(2) read.
 *
 * @module
 */
import { addressOf } from "./memory.ts";

// struct msghdr on 64-bit Linux: offsets of its fields, in bytes.
const MSG_IOV = 16;
const MSG_IOVLEN = 24;
const MSG_CONTROL = 32;
const MSG_CONTROLLEN = 40;
const MSG_FLAGS = 48;
const SIZEOF_MSGHDR = 56;

// struct iovec: iov_base, iov_len.
const IOV_LEN = 8;
const SIZEOF_IOVEC = 16;

/**
 * A message header and everything it points to. The kernel follows addresses that V8 knows nothing of, so the
 * buffers live in this object's fields as long as the header does.
 *
 * @example Two parts that the kernel puts together
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, libc, MessageHeader, settle, SOCK_SEQPACKET, unixSocketPair } from "@fdpass/fdpass/libc";
 *
 * const [one, other] = unixSocketPair(SOCK_SEQPACKET);
 * const parts = [new TextEncoder().encode("hand"), new TextEncoder().encode("over")];
 * const header = new MessageHeader(parts);
 * assert.equal(settle(libc.sendmsg(one, header.bytes, 0)), 8);
 * close(one);
 * close(other);
 * ```
 */
export class MessageHeader {
  /** What libc gets: the `struct msghdr` itself. */
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(SIZEOF_MSGHDR);
  readonly #words = new Uint32Array(this.bytes.buffer);
  readonly #addresses = new BigUint64Array(this.bytes.buffer);
  readonly #iovecs: Uint8Array<ArrayBuffer>;
  readonly #iovecWords: Uint32Array<ArrayBuffer>;
  readonly #iovecAddresses: BigUint64Array<ArrayBuffer>;
  /** Kept only so that they stay alive. */
  readonly #parts: Uint8Array<ArrayBuffer>[];
  readonly #control: Uint8Array<ArrayBuffer> | undefined;

  /**
   * @param parts the memory that the iovecs name, in order; their whole length until {@linkcode setLength} says less
   * @param control room for control messages, if any
   */
  constructor(parts: readonly Uint8Array<ArrayBuffer>[], control?: Uint8Array<ArrayBuffer>) {
    this.#parts = [...parts];
    this.#control = control;
    this.#iovecs = new Uint8Array(SIZEOF_IOVEC * parts.length);
    this.#iovecWords = new Uint32Array(this.#iovecs.buffer);
    this.#iovecAddresses = new BigUint64Array(this.#iovecs.buffer);
    parts.forEach((part, index) => this.setPart(index, part, addressOf(part)));
    this.#addresses[MSG_IOV / 8] = addressOf(this.#iovecs);
    this.setPartCount(parts.length);
    if (control !== undefined) this.#addresses[MSG_CONTROL / 8] = addressOf(control);
    this.setControlLength(control?.byteLength ?? 0);
  }

  /**
   * Points an iovec at other memory, which the header keeps alive from now on.
   *
   * @param address {@linkcode addressOf} the part, found once by the caller rather than at each call
   */
  setPart(index: number, part: Uint8Array<ArrayBuffer>, address: bigint): void {
    this.#parts[index] = part;
    this.#iovecAddresses[index * SIZEOF_IOVEC / 8] = address;
    this.setLength(index, part.byteLength);
  }

  /** How many bytes of a part count (iov_len). The upper half of the 64-bit field stays zero. */
  setLength(index: number, length: number): void {
    this.#iovecWords[(index * SIZEOF_IOVEC + IOV_LEN) / 4] = length;
  }

  /** How many of the parts count (msg_iovlen). */
  setPartCount(count: number): void {
    this.#words[MSG_IOVLEN / 4] = count;
  }

  /** Room for control messages (recvmsg) or their length (sendmsg); recvmsg overwrites it at every call. */
  setControlLength(length: number): void {
    this.#words[MSG_CONTROLLEN / 4] = length;
  }

  /** Bytes of control messages that recvmsg stored. */
  get controlLength(): number {
    return this.#words[MSG_CONTROLLEN / 4]!;
  }

  /** MSG_TRUNC, MSG_CTRUNC and their like, as recvmsg set them. */
  get flags(): number {
    return this.#words[MSG_FLAGS / 4]!;
  }

  /** The control buffer that was given. */
  get control(): Uint8Array<ArrayBuffer> | undefined {
    return this.#control;
  }
}
