/** Idle connections between two requests, which backends have given back. */

import { counterIndex } from "./counters.ts";
import type { Connection } from "./connection.ts";
import type { Front } from "./front.ts";

const PARKED = counterIndex("parked");

/** Connections closed in one go when descriptors are short: as many as are accepted in a row. */
const ROOM = 64;

/**
 * Keeps idle connections, so many and so long as the limits allow. A parked connection is what every other one is, an
 * object of the pool that the poller watches; the list of their deadlines is the order in which they came.
 */
export class Parking {
  #parked = 0;

  constructor(readonly front: Front) {}

  /** Parks a connection that is watched and has nothing to say. Where there is no room, the oldest one goes. */
  enter(connection: Connection): void {
    const { front } = this;
    connection.state = "parked";
    this.#count(1);
    front.deadlines.keepAlive.start(connection, front.loop.now);
    while (this.#parked > front.limits.parked) this.#endOldest();
  }

  /** Takes a connection out: something has come from its client, or its time is up. */
  leave(connection: Connection): void {
    connection.stopDeadline();
    connection.state = "reading";
    this.#count(-1);
  }

  /** A connection has been idle as long as it may. */
  expired(connection: Connection): void {
    this.leave(connection);
    this.front.lifecycle.end(connection);
  }

  /** Closes some of those that are idle longest, for their descriptors. Returns false when nobody is parked. */
  makeRoom(): boolean {
    if (this.#parked === 0) return false;
    for (let count = 0; count < ROOM && this.#parked > 0; count++) this.#endOldest();
    return true;
  }

  #endOldest(): void {
    this.expired(this.front.deadlines.keepAlive.first as Connection);
  }

  #count(change: 1 | -1): void {
    this.#parked += change;
    this.front.counters.add(PARKED, change);
  }
}
