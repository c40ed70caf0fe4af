/** Connections that channels have given up, until the turn of the loop is over. */

import { Timed } from "../../loop/deadlines.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";

/** Who goes on with connections. */
export interface Examination {
  /** Looks at a connection afresh, and acts on what is there. */
  examine(connection: Connection): void;
}

/**
 * Puts off what follows. Whoever gives a connection up is in the middle of ending a channel, perhaps in the middle of
 * handing another connection over; a look at this moment would overwrite what that one goes by.
 */
export class Reclaimed extends Timed {
  #connections: Connection[] = [];

  constructor(readonly core: Core, readonly examination: Examination) {
    super();
  }

  /** Keeps a connection that was handed over until the end of the turn. */
  enter(connection: Connection): void {
    connection.attempts++;
    const { deadlines, loop } = this.core;
    connection.to("reclaimed");
    this.#connections.push(connection);
    deadlines.turn.start(this, loop.now);
  }

  /** The end of the turn: they are the front's like any other, in the order in which they came. */
  override expire(): void {
    const connections = this.#connections;
    this.#connections = [];
    for (const connection of connections) {
      connection.to("reading");
      connection.seen = 0;
      this.examination.examine(connection);
    }
  }
}
