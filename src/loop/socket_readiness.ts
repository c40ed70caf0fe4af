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

/** Told how a wait has ended. @param came whether what was waited for has become possible */
export type Waiter = (came: boolean) => void;

/**
 * Waiting for a socket, in both directions at a time. It is watched edge-triggered, once; the descriptor is its subclass's.
 * An edge that nobody waited for is kept for who waits next.
 */
export abstract class SocketReadiness extends Timed implements Source {
  #watched = false;
  #readable = false;
  #writable = false;
  #reader: Waiter | undefined;
  #writer: Waiter | undefined;

  constructor(readonly poller: Poller, readonly fd: Descriptor) {
    super();
  }

  /** Whether the descriptor is closed, or somebody else's: nobody waits for it any more. */
  abstract get closed(): boolean;

  /** Whether the poller tells of it. Who waits for something has it told. */
  protected get watched(): boolean {
    return this.#watched;
  }

  /** Somebody waits for something to receive. */
  protected get awaitsInput(): boolean {
    return this.#reader !== undefined;
  }

  /** Somebody waits for room. */
  protected get awaitsRoom(): boolean {
    return this.#writer !== undefined;
  }

  /**
   * Has somebody told as soon as there is something to receive, or the wait is interrupted: for whoever measures its own
   * time.
   *
   * @param reader told whether there is something; not told at all if there is already
   * @returns whether there is something already, or nobody to wait for
   */
  whenReadable(reader: Waiter): boolean {
    this.watch();
    if (this.#readable || this.closed) {
      this.#readable = false;
      return true;
    }
    this.#reader = reader;
    return false;
  }

  /** {@linkcode whenReadable} until the socket takes more, has connected, or has failed to. */
  whenWritable(writer: Waiter): boolean {
    this.watch();
    if (this.#writable || this.closed) {
      this.#writable = false;
      return true;
    }
    this.#writer = writer;
    return false;
  }

  /**
   * {@linkcode whenReadable} with an end.
   *
   * @param deadlines the list that the wait is in
   * @param milliseconds how long at most
   */
  awaitInput(deadlines: Deadlines, milliseconds: number, reader: Waiter): boolean {
    if (this.whenReadable(reader)) return true;
    // One deadline for both directions: a connection that waits for either is alive while either moves.
    deadlines.startFor(this, milliseconds);
    return false;
  }

  /** {@linkcode whenWritable} with an end. */
  awaitRoom(deadlines: Deadlines, milliseconds: number, writer: Waiter): boolean {
    if (this.whenWritable(writer)) return true;
    deadlines.startFor(this, milliseconds);
    return false;
  }

  /** {@linkcode awaitRoom} as a promise of whether it takes more. */
  writableWithin(deadlines: Deadlines, milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.awaitRoom(deadlines, milliseconds, resolve)) resolve(!this.closed);
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

  /** Tells who waits for what has become possible. Whoever goes on waiting for the other has all of its time again. */
  #wake(): void {
    const { deadlines } = this;
    const reader = this.#readable ? this.#reader : undefined;
    const writer = this.#writable ? this.#writer : undefined;
    if (reader === undefined && writer === undefined) return;
    if (reader !== undefined) {
      this.#reader = undefined;
      this.#readable = false;
    }
    if (writer !== undefined) {
      this.#writer = undefined;
      this.#writable = false;
    }
    if (this.#reader === undefined && this.#writer === undefined) this.stopDeadline();
    else deadlines?.start(this);
    reader?.(true);
    writer?.(true);
  }

  /** A wait took too long: whoever waits finds that nothing became possible. */
  override expire(): void {
    this.#giveUp();
  }

  /** Ends whoever waits, without success. */
  interrupt(): void {
    this.stopDeadline();
    this.#giveUp();
  }

  #giveUp(): void {
    const reader = this.#reader;
    const writer = this.#writer;
    this.#reader = this.#writer = undefined;
    reader?.(false);
    writer?.(false);
  }
}
