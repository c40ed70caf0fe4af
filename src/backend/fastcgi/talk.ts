/** How much of what an application says becomes entries of a log. */

/** Milliseconds for which {@linkcode MOST} counts. */
const WINDOW = 10_000;
/** Characters that are passed on in that time. */
const MOST = 65_536;
/** What a line costs at least, however short it is. */
const LEAST = 128;

/** Lines of all requests: clients may make an application write one for each. */
export class Talk {
  #ends = 0;
  #left = MOST;

  /** Whether a line is passed on. @param length of it, in characters @param now the loop's time, in milliseconds */
  allows(length: number, now: number): boolean {
    if (now >= this.#ends) {
      this.#ends = now + WINDOW;
      this.#left = MOST;
    }
    this.#left -= Math.max(LEAST, length);
    return this.#left >= 0;
  }
}
