/** How many programs may run at a time, and who waits until one has ended. */

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
  readonly #waiting = new Set<Place>();

  /** @param patience how long one waits for a slot */
  constructor(readonly most: number, readonly patience: Deadlines) {}

  /** Slots that are taken, and those who wait for one. */
  get wanted(): number {
    return this.#taken + this.#waiting.size;
  }

  /** Takes a slot, which {@linkcode free} gives back; false when none became free in time. */
  take(): Promise<boolean> | true {
    if (this.#taken < this.most) {
      this.#taken++;
      return true;
    }
    return new Promise((resolve) => {
      const place = new Place((turn) => {
        place.stopDeadline();
        this.#waiting.delete(place);
        resolve(turn);
      });
      this.#waiting.add(place);
      this.patience.start(place);
    });
  }

  /** Gives a slot back: whoever has waited longest has it. */
  free(): void {
    const [first] = this.#waiting;
    if (first === undefined) this.#taken--;
    else first.settle(true);
  }
}
