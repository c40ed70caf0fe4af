/** How long the requests of one connection take, and what they bring: one after another. */

import type { Transfer } from "../../protocol/transfer.ts";

/** What tells the time. */
export interface SharedClock {
  /** Milliseconds, as the loop counts them. */
  readonly clock: () => number;
  /** Microseconds of the clock that all processes share. */
  shared(milliseconds: number): number;
}

/** Filled in at the end of each request, and used again for the next. */
export class Measure {
  /** When the request came to its end, on the loop's clock. */
  now = 0;
  /** Milliseconds from when the request's head was whole. */
  duration = 0;
  /** Milliseconds of them that the front took to hand the connection over; nothing after the first request. */
  handover = 0;
  /** Bytes of the request. */
  received = 0;
  readonly #clock: () => number;
  readonly #connection: { readonly received: number };
  #handover = 0;
  #begun = 0;
  /** Bytes that had come and been consumed when it began. */
  #consumed = 0;

  constructor(clock: SharedClock, connection: { readonly received: number; readonly transfer: Transfer }) {
    this.#clock = clock.clock;
    this.#connection = connection;
    const { times } = connection.transfer;
    if (times === undefined) return;
    this.#handover = Math.max(0, clock.shared(clock.clock()) - times.headWhole) / 1_000;
  }

  /**
   * The head of a request is whole.
   *
   * @param unread bytes that have been received and not consumed, this head among them
   */
  begin(unread: number): void {
    this.#begun = this.#clock();
    this.#consumed = this.#connection.received - unread;
  }

  /** A request has come to its end. @param unread as for {@linkcode begin}, behind the request */
  end(unread: number): void {
    this.now = this.#clock();
    this.handover = this.#handover;
    this.#handover = 0;
    this.duration = this.now - this.#begun + this.handover;
    this.received = Math.max(0, this.#connection.received - unread - this.#consumed);
  }
}
