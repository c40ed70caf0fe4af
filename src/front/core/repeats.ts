/** What happens again and again: told at once the first time, and together from then on. */

import { Timed } from "../../loop/deadlines.ts";
import type { Core } from "./core.ts";

/** Different things that are counted apart at a time. Some of what they say comes from peers, who could make up any number. */
const MOST = 64;

/** Counts what is alike, and tells it at most once a second. */
export class Repeats<What> extends Timed {
  readonly #counts = new Map<string, { readonly what: What; count: number }>();

  /** @param tell takes what has happened, and how often since it was told last */
  constructor(readonly core: Core, readonly tell: (what: What, count: number) => void) {
    super();
  }

  /** It has happened. @param key tells what is alike */
  add(key: string, what: What): void {
    const known = this.#counts.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    // With so many in one second nobody misses one that is told only if it comes once more.
    if (this.#counts.size >= MOST) return;
    this.#counts.set(key, { what, count: 0 });
    this.tell(what, 1);
    if (this.deadlines === undefined) this.core.deadlines.tell.start(this, this.core.loop.now);
  }

  /** A second has passed: tells what has come together, and forgets what has not happened again. */
  override expire(): void {
    for (const [key, repeated] of this.#counts) {
      const { what, count } = repeated;
      if (count === 0) {
        this.#counts.delete(key);
        continue;
      }
      repeated.count = 0;
      this.tell(what, count);
    }
    if (this.#counts.size > 0) this.core.deadlines.tell.start(this, this.core.loop.now);
  }
}
