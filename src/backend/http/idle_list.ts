/** Connections between two requests, in the order in which they came to be so. */

/** What a list of them needs of each: it is in one list at most. A set would be made anew again and again. */
export class Idle<T> {
  before: T | undefined;
  after: T | undefined;
  idles = false;
}

/** A list that is entered at the end, and left from anywhere. */
export class IdleList<T extends Idle<T>> {
  /** The one that has been in it for longest. */
  oldest: T | undefined;
  size = 0;
  #last: T | undefined;

  /** Puts one at the end that is not in it. */
  add(one: T): void {
    if (one.idles) return;
    one.idles = true;
    one.before = this.#last;
    if (this.#last === undefined) this.oldest = one;
    else this.#last.after = one;
    this.#last = one;
    this.size++;
  }

  /** Takes one out. @returns whether it was in */
  delete(one: T): boolean {
    if (!one.idles) return false;
    const { before, after } = one;
    if (before === undefined) this.oldest = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    one.before = one.after = undefined;
    one.idles = false;
    this.size--;
    return true;
  }

  /** Those that are in it at this moment. */
  all(): T[] {
    const all: T[] = [];
    for (let one = this.oldest; one !== undefined; one = one.after) all.push(one);
    return all;
  }
}
