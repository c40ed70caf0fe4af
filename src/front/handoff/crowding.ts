/** All backends have been sent as many connections as they may have unacknowledged: others wait in the kernel meanwhile. */

import { Timed } from "../../loop/deadlines.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";

/** Those who accept connections. */
export interface Accepting {
  /** Accept nothing for now. @param why who wants that */
  pause(why: object): void;
  /** That one does not want it any more. */
  resume(why: object): void;
}

/** Who knows the backends. */
export interface Room {
  /** Whether any of them can be sent a connection. */
  anywhere(connection: Connection): boolean;
}

/**
 * What the front accepted it would only let wait. In the queue of the listening socket it waits as well, and that one
 * outlives a front that is killed, where a supervisor keeps it. For a moment only: whoever is owed an answer of the front's
 * own may be among them, and the time for which a connection may wait is counted from accept.
 */
export class Crowding extends Timed {
  #pauses = false;
  /** It has taken the time that it may. */
  #spent = false;

  constructor(readonly core: Core, readonly accepting: Accepting, readonly backends: Room) {
    super();
  }

  /** A backend can be sent nothing more. @param connection the last one that it was sent */
  filled(connection: Connection): void {
    if (this.#spent || this.backends.anywhere(connection)) return;
    const { deadlines, loop } = this.core;
    if (this.deadlines === undefined) deadlines.crowded.start(this, loop.now);
    this.#pauses = true;
    this.accepting.pause(this);
  }

  /** One can be sent some more, or has gone. */
  room(): void {
    if (!this.#pauses) return;
    this.#pauses = false;
    this.accepting.resume(this);
  }

  /** One has caught up. */
  calm(): void {
    this.#spent = false;
    this.stopDeadline();
  }

  override expire(): void {
    this.#spent = true;
    this.room();
  }
}
