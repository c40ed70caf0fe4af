/** Connections that wait until one of a route's backends can take them: first come, first served. */

/** What can stand in a line: has the links to its neighbours as fields, so that standing in line allocates nothing. */
export interface Waiter<T extends Waiter<T>> {
  /** The line it stands in, and its neighbours there. */
  line: WaitingLine<T> | undefined;
  ahead: T | undefined;
  behind: T | undefined;
  /** When it must have found a backend: whoever came first has the earliest end. */
  readonly waitsUntil: number;
}

/** A line that connections stand in. */
export class WaitingLine<T extends Waiter<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #length = 0;

  /** How many wait. */
  get length(): number {
    return this.#length;
  }

  /** Who has waited longest. */
  get first(): T | undefined {
    return this.#first;
  }

  /**
   * Puts a connection where it belongs by the time since when it has waited: at the end, or further ahead when a backend
   * has refused it and it comes back. It may wait until a fixed time, and those behind it must not go first again and
   * again.
   */
  enter(connection: T): void {
    connection.line = this;
    let behind: T | undefined;
    if (this.#last !== undefined && this.#last.waitsUntil > connection.waitsUntil) {
      // Who comes back was among the first: the search begins there.
      behind = this.#first;
      while (behind !== undefined && behind.waitsUntil <= connection.waitsUntil) behind = behind.behind;
    }
    const ahead = behind === undefined ? this.#last : behind.ahead;
    connection.ahead = ahead;
    connection.behind = behind;
    if (ahead === undefined) this.#first = connection;
    else ahead.behind = connection;
    if (behind === undefined) this.#last = connection;
    else behind.ahead = connection;
    this.#length++;
  }

  /** Takes a connection out, wherever it stands. */
  remove(connection: T): void {
    if (connection.line !== this) return;
    if (connection.ahead === undefined) this.#first = connection.behind;
    else connection.ahead.behind = connection.behind;
    if (connection.behind === undefined) this.#last = connection.ahead;
    else connection.behind.ahead = connection.ahead;
    connection.line = connection.ahead = connection.behind = undefined;
    this.#length--;
  }
}
