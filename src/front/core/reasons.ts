/** Why the front answers by itself: counted by status and reason, in shared memory. */

import type { Report } from "../plan.ts";
import { type Counters, MOST_REASONS } from "./counters.ts";

/** Counts answers. Reasons are constants of this program, or a configuration's: none has anything of a client's in it. */
export class Reasons {
  /** Places by reason and status. */
  readonly #places = new Map<string, Map<number, number>>();
  #used = 0;

  /** @param report is told what a place stands for, before it is counted there */
  constructor(readonly counters: Counters, readonly report: (report: Report) => void) {}

  /** An answer was given. @param status 0 where nothing could be answered */
  count(status: number, why: string): void {
    this.counters.addReason(this.#places.get(why)?.get(status) ?? this.#place(status, why));
  }

  #place(status: number, why: string): number {
    // Not more than there is room for: the last place is for all that come later.
    const place = Math.min(this.#used, MOST_REASONS - 1);
    const [told, reason] = place === MOST_REASONS - 1 ? [0, "others"] : [status, why];
    if (this.#used < MOST_REASONS) this.report({ type: "reason", place, status: told, why: reason });
    this.#used++;
    if (place === MOST_REASONS - 1) return place;
    const places = this.#places.get(why) ?? new Map<number, number>();
    this.#places.set(why, places.set(status, place));
    return place;
  }
}
