/** One connection to an upstream: its socket, and waiting for it beside promises. */

import {
  close,
  type Descriptor,
  EAGAIN,
  EBADF,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  libc,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_PEEK,
  settle,
  SHUT_WR,
  shutdown,
} from "../../../ffi/mod.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";
import { room, roomSize } from "./relay_buffer.ts";
import { UpstreamError } from "./upstream_error.ts";

const { recv, send } = libc;

const EMPTY = new Uint8Array(0);

/**
 * A connection to an upstream. It owns its descriptor, and is owned by the exchange that uses it or, between two, by the
 * pool. What it has received and nobody has consumed is `bytes[start, end)`: in the shared buffer as long as nobody
 * waits, in memory of its own when it must outlast a wait.
 */
export class UpstreamConnection extends Timed implements Source {
  bytes: Uint8Array<ArrayBuffer> = EMPTY;
  start = 0;
  end = 0;
  /** The upstream has ended its side. */
  ended = false;
  /** Whether a byte of the response has come. As long as none has, a kept connection may have ended before the request. */
  answered = false;
  #owing = true;
  /** Told of events while nobody uses the connection, and of the end of its time. */
  onIdleEvent: ((late: boolean) => void) | undefined;
  #closed = false;
  #readable = false;
  #writable = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /**
   * @param fd non-blocking, connected or about to be; owned by this object from now on
   * @param all the connections that are open, this one included as long as it is
   */
  constructor(readonly loop: Loop, readonly fd: Descriptor, readonly all: Set<UpstreamConnection>) {
    super();
    all.add(this);
    loop.poller.add(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that were received and not consumed. */
  get length(): number {
    return this.end - this.start;
  }

  /** Moves what is not consumed out of the shared buffer. To be called before any wait. */
  keep(): void {
    if (this.bytes !== room) return;
    this.bytes = this.start === this.end ? EMPTY : this.bytes.slice(this.start, this.end);
    this.end -= this.start;
    this.start = 0;
  }

  /** Moves what is not consumed into the shared buffer, where it can be framed and sent. Used before any wait. */
  share(): void {
    if (this.bytes === room) return;
    room.set(this.bytes.subarray(this.start, this.end));
    this.end -= this.start;
    this.start = 0;
    this.bytes = room;
  }

  /**
   * Takes what the socket has at this moment, into the shared buffer.
   *
   * @returns false when it has nothing. Sets {@linkcode ended} at the end
   * @throws {UpstreamError} when the connection is broken
   */
  take(): boolean {
    if (this.ended) return true;
    this.keep();
    const before = this.length;
    const size = before === 0 ? roomSize : BigInt(Math.max(1, room.byteLength - before));
    const length = this.#closed ? -EBADF : settle(recv(this.fd, room, size, MSG_DONTWAIT));
    if (length === -EAGAIN) return false;
    if (length < 0) throw new UpstreamError("it broke the connection off", 502, !this.answered);
    if (length === 0) {
      this.ended = true;
      return true;
    }
    this.answered = true;
    if (before === 0) {
      this.bytes = room;
      this.start = 0;
      this.end = length;
      return true;
    }
    const joined = new Uint8Array(before + length);
    joined.set(this.bytes.subarray(this.start, this.end));
    joined.set(room.subarray(0, length), before);
    this.bytes = joined;
    this.start = 0;
    this.end = joined.length;
    return true;
  }

  /** Gives bytes to the socket as far as it takes them; their number, or `-errno`. */
  send(bytes: Uint8Array<ArrayBuffer>, more: boolean): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    return this.#closed ? -EBADF : settle(send(this.fd, bytes, BigInt(bytes.byteLength), flags));
  }

  /**
   * Gives all of the bytes to the socket, waiting as long as the upstream makes progress.
   *
   * @param bytes in memory that nobody else writes to
   * @throws {UpstreamError} when it is gone, or read nothing in time
   */
  async sendAll(bytes: Uint8Array<ArrayBuffer>, deadlines: Deadlines, more = false): Promise<void> {
    let rest = bytes;
    while (rest.byteLength > 0) {
      const sent = this.send(rest, more);
      if (sent === -EAGAIN) await this.writable(deadlines);
      else if (sent < 0) throw new UpstreamError("it broke the connection off", 502, !this.answered);
      else rest = rest.subarray(sent);
    }
  }

  /** Whether nothing has come on it, not even its end: as it must be before a request is sent. */
  get quiet(): boolean {
    return !this.#closed && this.length === 0 &&
      settle(recv(this.fd, room, 1n, MSG_PEEK | MSG_DONTWAIT)) === -EAGAIN;
  }

  /** The upstream owes nothing now: whoever waits for something to receive does so without an end. */
  excuse(): void {
    this.#owing = false;
  }

  /** It owes something from now on, and has this time for it. */
  demand(deadlines: Deadlines): void {
    this.#owing = true;
    if (this.#wakeReader !== undefined && !this.#closed) deadlines.start(this, performance.now());
  }

  /** Waits until there is something to receive. @throws {UpstreamError} with 504 when nothing came in time */
  async readable(deadlines: Deadlines): Promise<void> {
    if (!this.#readable) await this.#wait(deadlines, (wake) => this.#wakeReader = wake);
    if (!this.#readable) this.#fail("it did not respond in time");
    this.#readable = false;
  }

  /** Waits until the socket takes more, or has connected or failed to. */
  async writable(deadlines: Deadlines): Promise<void> {
    if (!this.#writable) await this.#wait(deadlines, (wake) => this.#wakeWriter = wake);
    if (!this.#writable) this.#fail("it did not take the request in time");
    this.#writable = false;
  }

  #fail(why: string): never {
    if (this.#closed) throw new UpstreamError("its connection was closed here");
    throw new UpstreamError(why, 504);
  }

  #wait(deadlines: Deadlines, register: (wake: () => void) => void): Promise<void> {
    if (this.#closed) return Promise.resolve();
    deadlines.start(this, performance.now());
    return new Promise(register);
  }

  ready(events: number): void {
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) this.#readable = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) this.#writable = true;
    if (this.onIdleEvent !== undefined && events & ~EPOLLOUT) return this.onIdleEvent(false);
    const reader = this.#readable ? this.#wakeReader : undefined;
    const writer = this.#writable ? this.#wakeWriter : undefined;
    if (reader !== undefined) this.#wakeReader = undefined;
    if (writer !== undefined) this.#wakeWriter = undefined;
    if (this.#wakeReader !== undefined || this.#wakeWriter !== undefined) {
      // Whoever goes on waiting for the other direction has all of its time again.
      if (reader !== undefined || writer !== undefined) this.deadlines?.start(this, performance.now());
    } else if (this.onIdleEvent === undefined) this.stopDeadline();
    reader?.();
    writer?.();
  }

  /** A wait took too long, or an idle connection has been kept long enough. */
  override expire(): void {
    if (this.onIdleEvent !== undefined) return this.onIdleEvent(true);
    if (!this.#owing && this.#wakeWriter === undefined && !this.#closed) return;
    const reader = this.#wakeReader;
    const writer = this.#wakeWriter;
    this.#wakeReader = this.#wakeWriter = undefined;
    reader?.();
    writer?.();
  }

  /** Ends our side; what the upstream still sends can be read. */
  endSending(): void {
    if (!this.#closed) shutdown(this.fd, SHUT_WR);
  }

  /** Closes the socket. Whoever waits finds out. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.all.delete(this);
    this.onIdleEvent = undefined;
    this.stopDeadline();
    this.loop.poller.remove(this.fd);
    close(this.fd);
    this.expire();
  }
}
