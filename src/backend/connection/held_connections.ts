/** The connections that a process holds. */

/** What is noted at each: where it stands among those that are held; -1 for nowhere. */
export interface Held {
  place: number;
}

/**
 * Connections in no order. Adding one and taking it out again allocates nothing.
 *
 * A set would be made anew for every few dozen that come and go, and each table that it has had refers to the next one:
 * once the first has grown old, the collector of what is young takes all of them, and the connections in them, for alive.
 */
export class HeldConnections<T extends Held> {
  readonly #list: T[] = [];

  get size(): number {
    return this.#list.length;
  }

  /** Adds one that is not among them. */
  add(one: T): void {
    one.place = this.#list.push(one) - 1;
  }

  /** Takes one out. @returns whether it was among them */
  delete(one: T): boolean {
    const { place } = one;
    if (place < 0) return false;
    one.place = -1;
    const last = this.#list.pop()!;
    if (last !== one) {
      this.#list[place] = last;
      last.place = place;
    }
    return true;
  }

  /** Those that there are at this moment. */
  all(): T[] {
    return [...this.#list];
  }
}
