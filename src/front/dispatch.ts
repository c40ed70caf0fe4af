/** Choosing a backend for a connection, again and again where that has to be. */

import type { Connection } from "./connection/connection.ts";
import type { Core } from "./core/core.ts";
import { counterIndex } from "./core/counters.ts";
import type { Endings } from "./endings.ts";
import type { BackendGroup } from "./handoff/backend_group.ts";
import type { Waiters } from "./handoff/backend_link.ts";
import type { Look } from "./look/look.ts";
import type { Examination } from "./wait/reclaimed.ts";
import { TOO_LATE, WaitingRoom } from "./wait/waiting_room.ts";

const SENT = counterIndex("sent");

/** Offers connections to the backends of a group, and has them wait where none takes them. */
export class Dispatch implements Waiters {
  readonly #core: Core;
  readonly #endings: Endings;
  readonly #examination: Examination;
  readonly #waitingRoom: WaitingRoom;

  /** @param examination looks at those who have waited */
  constructor(core: Core, endings: Endings, examination: Examination) {
    this.#core = core;
    this.#endings = endings;
    this.#examination = examination;
    this.#waitingRoom = new WaitingRoom(core);
  }

  /**
   * Hands a connection over to one of a group's backends.
   *
   * @param look what was seen on it; it belongs to a route of this group
   */
  handOver(connection: Connection, group: BackendGroup, look: Look): void {
    connection.stopDeadline();
    // Before sending: a registration lives as long as the open socket, not as long as our descriptor.
    connection.unwatch();
    connection.findLocal();
    // Afterwards it may be somebody else's object.
    const { waitsSince } = connection;
    // One channel after another is offered it. Each that does not take it takes nothing more for now.
    for (;;) {
      const channel = group.pick(connection);
      if (channel === undefined) return this.#wait(connection, group);
      switch (channel.handOff(connection, look)) {
        case "taken":
          this.#core.counters.add(SENT, 1);
          if (waitsSince !== 0) this.#core.counters.waited.observe(this.#core.loop.now - waitsSince);
          return;
        case "ended":
          return this.#endings.drop(connection);
        case "kept":
      }
    }
  }

  #wait(connection: Connection, group: BackendGroup): void {
    const objection = this.#waitingRoom.enter(connection, group);
    if (objection !== undefined) this.#endings.refuse(connection, 503, objection, connection.isHead);
  }

  /** A connection has waited as long as it may. */
  waitedTooLong(connection: Connection): void {
    this.#waitingRoom.leave(connection);
    this.#core.counters.waited.observe(this.#core.loop.now - connection.waitsSince);
    this.#endings.refuse(connection, 503, TOO_LATE, connection.isHead);
  }

  /** A connection waits no longer, whatever becomes of it. */
  leave(connection: Connection): void {
    this.#waitingRoom.leave(connection);
  }

  roomAgain(group: BackendGroup): void {
    let next = group.line.first;
    while (next !== undefined) {
      const connection = next;
      next = connection.behind;
      if (group.hasRoom(connection)) this.examineAfterWaiting(connection);
      // There is no room for one that everybody would take: then there is none for those behind it either. Where it is one
      // that some have refused, those may still have room for the others.
      else if (connection.refusedBy.length === 0) return;
    }
  }

  /** Looked at afresh: the peek buffer has held other requests meanwhile, and the client may be gone. */
  examineAfterWaiting(connection: Connection): void {
    this.#waitingRoom.leave(connection);
    this.#examination.examine(connection);
  }
}
