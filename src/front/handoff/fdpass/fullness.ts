/** How much a backend takes that has refused hand-offs as full. */

/** More than any process holds. */
const ANY_NUMBER = 2 ** 31 - 1;
/** Milliseconds to wait after a refusal before one hand-off finds out whether there is room; then twice as long each time. */
const FIRST_PAUSE = 20;
const DOUBLINGS = 4;

/**
 * Remembers what a backend held when it was full, and has it sent no more than that: as soon as it says that it holds less
 * (LOAD, ACK), there is room for the difference. One that does not say so is tried with one hand-off now and then, and
 * ever less often, instead of having all who wait offered to it again and again.
 */
export class Fullness {
  #most = ANY_NUMBER;
  #refusals = 0;
  #trying = false;

  /** Whether it has room. @param active what it holds, as it said last. @param underWay hand-offs not yet answered */
  hasRoom(active: number, underWay: number): boolean {
    return active + underWay < this.#most || this.#trying && underWay === 0;
  }

  /** It has refused as full. @returns milliseconds until {@linkcode mayTry} */
  refused(active: number): number {
    this.#most = active;
    this.#trying = false;
    return FIRST_PAUSE << Math.min(this.#refusals++, DOUBLINGS);
  }

  /** Time to find out. */
  mayTry(): void {
    this.#trying = this.#most !== ANY_NUMBER;
  }

  /** It has taken hand-offs, and holds so many now. */
  took(active: number): void {
    this.#refusals = 0;
    // More than it held when it was full, or one that was a try: nobody knows what it can hold.
    if (!this.#trying && active <= this.#most) return;
    this.#most = ANY_NUMBER;
    this.#trying = false;
  }
}
