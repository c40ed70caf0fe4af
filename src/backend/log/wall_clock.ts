/** The time of day that belongs to a time of the loop, without asking the kernel for each. */

/** Milliseconds after which it is asked again: the time of day may have been set. */
const RELIABLE = 100;

/** Says what time of day it was. */
export class WallClock {
  #asked = -Infinity;
  #offset = 0;

  /** Milliseconds since 1970. @param now as the loop's clock says it at this moment */
  at(now: number): number {
    if (now - this.#asked > RELIABLE) {
      this.#asked = now;
      this.#offset = Date.now() - now;
    }
    return now + this.#offset;
  }
}
