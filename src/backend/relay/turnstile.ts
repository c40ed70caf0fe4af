/** A limit on what is at an upstream at a time, and the line of those who wait for their turn. */

import type { Steps } from "../../loop/course.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import { UpstreamError } from "./upstream_error.ts";

const TOO_LONG = "all connections to it that there may be were in use for too long";

/** Somebody in the line. */
class Waiter extends Timed {
  /** Why there is no turn. */
  failure: Error | undefined;
  /** In the line no more: told with the next turn of the loop. */
  called = false;
  resume: ((came: boolean) => void) | undefined;

  /** @param late told when it took too long */
  constructor(readonly late: (waiter: Waiter) => void) {
    super();
  }

  override expire(): void {
    if (!this.called) this.late(this);
    this.resume?.(true);
  }
}

/** Lets so many in at a time, in the order in which they came. */
export class Turnstile {
  #inside = 0;
  readonly #line = new Set<Waiter>();
  readonly #late = (waiter: Waiter): void => {
    this.#line.delete(waiter);
    waiter.failure = new UpstreamError(TOO_LONG, 503);
  };

  /**
   * @param most at a time
   * @param deadlines how long one waits
   * @param soon of no length: whose turn comes goes on by the loop, and not in the midst of what somebody else does
   */
  constructor(readonly most: number, readonly deadlines: Deadlines, readonly soon: Deadlines) {}

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
  enter(client: Connection): Steps<void> | undefined {
    if (this.#inside < this.most) {
      this.#inside++;
      return undefined;
    }
    return this.#wait(client);
  }

  *#wait(client: Connection): Steps<void> {
    const waiter = new Waiter(this.#late);
    this.#line.add(waiter);
    this.deadlines.start(waiter);
    try {
      client.onGone(() => this.#call(waiter, new ConnectionLost("Cannot relay: the client is gone")));
      yield (resume) => {
        waiter.resume = resume;
        return false;
      };
    } finally {
      client.onGone(undefined);
    }
    if (waiter.failure !== undefined) throw waiter.failure;
  }

  /** Calls somebody out of the line, if it is there. @param failure why there is no turn */
  #call(waiter: Waiter, failure?: Error): void {
    if (!this.#line.delete(waiter)) return;
    waiter.failure = failure;
    waiter.called = true;
    this.soon.start(waiter);
  }

  /** Gives the turn to who waits longest, if anybody does. */
  leave(): void {
    const [first] = this.#line;
    if (first === undefined) {
      this.#inside--;
      return;
    }
    this.#call(first);
  }

  /** Nobody's turn comes any more. */
  close(): void {
    for (const waiter of [...this.#line]) this.#call(waiter, new UpstreamError("the relay ends", 503));
  }
}
