/** Connections for which no backend has room at the moment. */

import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { counterIndex } from "../core/counters.ts";
import type { BackendGroup } from "../handoff/backend_group.ts";

const WAITING = counterIndex("waiting");

/** Why a connection whose time is up is refused. */
export const TOO_LATE = "no backend took the connection in time";

/** Lets connections wait in the lines of their groups, so many and so long as the limits allow. */
export class WaitingRoom {
  #waiting = 0;

  constructor(readonly core: Core) {}

  /**
   * Lets a connection wait.
   *
   * @returns undefined where it does; else why it may not: nobody wants it, too many wait, or it has waited long enough
   */
  enter(connection: Connection, group: BackendGroup): string | undefined {
    const { limits: { queue, queueTimeout }, loop, deadlines } = this.core;
    if (connection.refusedBy.length > 0 && group.allIn(connection.refusedBy)) {
      return "every backend refuses this connection";
    }
    if (this.#waiting >= queue) return "too many connections wait for a backend";
    // Counted from the first time: who is sent back here, after a backend died, does not start over.
    if (connection.waitsUntil === 0) {
      connection.waitsSince = loop.now;
      connection.waitsUntil = loop.now + queueTimeout;
    }
    if (connection.waitsUntil <= loop.now) return TOO_LATE;
    connection.to("waiting");
    group.line.enter(connection);
    this.#count(1);
    deadlines.queue.startUntil(connection, connection.waitsUntil);
    for (const member of group.members) member.hurry();
    return undefined;
  }

  /** Takes a connection out: it has its turn, or its time is up. */
  leave(connection: Connection): void {
    connection.stopDeadline();
    connection.line?.remove(connection);
    connection.to("reading");
    this.#count(-1);
  }

  #count(change: 1 | -1): void {
    this.#waiting += change;
    this.core.counters.add(WAITING, change);
  }
}
