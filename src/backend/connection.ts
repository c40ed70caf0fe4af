/** A client connection that was handed over: its socket, and waiting for it beside promises. */

import { setImmediate } from "node:timers";
import {
  close,
  type Descriptor,
  EAGAIN,
  EBADF,
  IPPROTO_TCP,
  libc,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_PEEK,
  resetConnection,
  sendFile,
  setNonblocking,
  setOption,
  settle,
  SHUT_WR,
  shutdown,
  TCP_NODELAY,
} from "../../ffi/mod.ts";
import type { Transfer } from "../protocol/transfer.ts";
import { readAddress, type TcpAddress } from "./address.ts";
import type { Backend } from "./backend.ts";
import type { Channel } from "./channel.ts";
import { ConnectionLost, Readiness } from "./readiness.ts";

export { ConnectionLost };

const { recv, send } = libc;

/** Milliseconds that the client has to end its side after ours has ended. */
export const LINGER = 2_000;

/** Bytes that may come or go without a wait before everybody else has a turn. */
const FAIR = 1 << 20;

/** Bytes of a file given to the socket in one go; it takes as many as its buffer has room for. */
const SENDFILE = 1 << 20;

/**
 * A connection of this backend, from the ACK of its hand-off until it is closed or given back. It owns its descriptor,
 * unless somebody has taken that over.
 * Every call asks for no waiting (MSG_DONTWAIT), so the socket stays in the mode in which it came.
 */
export class Connection extends Readiness {
  readonly #channel: Channel | undefined;
  #client: TcpAddress | undefined;
  #local: TcpAddress | undefined;
  #closed = false;
  #nonblocking = false;
  #noDelay = false;
  /** Its descriptor is closed here, but it counts. */
  #elsewhere = false;
  #sinceTurn = 0;
  #end: (() => void) | undefined;
  /** Takes leave of the client, where a protocol is spoken that has a way to. Settles when the connection has ended. */
  farewell: (() => Promise<void>) | undefined;

  /**
   * @param fd owned by this object from now on
   * @param channel where it came from, and where it can be given back; none for one that can not
   * @param transfer what the front said about it
   */
  constructor(
    backend: Backend,
    fd: Descriptor,
    channel: Channel | undefined,
    readonly transfer: Transfer,
  ) {
    // A request that came along is mostly all there is.
    super(backend, fd, transfer.preread.length > 0);
    this.#channel = channel;
  }

  /** Where it came from, and where it can be given back. */
  get channel(): Channel {
    if (this.#channel === undefined) {
      throw new Error("Cannot use the channel of a connection that came from none");
    }
    return this.#channel;
  }

  /** The client. */
  get client(): TcpAddress {
    return this.#client ??= readAddress(this.transfer.client);
  }

  /** The address that the client connected to. */
  get local(): TcpAddress {
    return this.#local ??= readAddress(this.transfer.local);
  }

  /** Whether its descriptor is closed, or somebody else's: the number may be another's by now, and a handler may not know. */
  override get closed(): boolean {
    return this.#closed;
  }

  /** It is on its way back to the front: the channel answers for it. */
  leaving = false;

  /** Whether there is something to receive at this moment. */
  hasInput(): boolean {
    return !this.#closed && settle(recv(this.fd, this.backend.scratch, 1n, MSG_PEEK | MSG_DONTWAIT)) > 0;
  }

  /**
   * Notes bytes that came or went. A client that is as fast as this process makes it wait for nothing, and everybody else
   * wait for this client.
   *
   * @returns the others' turn, when it is time for one. What is in the shared buffer must be kept before it
   */
  moved(bytes: number): Promise<void> | undefined {
    this.#sinceTurn += bytes;
    if (this.#sinceTurn < FAIR) return undefined;
    this.#sinceTurn = 0;
    return new Promise((resolve) => setImmediate(resolve));
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
    if (this.emptied) {
      // If something has come since, the poller says so, also when it is asked only now.
      this.watch();
      return -EAGAIN;
    }
    const length = settle(recv(this.fd, bytes, size, MSG_DONTWAIT));
    this.received(length, size);
    return length;
  }

  /** Gives bytes to the socket as far as it takes them; their number, or `-errno`. @param more whether more follow at once */
  send(bytes: Uint8Array<ArrayBuffer>, more: boolean): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    return this.#closed ? -EBADF : settle(send(this.fd, bytes, BigInt(bytes.byteLength), flags));
  }

  /** The same with the first so many bytes of a larger piece of memory. */
  sendFirst(bytes: Uint8Array<ArrayBuffer>, size: number, more: boolean): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    return this.#closed ? -EBADF : settle(send(this.fd, bytes, BigInt(size), flags));
  }

  /** Gives all of the bytes to the socket, waiting as long as the client makes progress. */
  async sendAll(bytes: Uint8Array<ArrayBuffer>, more = false): Promise<void> {
    let rest = bytes;
    while (rest.byteLength > 0) {
      const sent = this.send(rest, more);
      if (sent === -EAGAIN) await this.writable();
      else if (sent < 0) throw new ConnectionLost("Cannot send: the client is gone");
      else {
        rest = rest.subarray(sent);
        const turn = this.moved(sent);
        if (turn !== undefined) await turn;
      }
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
      else {
        at += sent;
        const turn = this.moved(sent);
        if (turn !== undefined) await turn;
      }
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
   * Another process has the socket from now on, which it got from this one: this one's copy is closed, and nothing shut
   * down. The connection still counts as one of this backend's, until {@linkcode close}.
   */
  letGo(): void {
    if (this.#closed) return;
    this.release();
    this.#closed = this.#elsewhere = true;
    close(this.fd);
  }

  /**
   * Gives the descriptor to another owner in this process: nothing here watches it, times it or closes it any more, and
   * whoever still works with this object finds it closed. It counts as a connection of the backend until the new owner
   * calls {@linkcode concluded}.
   *
   * @param end asked of the new owner when the connection is to end at once
   * @returns the descriptor, the caller's from here on
   */
  surrender(end: () => void): Descriptor {
    if (this.#closed) throw new ConnectionLost("Cannot take the connection over: it is closed");
    this.release();
    this.onGone(undefined);
    this.#end = end;
    this.#closed = true;
    this.interrupt();
    return this.fd;
  }

  /** Says that the descriptor that was surrendered is closed. */
  concluded(): void {
    if (this.#end === undefined) return;
    this.#end = undefined;
    this.backend.connectionEnded(this);
  }

  /** Ends our side; the client can still read what was sent. */
  endSending(): void {
    if (!this.#closed) shutdown(this.fd, SHUT_WR);
  }

  /** Closes the descriptor, and the connection with it unless it is the front's by now. Its new owner does, if it has one. */
  close(): void {
    if (this.#elsewhere) {
      this.#elsewhere = false;
      this.backend.connectionEnded(this);
    }
    if (this.#closed) return this.#end?.();
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
   * Closes by a reset, so that the client does not take what it has for the whole: for content whose end is the end of
   * the connection (RFC 9112, 8).
   */
  breakOff(): void {
    if (!this.#closed) resetConnection(this.fd);
    this.close();
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
        else await this.moved(length);
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    } finally {
      this.close();
    }
  }
}
