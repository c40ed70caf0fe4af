/** Connections that wait until one of a route's backends can take them: first come, first served. */

import type { Connection } from "./connection.ts";

/** A line that connections stand in. Links are fields of the connections, so standing in line allocates nothing. */
export class WaitingLine {
  #first: Connection | undefined;
  #last: Connection | undefined;
  #length = 0;

  /** How many wait. */
  get length(): number {
    return this.#length;
  }

  /** Who has waited longest. */
  get first(): Connection | undefined {
    return this.#first;
  }

  /** Puts a connection at the end. */
  append(connection: Connection): void {
    connection.line = this;
    connection.ahead = this.#last;
    connection.behind = undefined;
    if (this.#last === undefined) this.#first = connection;
    else this.#last.behind = connection;
    this.#last = connection;
    this.#length++;
  }

  /** Takes a connection out, wherever it stands. */
  remove(connection: Connection): void {
    if (connection.line !== this) return;
    if (connection.ahead === undefined) this.#first = connection.behind;
    else connection.ahead.behind = connection.behind;
    if (connection.behind === undefined) this.#last = connection.ahead;
    else connection.behind.ahead = connection.ahead;
    connection.line = connection.ahead = connection.behind = undefined;
    this.#length--;
  }
}
