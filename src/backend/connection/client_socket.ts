/** A client's socket: bytes to it and from it, and waiting for either. Whose it is, is the connection's to say. */

import {
  type Descriptor,
  EAGAIN,
  EBADF,
  EPOLLERR,
  EPOLLHUP,
  EPOLLRDHUP,
  IPPROTO_TCP,
  keepAlive,
  libc,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_PEEK,
  sendCloseNotify,
  sendFile,
  setNonblocking,
  setOption,
  settle,
  SHUT_WR,
  shutdown,
  TCP_NODELAY,
} from "../../../ffi/mod.ts";
import { DONE, othersTurn, promised, type Steps } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import { RECEIVABLE, SocketReadiness } from "../../loop/socket_readiness.ts";
import { ConnectionLost } from "./connection_lost.ts";
import { receiveData } from "./data_records.ts";
import type { Home } from "./home.ts";

const { recv, send } = libc;

/** Seconds between two questions whether a client that has ended its side is still there. */
const PROBE = 15;

/** Bytes that may come or go without a wait before everybody else has a turn. */
const FAIR = 1 << 20;

/** Bytes of a file given to the socket in one go; it takes as many as its buffer has room for. */
const SENDFILE = 1 << 20;

/**
 * Every call asks for no waiting (MSG_DONTWAIT), so the socket stays in the mode in which it came. It is watched from the
 * first wait on.
 */
export abstract class ClientSocket extends SocketReadiness {
  #gone = false;
  #emptied: boolean;
  /** The client has ended its side, or the connection is broken: there is an end to be received. */
  #ending = false;
  #onGone: (() => void) | undefined;
  #onEnding: (() => void) | undefined;
  #nonblocking = false;
  #noDelay = false;
  #sinceTurn = 0;

  /** Bytes that have left and come so far; of those that have left, how many frame content: sizes of chunks and their ends. */
  sent = 0;
  received = 0;
  framing = 0;

  /**
   * @param emptied whether there is most likely nothing to receive, so that it is waited for first
   * @param kernelTls whether the kernel does TLS on it: then some of what comes is no data, and nobody says the end but us
   */
  constructor(readonly home: Home, fd: Descriptor, emptied: boolean, readonly kernelTls: boolean) {
    super(home.loop.poller, fd);
    this.#emptied = emptied;
  }

  // --- receiving --------------------------------------------------------------------------------------------------

  /** Whether nothing was left when it was received from last. Something may have come since. */
  get emptied(): boolean {
    return this.#emptied;
  }

  /** Whether there is something to receive at this moment. */
  hasInput(): boolean {
    return !this.closed && settle(recv(this.fd, this.home.scratch, 1n, MSG_PEEK | MSG_DONTWAIT)) > 0;
  }

  /**
   * Takes bytes from the socket.
   *
   * @param size how many at most, as a bigint that its caller has made once
   * @returns their number, 0 at the end, or `-errno` (-EAGAIN: {@linkcode readable} waits)
   */
  receive(bytes: Uint8Array<ArrayBuffer>, size: bigint): number {
    if (this.closed) return -EBADF;
    if (this.#emptied) {
      // If something has come since, the poller says so, also when it is asked only now.
      this.watch();
      return -EAGAIN;
    }
    if (this.kernelTls) {
      const length = receiveData(this.fd, bytes, size);
      this.#emptied = length === -EAGAIN;
      if (length > 0) this.received += length;
      return length;
    }
    const length = settle(recv(this.fd, bytes, size, MSG_DONTWAIT));
    // Less than asked for was all there was (epoll(7), on edge-triggered sockets); but then the end may be there, which
    // fires no edge of its own when it came with the bytes.
    this.#emptied = !this.#ending && length !== 0 && length < size;
    if (length > 0) this.received += length;
    return length;
  }

  /**
   * Waits until there is something to receive.
   *
   * @param deadlines how long at most
   * @throws {ConnectionLost} when nothing came in time
   */
  *untilReadable(deadlines: Deadlines): Steps<void> {
    const came = yield (resume) => this.awaitInput(deadlines, deadlines.milliseconds, resume);
    if (!came || this.closed) throw new ConnectionLost("Cannot receive: the client sent nothing in time");
  }

  /** The same as a promise. */
  readable(deadlines: Deadlines): Promise<void> {
    return promised(this.untilReadable(deadlines));
  }

  // --- sending ----------------------------------------------------------------------------------------------------

  /** Small writes go out at once: an answer in two parts would wait for the client's delayed ACK otherwise. */
  setNoDelay(): void {
    if (this.closed || this.#noDelay) return;
    this.#noDelay = true;
    setOption(this.fd, IPPROTO_TCP, TCP_NODELAY, true);
  }

  /** Gives bytes to the socket as far as it takes them; their number, or `-errno`. @param more whether more follow at once */
  send(bytes: Uint8Array<ArrayBuffer>, more: boolean): number {
    return this.sendFirst(bytes, bytes.byteLength, more);
  }

  /** The same with the first so many bytes of a larger piece of memory. */
  sendFirst(bytes: Uint8Array<ArrayBuffer>, size: number, more: boolean): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    if (this.closed) return -EBADF;
    const sent = settle(send(this.fd, bytes, BigInt(size), flags));
    if (sent > 0) this.sent += sent;
    return sent;
  }

  /** Gives all of the bytes to the socket, waiting as long as the client makes progress. */
  sendAll(bytes: Uint8Array<ArrayBuffer>, more = false): Promise<void> {
    return promised(this.sendOut(bytes, more));
  }

  /** The same in steps: none where they have left at once, as they mostly do. */
  sendOut(bytes: Uint8Array<ArrayBuffer>, more = false): Steps<void> {
    if (bytes.byteLength === 0) return DONE;
    const sent = this.send(bytes, more);
    if (sent === bytes.byteLength) return this.giveWay(sent);
    return this.sendOn(bytes.subarray(Math.max(0, sent)), more);
  }

  /** The same of what did not leave at once. */
  *sendOn(bytes: Uint8Array<ArrayBuffer>, more = false): Steps<void> {
    for (let rest = bytes; rest.byteLength > 0;) {
      const sent = this.send(rest, more);
      if (sent === -EAGAIN) yield* this.untilWritable();
      else if (sent < 0) throw new ConnectionLost("Cannot send: the client is gone");
      else {
        rest = rest.subarray(sent);
        if (this.moved(sent)) yield this.home.loop.others;
      }
    }
  }

  /** As {@linkcode sendFileOut}, as a promise. */
  sendFile(file: Descriptor, offset: number, count: number): Promise<void> {
    return promised(this.sendFileOut(file, offset, count));
  }

  /**
   * Sends part of a file to the client without bringing it into this process (sendfile(2)).
   *
   * @param file open for reading; lent
   * @param offset where to start, in bytes
   * @param count how much, in bytes
   * @throws {Error} when the file turns out to be shorter
   */
  *sendFileOut(file: Descriptor, offset: number, count: number): Steps<void> {
    if (this.closed) throw new ConnectionLost("Cannot send: the connection is closed");
    if (!this.#nonblocking) {
      // sendfile(2) has no flag for it. The mode belongs to the socket and is put back before that goes elsewhere.
      setNonblocking(this.fd, true);
      this.#nonblocking = true;
    }
    let at = offset;
    const end = offset + count;
    while (at < end) {
      const sent = this.closed ? -EBADF : sendFile(this.fd, file, at, Math.min(end - at, SENDFILE));
      if (sent === -EAGAIN) yield* this.untilWritable();
      else if (sent < 0) throw new ConnectionLost("Cannot send: the client is gone");
      else if (sent === 0) throw new Error("Cannot send the file: it has become shorter");
      else {
        at += sent;
        this.sent += sent;
        if (this.moved(sent)) yield this.home.loop.others;
      }
    }
  }

  /**
   * Waits until the socket takes more.
   *
   * @throws {ConnectionLost} when the client read nothing in time
   */
  *untilWritable(): Steps<void> {
    const { stall } = this.home.times;
    const came = yield (resume) => this.awaitRoom(stall, stall.milliseconds, resume);
    if (!came || this.closed) throw new ConnectionLost("Cannot send: the client read nothing in time");
  }

  /** The same as a promise. */
  writable(): Promise<void> {
    return promised(this.untilWritable());
  }

  /**
   * Notes bytes that came or went. A client that is as fast as this process makes it wait for nothing, and everybody else
   * wait for this client.
   *
   * @returns whether it is others' turn ({@linkcode Loop.others}). What is in the shared buffer must be kept before it
   */
  moved(bytes: number): boolean {
    this.#sinceTurn += bytes;
    if (this.#sinceTurn < FAIR) return false;
    this.#sinceTurn = 0;
    return true;
  }

  /** The same in steps, with the others' turn in them when it is time. */
  giveWay(bytes: number): Steps<void> {
    return this.moved(bytes) ? othersTurn(this.home.loop) : DONE;
  }

  // --- the client's end -------------------------------------------------------------------------------------------

  /**
   * Calls back, once, when the client is gone for good: not when it has merely ended its own side. A socket that is not
   * watched yet is so after a moment: most responses have left by then.
   *
   * @param onEnding called, once, when it has ended its side: it may wait for the response, or be gone
   */
  onGone(callback: (() => void) | undefined, onEnding?: () => void): void {
    this.#onGone = callback;
    this.#onEnding = onEnding;
    if (callback === undefined) {
      // Who waits for something is watched.
      if (!this.watched) this.stopDeadline();
      return;
    }
    if (this.#gone) return callback();
    if (!this.watched) this.home.times.unwatched.start(this, this.home.loop.now);
    if (this.#ending) this.#probe();
  }

  /** A wait took too long, or the client has waited for long enough to be watched. */
  override expire(): void {
    if (this.watched) super.expire();
    else this.watch();
  }

  /**
   * A closed socket looks the same from here as one whose client has only ended its side. A byte that is sent finds out,
   * where the protocol has one to spare. Where it has none, the kernel asks for a sign of life now and then: a client that
   * is gone answers with a reset, after a minute at the latest, when its kernel has forgotten the connection
   * (tcp_fin_timeout).
   */
  #probe(): void {
    if (!this.closed) keepAlive(this.fd, PROBE);
    this.#onEnding?.();
  }

  override ready(events: number): void {
    if (events & RECEIVABLE) this.#emptied = false;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) && !this.#ending) {
      this.#ending = true;
      if (this.#onGone !== undefined) this.#probe();
    }
    super.ready(events);
    if (events & (EPOLLHUP | EPOLLERR) && !this.#gone) {
      this.#gone = true;
      this.#onGone?.();
    }
  }

  // --- our end ----------------------------------------------------------------------------------------------------

  /** Ends our side; the client can still read what was sent. */
  endSending(): void {
    if (this.closed) return;
    if (this.kernelTls) sendCloseNotify(this.fd);
    shutdown(this.fd, SHUT_WR);
  }

  /** Makes ready to go elsewhere: nothing watches the socket, and it is in the mode in which it came. */
  protected release(): void {
    this.unwatch();
    if (!this.#nonblocking) return;
    setNonblocking(this.fd, false);
    this.#nonblocking = false;
  }
}
