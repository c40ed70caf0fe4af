/** What a client has sent and nobody has consumed yet. */

import { EAGAIN } from "../../../ffi/mod.ts";
import { appended } from "../../http/growing.ts";
import { MAX_PREREAD } from "../../protocol/messages.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";

const EMPTY = new Uint8Array(0);

/**
 * The unread bytes of one connection: `bytes[start, end)`. They lie in the backend's shared buffer as long as nobody
 * waits, and are copied into memory of their own only when they must outlast a wait.
 */
export class Input {
  bytes: Uint8Array<ArrayBuffer>;
  start = 0;
  end: number;
  /** How much of it has been looked at, and is not all of a request's head. */
  seen = 0;
  /** The client has ended its side: there will be no more. */
  ended = false;

  constructor(readonly connection: Connection) {
    // What had been read before the connection came here precedes what the socket holds.
    this.bytes = connection.transfer.preread;
    this.end = this.bytes.length;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** A copy of what is unread. */
  rest(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(this.start, this.end);
  }

  /** Moves what is unread out of the shared buffer. To be called before any wait. */
  keep(): void {
    if (this.bytes !== this.connection.home.scratch) return;
    this.bytes = this.start === this.end ? EMPTY : this.rest();
    this.end -= this.start;
    this.start = 0;
  }

  /**
   * Takes what the socket has at this moment to memory of the caller's; nothing may be unread.
   *
   * @returns how many bytes; 0 at the end, less where it has nothing
   */
  takeTo(target: Uint8Array<ArrayBuffer>, most: number): number {
    return this.#receive(target, BigInt(Math.min(most, target.byteLength)));
  }

  #receive(target: Uint8Array<ArrayBuffer>, size: bigint): number {
    const length = this.connection.receive(target, size);
    if (length === -EAGAIN) return length;
    if (length < 0) throw new ConnectionLost("Cannot receive: the client is gone");
    if (length === 0) this.ended = true;
    return length;
  }

  /**
   * Takes what the socket has at this moment. It lies in the shared buffer then: it must be used, or kept, before any
   * wait.
   *
   * @param most how many bytes at most
   * @returns false when it has nothing. Sets {@linkcode ended} at the end
   */
  take(most = Infinity): boolean {
    const { connection } = this;
    const { scratch, scratchSize } = connection.home;
    this.keep();
    // What is unread may have to travel back with the connection, and a message has room for so much of it.
    const room = Math.min(most, Math.max(1, MAX_PREREAD - this.length));
    const size = room < scratch.byteLength ? BigInt(room) : scratchSize;
    const length = this.#receive(scratch, size);
    if (length <= 0) return length === 0;
    if (this.length === 0) {
      this.bytes = scratch;
      this.start = 0;
      this.end = length;
      return true;
    }
    const grown = appended(this.bytes, this.start, this.end, scratch.subarray(0, length));
    if (grown !== this.bytes) {
      this.bytes = grown;
      this.end -= this.start;
      this.start = 0;
    }
    this.end += length;
    return true;
  }
}
