/**
 * Deadlines of one length each: whoever starts later ends later, so a list in order of starting is a list in order of
 * ending. Starting and stopping is a few assignments; nothing is allocated and no timer of the system is used.
 */

/** Says the time in milliseconds. It never goes back. */
export type Clock = () => number;

/** The machine's own: the time since this process, or Worker, started. */
export const machineClock: Clock = (): number => performance.now();

/** What a deadline hangs on. A node is in at most one list at a time. */
export abstract class Timed {
  /** When the deadline ends, on the clock of its {@linkcode DeadlineSet}. */
  due = 0;
  /** The list that the node is in. */
  deadlines: Deadlines | undefined;
  earlier: Timed | undefined;
  later: Timed | undefined;

  /** Called when the deadline has passed; the node is in no list by then. */
  abstract expire(): void;

  /** Takes the node out of its list, if it is in one. */
  stopDeadline(): void {
    this.deadlines?.stop(this);
  }
}

/** The nodes whose deadlines have the same length. */
export class Deadlines {
  #first: Timed | undefined;
  #last: Timed | undefined;

  /** @param milliseconds the length of each deadline; a change applies to those that start later */
  constructor(public milliseconds: number, readonly set: DeadlineSet) {}

  /** Starts (or starts over) the deadline of a node. @param now the time, where its caller knows it already */
  start(node: Timed, now: number = this.set.clock()): void {
    this.startUntil(node, now + this.milliseconds);
  }

  /** The same with a length of its own. */
  startFor(node: Timed, milliseconds: number): void {
    this.startUntil(node, this.set.clock() + milliseconds);
  }

  /** The same with a given end: for a node that comes back into the list with what is left of its time. */
  startUntil(node: Timed, due: number): void {
    node.deadlines?.stop(node);
    node.due = due;
    node.deadlines = this;
    // Nodes nearly always go to the end; the search is for those that come back, or a length that was changed.
    let after = this.#last;
    while (after !== undefined && after.due > node.due) after = after.earlier;
    const before = after === undefined ? this.#first : after.later;
    node.earlier = after;
    node.later = before;
    if (after === undefined) {
      this.#first = node;
      this.set.onSooner?.(node.due);
    } else {
      after.later = node;
    }
    if (before === undefined) this.#last = node;
    else before.earlier = node;
  }

  /** Takes a node out. */
  stop(node: Timed): void {
    if (node.deadlines !== this) return;
    if (node.earlier === undefined) this.#first = node.later;
    else node.earlier.later = node.later;
    if (node.later === undefined) this.#last = node.earlier;
    else node.later.earlier = node.earlier;
    node.deadlines = node.earlier = node.later = undefined;
  }

  /** The node that ends first. */
  get first(): Timed | undefined {
    return this.#first;
  }

  /** Expires every node whose deadline has passed. */
  expire(now: number): void {
    for (let node = this.#first; node !== undefined && node.due <= now; node = this.#first) {
      this.stop(node);
      node.expire();
    }
  }
}

/** The longest wait that epoll_wait's int can say: 24 days. Whoever wakes up then finds nothing due, and waits again. */
const MAX_WAIT = 2 ** 31 - 1;

/** All the lists of one loop. */
export class DeadlineSet {
  readonly #lists: Deadlines[] = [];
  /** Told when a deadline starts that is the first of its list: whoever sleeps may have to get up sooner. */
  onSooner: ((due: number) => void) | undefined;

  /** @param clock what the deadlines are measured by */
  constructor(readonly clock: Clock = machineClock) {}

  /** A new list. @param milliseconds the length of each deadline in it */
  list(milliseconds: number): Deadlines {
    const list = new Deadlines(milliseconds, this);
    this.#lists.push(list);
    return list;
  }

  /**
   * How long a wait may last before the next deadline.
   *
   * @returns milliseconds, rounded up so that the wait does not end just before; -1 when there is no deadline
   */
  timeout(now: number): number {
    let due = Infinity;
    for (const list of this.#lists) {
      const first = list.first;
      if (first !== undefined && first.due < due) due = first.due;
    }
    return due === Infinity ? -1 : Math.min(MAX_WAIT, Math.max(0, Math.ceil(due - now)));
  }

  /** Expires what has passed. */
  expire(now: number): void {
    for (const list of this.#lists) list.expire(now);
  }
}
