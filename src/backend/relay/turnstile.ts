/** A limit on what is at an upstream at a time, and the line of those who wait for their turn. */

import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import { UpstreamError } from "./upstream_error.ts";

/** Somebody in the line. */
class Waiter extends Timed {
  readonly #turn = Promise.withResolvers<void>();
  readonly turn: Promise<void> = this.#turn.promise;

  /** @param quit takes it out of the line */
  constructor(readonly quit: (waiter: Waiter) => void) {
    super();
  }

  admit(): void {
    this.stopDeadline();
    this.#turn.resolve();
  }

  refuse(error: Error): void {
    this.stopDeadline();
    this.quit(this);
    this.#turn.reject(error);
  }

  override expire(): void {
    this.refuse(new UpstreamError("all connections to it that there may be were in use for too long", 503));
  }
}

/** Lets so many in at a time, in the order in which they came. */
export class Turnstile {
  #inside = 0;
  readonly #line = new Set<Waiter>();
  readonly #quit = (waiter: Waiter): void => void this.#line.delete(waiter);

  /**
   * @param most at a time
   * @param deadlines how long one waits
   */
  constructor(readonly most: number, readonly deadlines: Deadlines) {}

  /** How many wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /**
   * Waits for a turn; who has one must {@linkcode leave}.
   *
   * @returns nothing when there is room at once
   * @throws {UpstreamError} with 503 when it took too long
   * @throws {ConnectionLost} when the client has gone meanwhile
   */
  enter(client: Connection): Promise<void> | undefined {
    if (this.#inside < this.most) {
      this.#inside++;
      return undefined;
    }
    return this.#wait(client);
  }

  async #wait(client: Connection): Promise<void> {
    const waiter = new Waiter(this.#quit);
    this.#line.add(waiter);
    this.deadlines.start(waiter);
    try {
      client.onGone(() => waiter.refuse(new ConnectionLost("Cannot relay: the client is gone")));
      await waiter.turn;
    } finally {
      client.onGone(undefined);
    }
  }

  /** Gives the turn to who waits longest, if anybody does. */
  leave(): void {
    const [first] = this.#line;
    if (first === undefined) {
      this.#inside--;
      return;
    }
    this.#line.delete(first);
    first.admit();
  }

  /** Nobody's turn comes any more. */
  close(): void {
    for (const waiter of [...this.#line]) waiter.refuse(new UpstreamError("the relay ends", 503));
  }
}
