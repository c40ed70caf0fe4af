/** One connection to an upstream: its socket, and waiting for it in steps. */

import {
  close,
  type Descriptor,
  EAGAIN,
  EBADF,
  EPOLLIN,
  EPOLLOUT,
  libc,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_PEEK,
  settle,
  SHUT_WR,
  shutdown,
} from "../../../ffi/mod.ts";
import { appended } from "../../http/growing.ts";
import type { Steps, Wait } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Poller } from "../../loop/poller.ts";
import { RECEIVABLE, SocketReadiness } from "../../loop/socket_readiness.ts";
import { room, roomSize } from "./relay_buffer.ts";
import { UpstreamError } from "./upstream_error.ts";

const { recv, send } = libc;

const EMPTY = new Uint8Array(0);

/**
 * A connection to an upstream. It owns its descriptor, and is owned by the exchange that uses it or, between two, by the
 * pool. What it has received and nobody has consumed is `bytes[start, end)`: in the shared buffer as long as nobody
 * waits, in memory of its own when it must outlast a wait.
 */
export class UpstreamConnection extends SocketReadiness {
  bytes: Uint8Array<ArrayBuffer> = EMPTY;
  start = 0;
  end = 0;
  /** The upstream has ended its side. */
  ended = false;
  /** Whether a byte of the response has come. As long as none has, a kept connection may have ended before the request. */
  answered = false;
  #owing = true;
  /** Nothing was left when it was received from last, and no event has come since: most likely there is nothing. */
  #emptied = true;
  /** An end has come, or is to be received. */
  #ending = false;
  /** Told of events while nobody uses the connection, and of the end of its time. */
  onIdleEvent: ((connection: UpstreamConnection, late: boolean) => void) | undefined;
  #closed = false;
  /** How long it may take what is waited for to come. */
  #patience: Deadlines | undefined;
  readonly #input: Wait = (resume) => this.awaitInput(this.#patience!, this.#patience!.milliseconds, resume);

  /**
   * @param fd non-blocking, connected or about to be; owned by this object from now on
   * @param all the connections that are open, this one included as long as it is
   */
  constructor(poller: Poller, fd: Descriptor, readonly all: Set<UpstreamConnection>) {
    super(poller, fd);
    all.add(this);
    this.watch();
  }

  override get closed(): boolean {
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
    const length = this.receive(before === 0 ? room.byteLength : Math.max(1, room.byteLength - before));
    if (length === -EAGAIN) return false;
    if (length < 0) throw this.broken();
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
    const grown = appended(this.bytes, this.start, this.end, room.subarray(0, length));
    if (grown !== this.bytes) {
      this.bytes = grown;
      this.end = before;
      this.start = 0;
    }
    this.end += length;
    return true;
  }

  /** Receives so many bytes at most to the beginning of the shared buffer; their number, 0 at the end, or `-errno`. */
  receive(size: number): number {
    if (this.#closed) return -EBADF;
    // It is watched: if something has come since, the poller says so.
    if (this.#emptied) return -EAGAIN;
    const most = size === room.byteLength ? roomSize : BigInt(size);
    const length = settle(recv(this.fd, room, most, MSG_DONTWAIT));
    // Less than asked for was all there was (epoll(7), on edge-triggered sockets); but then the end may be there, which
    // fires no edge of its own when it came with the bytes.
    this.#emptied = !this.#ending && length !== 0 && length < size;
    return length;
  }

  /** What is said of a connection that is broken. */
  protected get breakage(): string {
    return "it broke the connection off";
  }

  /** What it means that nothing can be received from it, or sent to it. */
  broken(): UpstreamError {
    return new UpstreamError(this.breakage, 502, !this.answered);
  }

  /** Whether the kernel may pass bytes on between its socket and another one. */
  get splices(): boolean {
    return true;
  }

  /** Gives the first so many bytes to the socket, as far as it takes them; their number, or `-errno`. */
  send(bytes: Uint8Array<ArrayBuffer>, more: boolean, size: number = bytes.byteLength): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    return this.#closed ? -EBADF : settle(send(this.fd, bytes, BigInt(size), flags));
  }

  /**
   * Gives all of the bytes to the socket, waiting as long as the upstream makes progress.
   *
   * @param bytes in memory that nobody else writes to
   * @throws {UpstreamError} when it is gone, or read nothing in time
   */
  *sendOut(bytes: Uint8Array<ArrayBuffer>, deadlines: Deadlines, more = false): Steps<void> {
    let rest = bytes;
    while (rest.byteLength > 0) {
      const sent = this.send(rest, more);
      if (sent === -EAGAIN) yield* this.untilWritable(deadlines);
      else if (sent < 0) throw this.broken();
      else rest = rest.subarray(sent);
    }
  }

  /** Whether nothing has come on it, not even its end: as it must be before a request is sent. */
  get quiet(): boolean {
    return !this.#closed && this.length === 0 &&
      settle(recv(this.fd, room, 1n, MSG_PEEK | MSG_DONTWAIT)) === -EAGAIN;
  }

  /** Whether that is so by all that has been told of it: without asking the kernel, unless an event has come. */
  get seemsQuiet(): boolean {
    return this.#emptied && !this.#closed && this.length === 0 || this.quiet;
  }

  /** The upstream owes nothing now: whoever waits for something to receive does so without an end. */
  excuse(): void {
    this.#owing = false;
  }

  /** It owes something from now on, and has this time for it. */
  demand(deadlines: Deadlines): void {
    this.#owing = true;
    if (this.awaitsInput && !this.#closed) deadlines.start(this);
  }

  /** A wait for something to receive, behind which there is a {@linkcode check}. One for all: it is made once. */
  input(deadlines: Deadlines): Wait {
    this.#patience = deadlines;
    return this.#input;
  }

  /** Looks at how a wait has ended. @throws {UpstreamError} with 504 when nothing came in time */
  check(came: boolean): void {
    if (!came || this.#closed) this.#fail("it did not respond in time");
  }

  /** Waits until there is something to receive. @throws {UpstreamError} with 504 when nothing came in time */
  *untilReadable(deadlines: Deadlines): Steps<void> {
    this.check(yield this.input(deadlines));
  }

  /** Waits until the socket takes more, or has connected or failed to. @throws {UpstreamError} with 504 when it is too late */
  *untilWritable(deadlines: Deadlines): Steps<void> {
    const came = yield (resume) => this.awaitRoom(deadlines, deadlines.milliseconds, resume);
    if (!came || this.#closed) this.#fail("it did not take the request in time");
  }

  #fail(why: string): never {
    if (this.#closed) throw new UpstreamError("its connection was closed here");
    throw new UpstreamError(why, 504);
  }

  override ready(events: number): void {
    if (events & RECEIVABLE) this.#emptied = false;
    if (events & ~(EPOLLIN | EPOLLOUT)) this.#ending = true;
    // Whoever is told may have done with the connection, and have it kept.
    const { onIdleEvent } = this;
    super.ready(events);
    if (events & ~EPOLLOUT) onIdleEvent?.(this, false);
  }

  /** A wait took too long, or an idle connection has been kept long enough. */
  override expire(): void {
    if (this.onIdleEvent !== undefined) return this.onIdleEvent(this, true);
    // Who owes nothing is waited for without an end, unless it is to take something.
    if (this.#owing || this.awaitsRoom) super.expire();
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
    this.unwatch();
    close(this.fd);
    this.interrupt();
  }
}
