/** Messages about what peers do, who could do it without end. */

/** Milliseconds in which what is alike is told as one. */
const TOGETHER = 1_000;
/** Different things that are counted apart at a time. */
const MOST = 64;

/** How something is told. @param times `, 5 times` where it is told for several, else nothing */
export type Say = (times: string) => void;

/** Tells what happens at once the first time, and what is alike in the next second together. */
export class Repeated {
  readonly #counts = new Map<string, { say: Say; count: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** It has happened. @param key tells what is alike */
  tell(key: string, say: Say): void {
    const known = this.#counts.get(key);
    if (known !== undefined) {
      known.say = say;
      known.count++;
      return;
    }
    if (this.#counts.size >= MOST) return;
    this.#counts.set(key, { say, count: 0 });
    say("");
    this.#wait();
  }

  /** Nobody's end waits for it. */
  #wait(): void {
    if (this.#timer !== undefined) return;
    const timer = this.#timer = setTimeout(() => this.#expire(), TOGETHER);
    Deno.unrefTimer(timer);
  }

  #expire(): void {
    this.#timer = undefined;
    for (const [key, known] of this.#counts) {
      const { say, count } = known;
      if (count === 0) {
        this.#counts.delete(key);
        continue;
      }
      known.count = 0;
      say(count === 1 ? "" : `, ${count} times`);
    }
    if (this.#counts.size > 0) this.#wait();
  }
}
