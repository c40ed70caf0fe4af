/** Connections for which no backend has room at the moment. */

import type { BackendGroup } from "./backend_group.ts";
import type { Connection } from "./connection.ts";
import { counterIndex } from "./counters.ts";
import type { Front } from "./front.ts";

const WAITING = counterIndex("waiting");

/** Lets connections wait in the lines of their groups, so many and so long as the limits allow. */
export class WaitingRoom {
  #waiting = 0;

  constructor(readonly front: Front) {}

  /** Lets a connection wait, or refuses it: nobody wants it, too many wait, or it has waited long enough. */
  enter(connection: Connection, group: BackendGroup): void {
    const { front } = this;
    const { queue, queueTimeout } = front.limits;
    if (connection.refusedBy.length > 0 && group.allIn(connection.refusedBy)) {
      return this.#refuse(connection, "every backend refuses this connection");
    }
    if (this.#waiting >= queue) return this.#refuse(connection, "too many connections wait for a backend");
    // Counted from the first time: who is sent back here, after a backend died, does not start over.
    if (connection.waitsUntil === 0) connection.waitsUntil = front.loop.now + queueTimeout;
    if (connection.waitsUntil <= front.loop.now) return this.#refuseLate(connection);
    connection.state = "waiting";
    group.line.enter(connection);
    this.#count(1);
    front.deadlines.queue.startUntil(connection, connection.waitsUntil);
    for (const member of group.members) member.hurry();
  }

  /** Takes a connection out: it has its turn, or its time is up. */
  leave(connection: Connection): void {
    connection.stopDeadline();
    connection.line?.remove(connection);
    this.#count(-1);
  }

  /** A connection has waited as long as it may. */
  expired(connection: Connection): void {
    this.leave(connection);
    this.#refuseLate(connection);
  }

  /** Sends those who wait for a group, as far as its channels take them. */
  pump(group: BackendGroup): void {
    let next = group.line.first;
    while (next !== undefined) {
      const connection = next;
      next = connection.behind;
      if (!group.hasRoom(connection)) {
        // Nobody has room; unless it is this one that those who have room do not want: then others may still go.
        if (connection.refusedBy.length === 0) return;
        continue;
      }
      this.leave(connection);
      // Looked at afresh: the peek buffer has held other requests meanwhile, and the client may be gone.
      this.front.examiner.examine(connection);
    }
  }

  /** Looks at all who wait afresh: the routes have changed. */
  reroute(): void {
    for (const connection of this.front.pool.all) {
      if (connection.state !== "waiting") continue;
      this.leave(connection);
      this.front.examiner.examine(connection);
    }
  }

  #count(change: 1 | -1): void {
    this.#waiting += change;
    this.front.counters.add(WAITING, change);
  }

  #refuseLate(connection: Connection): void {
    this.#refuse(connection, "no backend took the connection in time");
  }

  #refuse(connection: Connection, why: string): void {
    this.front.lifecycle.refuse(connection, 503, why, connection.isHead);
  }
}
