/** Connections that somebody had looked at last who hung, or died: perhaps for what is on them. */

import { close, type Descriptor, socketCookie } from "../../../ffi/mod.ts";
import type { MovedConnection } from "../../front/plan.ts";
import { pack } from "../take_over/exchange.ts";

/** Remembers them. */
export class Suspects {
  /** The kernel's numbers of those of the last time (SO_COOKIE). */
  #known: ReadonlySet<string> = new Set();

  /**
   * Closes one that was looked at last for the second time.
   *
   * @param connections all of them
   * @param last those among them that were looked at last
   * @returns those that go on
   */
  without(
    connections: readonly MovedConnection[],
    ...last: readonly (MovedConnection | undefined)[]
  ): readonly MovedConnection[] {
    const cookies = new Map(
      last.filter((connection) => connection !== undefined).map((connection) =>
        [pack(socketCookie(connection.fd as Descriptor)), connection] as const
      ),
    );
    const closed = [...cookies].filter(([cookie]) => this.#known.has(cookie)).map(([, connection]) =>
      connection
    );
    for (const { fd } of closed) close(fd as Descriptor);
    this.#known = new Set(cookies.keys());
    return connections.filter((connection) => !closed.includes(connection));
  }
}
