/** A client connection that was handed over: its socket, and waiting for it beside promises. */

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
  IPPROTO_TCP,
  keepAlive,
  libc,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_PEEK,
  sendFile,
  setNonblocking,
  setOption,
  settle,
  SHUT_WR,
  shutdown,
  TCP_NODELAY,
} from "../../ffi/mod.ts";
import { type Deadlines, Timed } from "../loop/deadlines.ts";
import type { Source } from "../loop/poller.ts";
import type { Transfer } from "../protocol/transfer.ts";
import { readAddress, type TcpAddress } from "./address.ts";
import type { Backend } from "./backend.ts";
import type { Channel } from "./channel.ts";

const { recv, send } = libc;

/** Milliseconds that the client has to end its side after ours has ended. */
export const LINGER = 2_000;

/** Seconds between two questions whether a client that has ended its side is still there. */
const PROBE = 15;

/** Bytes of a file given to the socket in one go; it takes as many as its buffer has room for. */
const SENDFILE = 1 << 20;

/** The client did not read or send in time, or is gone. Nothing more can be said to it. */
export class ConnectionLost extends Error {
  override name = "ConnectionLost";
}

/**
 * A connection of this backend, from the ACK of its hand-off until it is closed or given back. It owns its descriptor.
 * Every call asks for no waiting (MSG_DONTWAIT), so the socket stays in the mode in which it came.
 */
export class Connection extends Timed implements Source {
  #client: TcpAddress | undefined;
  #local: TcpAddress | undefined;
  #watched = false;
  #closed = false;
  #nonblocking = false;
  #gone = false;
  #readable = false;
  /** Nothing was left to receive, and nothing has come since. */
  #emptied = false;
  #noDelay = false;
  /** The client has ended its side, or the connection is broken: there is an end to be received. */
  #ending = false;
  #writable = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;
  #onGone: (() => void) | undefined;

  /**
   * @param fd owned by this object from now on
   * @param channel where it came from, and where it can be given back
   * @param transfer what the front said about it
   */
  constructor(
    readonly backend: Backend,
    readonly fd: Descriptor,
    readonly channel: Channel,
    readonly transfer: Transfer,
  ) {
    super();
    // A request that came along is mostly all there is.
    this.#emptied = transfer.preread.length > 0;
  }

  /** The client. */
  get client(): TcpAddress {
    return this.#client ??= readAddress(this.transfer.client);
  }

  /** The address that the client connected to. */
  get local(): TcpAddress {
    return this.#local ??= readAddress(this.transfer.local);
  }

  /** Whether its descriptor is closed: the number may be somebody else's by now, and a handler may not know. */
  get closed(): boolean {
    return this.#closed;
  }

  /** It is on its way back to the front: the channel answers for it. */
  leaving = false;

  /** Whether nothing was left when it was received from last. Something may have come since. */
  get emptied(): boolean {
    return this.#emptied;
  }

  /** Whether there is something to receive at this moment. */
  hasInput(): boolean {
    return !this.#closed && settle(recv(this.fd, this.backend.scratch, 1n, MSG_PEEK | MSG_DONTWAIT)) > 0;
  }

  /** Small writes go out at once: an answer in two parts would wait for the client's delayed ACK otherwise. */
  setNoDelay(): void {
    if (this.#closed || this.#noDelay) return;
    this.#noDelay = true;
    setOption(this.fd, IPPROTO_TCP, TCP_NODELAY, true);
  }

  /**
   * Takes bytes from the socket.
   *
   * @param size how many at most, as a bigint that its caller has made once
   * @returns their number, 0 at the end, or `-errno` (-EAGAIN: {@linkcode readable} waits)
   */
  receive(bytes: Uint8Array<ArrayBuffer>, size: bigint): number {
    if (this.#closed) return -EBADF;
    if (this.#emptied) {
      // If something has come since, the poller says so, also when it is asked only now.
      this.watch();
      return -EAGAIN;
    }
    const length = settle(recv(this.fd, bytes, size, MSG_DONTWAIT));
    // Less than asked for was all there was (epoll(7), on edge-triggered sockets); but then the end may be there, which
    // fires no edge of its own when it came with the bytes.
    this.#emptied = !this.#ending && length !== 0 && length < size;
    return length;
  }

  /** Gives bytes to the socket as far as it takes them; their number, or `-errno`. @param more whether more follow at once */
  send(bytes: Uint8Array<ArrayBuffer>, more: boolean): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    return this.#closed ? -EBADF : settle(send(this.fd, bytes, BigInt(bytes.byteLength), flags));
  }

  /** The same with the first so many bytes of a larger piece of memory. */
  sendFirst(bytes: Uint8Array<ArrayBuffer>, size: number): number {
    return this.#closed ? -EBADF : settle(send(this.fd, bytes, BigInt(size), MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  /** Gives all of the bytes to the socket, waiting as long as the client makes progress. */
  async sendAll(bytes: Uint8Array<ArrayBuffer>, more = false): Promise<void> {
    let rest = bytes;
    while (rest.byteLength > 0) {
      const sent = this.send(rest, more);
      if (sent === -EAGAIN) await this.writable();
      else if (sent < 0) throw new ConnectionLost("Cannot send: the client is gone");
      else rest = rest.subarray(sent);
    }
  }

  /**
   * Sends part of a file to the client without bringing it into this process (sendfile(2)).
   *
   * @param file open for reading; lent
   * @param offset where to start, in bytes
   * @param count how much, in bytes
   * @throws {Error} when the file turns out to be shorter
   */
  async sendFile(file: Descriptor, offset: number, count: number): Promise<void> {
    if (this.#closed) throw new ConnectionLost("Cannot send: the connection is closed");
    if (!this.#nonblocking) {
      // sendfile(2) has no flag for it. The mode belongs to the socket and is put back before that goes elsewhere.
      setNonblocking(this.fd, true);
      this.#nonblocking = true;
    }
    let at = offset;
    const end = offset + count;
    while (at < end) {
      const sent = this.#closed ? -EBADF : sendFile(this.fd, file, at, Math.min(end - at, SENDFILE));
      if (sent === -EAGAIN) await this.writable();
      else if (sent < 0) throw new ConnectionLost("Cannot send: the client is gone");
      else if (sent === 0) throw new Error("Cannot send the file: it has become shorter");
      else at += sent;
    }
  }

  /** Makes ready to go elsewhere: nothing watches the socket, and it is in the mode in which it came. */
  release(): void {
    this.unwatch();
    if (!this.#nonblocking) return;
    setNonblocking(this.fd, false);
    this.#nonblocking = false;
  }

  /**
   * Waits until there is something to receive.
   *
   * @param deadlines how long at most
   * @throws {ConnectionLost} when nothing came in time
   */
  async readable(deadlines: Deadlines): Promise<void> {
    if (!await this.readableWithin(deadlines, deadlines.milliseconds)) {
      throw new ConnectionLost("Cannot receive: the client sent nothing in time");
    }
  }

  /**
   * Waits until there is something to receive, or time is up.
   *
   * @param deadlines the list that the wait is in
   * @param milliseconds how long at most
   * @returns whether there is something
   */
  readableWithin(deadlines: Deadlines, milliseconds: number): Promise<boolean> {
    this.watch();
    return new Promise((resolve) => {
      const take = () => {
        const came = this.#readable;
        this.#readable = false;
        resolve(came);
      };
      if (this.#readable || this.#closed) return take();
      this.#wakeReader = take;
      this.#startWait(deadlines, milliseconds);
    });
  }

  /**
   * Waits until the socket takes more.
   *
   * @throws {ConnectionLost} when the client read nothing in time
   */
  async writable(): Promise<void> {
    this.watch();
    if (!this.#writable && !this.#closed) {
      const { stallDeadlines } = this.backend;
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
        this.#startWait(stallDeadlines, stallDeadlines.milliseconds);
      });
    }
    if (!this.#writable) throw new ConnectionLost("Cannot send: the client read nothing in time");
    this.#writable = false;
  }

  /** One deadline for both directions: a connection that waits for either is alive while either moves. */
  #startWait(deadlines: Deadlines, milliseconds: number): void {
    deadlines.startUntil(this, performance.now() + milliseconds);
  }

  /** Calls back, once, when the client is gone for good: not when it has merely ended its own side. */
  onGone(callback: (() => void) | undefined): void {
    this.#onGone = callback;
    if (callback === undefined) return;
    if (this.#gone) return callback();
    this.watch();
    if (this.#ending) this.#probe();
  }

  /**
   * A client that has ended its side may wait for the response, or be gone: a closed socket looks the same from here. So
   * the kernel asks it for a sign of life now and then. One that is gone answers with a reset, after a minute at the
   * latest, when its kernel has forgotten the connection (tcp_fin_timeout).
   */
  #probe(): void {
    if (!this.#closed) keepAlive(this.fd, PROBE);
  }

  /** Starts watching. Edge-triggered, both ways, once for the connection's life. */
  watch(): void {
    if (this.#watched || this.#closed) return;
    this.#watched = true;
    this.backend.loop.poller.add(this.fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this);
  }

  ready(events: number): void {
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
      this.#readable = true;
      this.#emptied = false;
      if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) && !this.#ending) {
        this.#ending = true;
        if (this.#onGone !== undefined) this.#probe();
      }
      this.#wake();
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
      this.#writable = true;
      this.#wake();
    }
    if (events & (EPOLLHUP | EPOLLERR) && !this.#gone) {
      this.#gone = true;
      this.#onGone?.();
    }
  }

  /** Wakes who waits for what has become possible. Whoever goes on waiting for the other has all of its time again. */
  #wake(): void {
    const { deadlines } = this;
    const reader = this.#readable ? this.#wakeReader : undefined;
    const writer = this.#writable ? this.#wakeWriter : undefined;
    if (reader === undefined && writer === undefined) return;
    if (reader !== undefined) this.#wakeReader = undefined;
    if (writer !== undefined) this.#wakeWriter = undefined;
    if (this.#wakeReader === undefined && this.#wakeWriter === undefined) this.stopDeadline();
    else deadlines?.start(this, performance.now());
    reader?.();
    writer?.();
  }

  /** A wait took too long: whoever waits finds that nothing became possible. */
  override expire(): void {
    const reader = this.#wakeReader;
    const writer = this.#wakeWriter;
    this.#wakeReader = this.#wakeWriter = undefined;
    reader?.();
    writer?.();
  }

  /** Ends whoever waits, without success. */
  interrupt(): void {
    this.stopDeadline();
    this.expire();
  }

  /** Ends our side; the client can still read what was sent. */
  endSending(): void {
    if (!this.#closed) shutdown(this.fd, SHUT_WR);
  }

  /** Gives up the watch: needed before the descriptor is closed or sent, while other processes may hold the socket. */
  unwatch(): void {
    this.stopDeadline();
    if (!this.#watched) return;
    this.#watched = false;
    this.#readable = this.#writable = false;
    this.backend.loop.poller.remove(this.fd);
  }

  /** Closes the descriptor, and the connection with it unless it is the front's by now. */
  close(): void {
    if (this.#closed) return;
    this.unwatch();
    // Somebody else may have a copy: a backend that hangs, and was sent the connection before it was reclaimed. Without
    // this the client would see no end for as long as that lasts.
    if (!this.leaving) this.endSending();
    this.#closed = true;
    close(this.fd);
    this.interrupt();
    this.backend.connectionEnded(this);
  }

  /**
   * Closes so that the client can read what was sent last: ends our side, then reads away what the client still sends,
   * for a while (RFC 9112, 9.6).
   */
  async closeGently(): Promise<void> {
    if (this.#closed) return;
    this.endSending();
    const { scratch, scratchSize, lingerDeadlines } = this.backend;
    const until = performance.now() + LINGER;
    try {
      for (;;) {
        const length = this.receive(scratch, scratchSize);
        if (length === -EAGAIN) await this.readable(lingerDeadlines);
        else if (length <= 0 || performance.now() > until) break;
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    } finally {
      this.close();
    }
  }
}
