/** How many programs may run at a time, and who waits until one has ended. */

import type { Wait } from "../../../loop/course.ts";
import { type Deadlines, Timed } from "../../../loop/deadlines.ts";

/** One that waits. */
class Place extends Timed {
  /** @param settle says whether it is its turn, or its time is up */
  constructor(readonly settle: (turn: boolean) => void) {
    super();
  }

  override expire(): void {
    this.settle(false);
  }
}

/** A number of slots, given out in the order in which they are asked for. */
export class Slots {
  #taken = 0;
  /** Slots are being given out: whoever has one goes on at once, and may give it back at once. */
  #giving = false;
  readonly #waiting = new Set<Place>();

  /** @param patience how long one waits for a slot */
  constructor(readonly most: number, readonly patience: Deadlines) {}

  /** Slots that are taken, and those who wait for one. */
  get wanted(): number {
    return this.#taken + this.#waiting.size;
  }

  /** Waits for a slot, which {@linkcode free} gives back; none has come when none became free in time. */
  readonly take: Wait = (resume) => {
    if (this.#taken < this.most && !this.#giving) {
      this.#taken++;
      return true;
    }
    const place = new Place((turn) => {
      place.stopDeadline();
      this.#waiting.delete(place);
      resume(turn);
    });
    this.#waiting.add(place);
    this.patience.start(place);
    return false;
  };

  /** Gives a slot back: whoever has waited longest has it. */
  free(): void {
    this.#taken--;
    // Otherwise each of those who wait would be called from within the one before, where none of them needs it.
    if (this.#giving) return;
    this.#giving = true;
    for (const first of this.#waiting) {
      if (this.#taken === this.most) break;
      this.#taken++;
      first.settle(true);
    }
    this.#giving = false;
  }
}
