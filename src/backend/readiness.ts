/** Waiting for a client's socket beside promises: until there is something to receive, or room to send. */

import {
  type Descriptor,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  keepAlive,
} from "../../ffi/mod.ts";
import { type Deadlines, Timed } from "../loop/deadlines.ts";
import type { Source } from "../loop/poller.ts";
import type { Backend } from "./backend.ts";

/** Seconds between two questions whether a client that has ended its side is still there. */
const PROBE = 15;

/** The client did not read or send in time, or is gone. Nothing more can be said to it. */
export class ConnectionLost extends Error {
  override name = "ConnectionLost";
}

/**
 * What is known of a socket, and who waits for more. It is watched edge-triggered, both ways, from the first wait on; the
 * descriptor is its subclass's.
 */
export abstract class Readiness extends Timed implements Source {
  #watched = false;
  #gone = false;
  #readable = false;
  #writable = false;
  #emptied: boolean;
  /** The client has ended its side, or the connection is broken: there is an end to be received. */
  #ending = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;
  #onGone: (() => void) | undefined;
  #onEnding: (() => void) | undefined;

  /** @param emptied whether there is most likely nothing to receive, so that it is waited for first */
  constructor(readonly backend: Backend, readonly fd: Descriptor, emptied: boolean) {
    super();
    this.#emptied = emptied;
  }

  /** Whether the descriptor is closed. */
  abstract get closed(): boolean;

  /** Whether nothing was left when it was received from last. Something may have come since. */
  get emptied(): boolean {
    return this.#emptied;
  }

  /** So much has been received. @param size how much was asked for */
  protected received(length: number, size: bigint): void {
    // Less than asked for was all there was (epoll(7), on edge-triggered sockets); but then the end may be there, which
    // fires no edge of its own when it came with the bytes.
    this.#emptied = !this.#ending && length !== 0 && length < size;
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
      if (this.#readable || this.closed) return take();
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
    if (!this.#writable && !this.closed) {
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

  /**
   * Calls back, once, when the client is gone for good: not when it has merely ended its own side.
   *
   * @param onEnding called, once, when it has ended its side: it may wait for the response, or be gone
   */
  onGone(callback: (() => void) | undefined, onEnding?: () => void): void {
    this.#onGone = callback;
    this.#onEnding = onEnding;
    if (callback === undefined) return;
    if (this.#gone) return callback();
    this.watch();
    if (this.#ending) this.#probe();
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

  /** Starts watching. Edge-triggered, both ways, once for the connection's life. */
  watch(): void {
    if (this.#watched || this.closed) return;
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

  /** Gives up the watch: needed before the descriptor is closed or sent, while other processes may hold the socket. */
  unwatch(): void {
    this.stopDeadline();
    if (!this.#watched) return;
    this.#watched = false;
    this.#readable = this.#writable = false;
    this.backend.loop.poller.remove(this.fd);
  }
}
