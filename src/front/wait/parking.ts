/** Idle connections between two requests, which backends have given back. */

import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { counterIndex } from "../core/counters.ts";

const PARKED = counterIndex("parked");

/**
 * Keeps idle connections, by counting them. A parked connection is what every other one is, an object of the pool that the
 * poller watches; the list of their deadlines (`FrontDeadlines.keepAlive`) is the order in which they came. Who must go is
 * said here, and ended by whoever asks.
 */
export class Parking {
  #parked = 0;

  constructor(readonly core: Core) {}

  /** Parks a connection that is watched and has nothing to say. There may be too many afterwards. */
  enter(connection: Connection): void {
    const { deadlines, loop } = this.core;
    connection.to("parked");
    this.#count(1);
    deadlines.keepAlive.start(connection, loop.now);
  }

  /** Takes a connection out: something has come from its client, its time is up, or it must make room. */
  leave(connection: Connection): void {
    connection.stopDeadline();
    connection.to("reading");
    this.#count(-1);
  }

  /** Lets go of those that are idle longest, as long as more are parked than may be. */
  trim(end: (connection: Connection) => void): void {
    while (this.#parked > this.core.limits.parked) {
      const oldest = this.leaveOldest();
      if (oldest === undefined) return;
      end(oldest);
    }
  }

  /** Takes out the one that is idle longest, if there is any. */
  leaveOldest(): Connection | undefined {
    if (this.#parked === 0) return undefined;
    const oldest = this.core.deadlines.keepAlive.first as Connection;
    this.leave(oldest);
    return oldest;
  }

  #count(change: 1 | -1): void {
    this.#parked += change;
    this.core.counters.add(PARKED, change);
  }
}
