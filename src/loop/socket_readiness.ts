/** What is known of a socket, and who waits for more of it. */

import {
  type Descriptor,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
} from "../../ffi/mod.ts";
import { type Deadlines, Timed } from "./deadlines.ts";
import type { Poller, Source } from "./poller.ts";

/** Events after which there is something to receive: bytes, an end, or an error. */
export const RECEIVABLE: number = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
/** Events after which the socket takes more, or says why not. */
export const SENDABLE: number = EPOLLOUT | EPOLLHUP | EPOLLERR;

/**
 * Waiting for a socket, in both directions at a time. It is watched edge-triggered, once; the descriptor is its subclass's.
 * An edge that nobody waited for is kept for who waits next.
 */
export abstract class SocketReadiness extends Timed implements Source {
  #watched = false;
  #readable = false;
  #writable = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(readonly poller: Poller, readonly fd: Descriptor) {
    super();
  }

  /** Whether the descriptor is closed, or somebody else's: nobody waits for it any more. */
  abstract get closed(): boolean;

  /** Somebody waits for something to receive. */
  protected get awaitsInput(): boolean {
    return this.#wakeReader !== undefined;
  }

  /** Somebody waits for room. */
  protected get awaitsRoom(): boolean {
    return this.#wakeWriter !== undefined;
  }

  /**
   * Waits until there is something to receive, or time is up, or the wait is interrupted.
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
      // One deadline for both directions: a connection that waits for either is alive while either moves.
      deadlines.startFor(this, milliseconds);
    });
  }

  /** The same until the socket takes more, has connected, or has failed to. */
  writableWithin(deadlines: Deadlines, milliseconds: number): Promise<boolean> {
    this.watch();
    return new Promise((resolve) => {
      const take = () => {
        const came = this.#writable;
        this.#writable = false;
        resolve(came);
      };
      if (this.#writable || this.closed) return take();
      this.#wakeWriter = take;
      deadlines.startFor(this, milliseconds);
    });
  }

  /** Starts watching. Edge-triggered, both ways, once for the socket's life. */
  watch(): void {
    if (this.#watched || this.closed) return;
    this.#watched = true;
    this.poller.add(this.fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this);
  }

  /** Gives up the watch: needed before the descriptor is closed or sent, while other processes may hold the socket. */
  unwatch(): void {
    this.stopDeadline();
    if (!this.#watched) return;
    this.#watched = false;
    this.#readable = this.#writable = false;
    this.poller.remove(this.fd);
  }

  ready(events: number): void {
    if (events & RECEIVABLE) this.#readable = true;
    if (events & SENDABLE) this.#writable = true;
    this.#wake();
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
    else deadlines?.start(this);
    reader?.();
    writer?.();
  }

  /** A wait took too long: whoever waits finds that nothing became possible. */
  override expire(): void {
    this.#wakeAll();
  }

  /** Ends whoever waits, without success. */
  interrupt(): void {
    this.stopDeadline();
    this.#wakeAll();
  }

  #wakeAll(): void {
    const reader = this.#wakeReader;
    const writer = this.#wakeWriter;
    this.#wakeReader = this.#wakeWriter = undefined;
    reader?.();
    writer?.();
  }
}
