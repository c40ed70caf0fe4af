/** Whether a backend that has come also stays. */

import { Timed } from "../../loop/deadlines.ts";
import type { Core } from "../core/core.ts";

/** Milliseconds that a channel has to last before its backend counts as one that stays. */
const STEADY = 1_000;
/** Channels in a row that did not last, after which a backend is restless. A process that is replaced twice is not yet. */
const EARLY_ENDS = 3;
/** Milliseconds between two notes that it still is. */
const NEWS = 60_000;

/** Who has to know. */
export interface SteadinessEvents {
  /** The backend was restless, and has stayed for a while now. @param times how often it had gone without a word about it */
  settled(times: number): void;
  /** It is still restless. @param reason of the last end @param times how often it has gone since the last word about it */
  restless(reason: string, times: number): void;
}

/**
 * Counts channels that end (or are drained) right after they began. A backend that says HELLO and closes, or drains and goes
 * on listening, would otherwise be connected to, and told about, as fast as it can do that.
 */
export class Steadiness extends Timed {
  #early = 0;
  /** Ends since people heard of one. */
  #untold = 0;
  #toldAt = 0;

  constructor(readonly core: Core, readonly events: SteadinessEvents) {
    super();
  }

  /** Whether it comes and goes: then it is met with patience, and not told about each time. */
  get restless(): boolean {
    return this.#early >= EARLY_ENDS;
  }

  /** A channel has begun to take hand-offs. */
  began(): void {
    const { deadlines, loop } = this.core;
    // Counted from the first of those that are there.
    if (this.restless && this.deadlines === undefined) deadlines.tell.startUntil(this, loop.now + STEADY);
  }

  /** A channel takes no more. @param since the loop's time at which it had begun to */
  ended(since: number, reason: string): void {
    const { now } = this.core.loop;
    if (now - since >= STEADY) {
      this.#early = 0;
      return;
    }
    this.stopDeadline();
    const before = this.restless;
    this.#early++;
    if (!this.restless) return;
    if (!before) {
      this.#untold = 0;
      this.#toldAt = now;
    }
    this.#untold++;
    if (now - this.#toldAt < NEWS) return;
    this.events.restless(reason, this.#untold);
    this.#untold = 0;
    this.#toldAt = now;
  }

  /** It has stayed. */
  override expire(): void {
    this.#early = 0;
    this.events.settled(this.#untold);
  }
}
