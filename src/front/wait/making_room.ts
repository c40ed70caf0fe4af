/** Who goes when descriptors are short, so that others can come. */

import { ADDRESS_BYTES } from "../../protocol/messages.ts";
import type { Connection } from "../connection/connection.ts";
import { Crowd } from "../connection/crowd.ts";
import type { Core } from "../core/core.ts";
import { Repeats } from "../core/repeats.ts";
import type { Parking } from "./parking.ts";
import type { Examination } from "./reclaimed.ts";

/** Connections closed in one go, for one that waits and perhaps others: the next turn closes more if there are more. */
const TOGETHER = 8;

/** Who looks at connections, and who ends them. */
export interface RoomTools {
  readonly examination: Examination;
  readonly end: (connection: Connection) => void;
}

/** What a connection was doing that had to make room. */
export type Yielding = "silent" | "refused" | "idle" | "unfinished";

/**
 * Whoever costs its client least to lose goes first: connections on which nothing was asked yet; then those that were
 * answered with an error and only linger; then those that are idle between two requests; in the end those whose heads are not
 * complete. Of the first and the last sort that of the client that has most, and its oldest: one address that opens
 * connections without end closes its own.
 */
export class MakingRoom {
  readonly #core: Core;
  readonly #parking: Parking;
  readonly #tools: RoomTools;
  readonly #silent = new Crowd<Connection>();
  readonly #unfinished = new Crowd<Connection>();
  readonly #told: Repeats<{ readonly what: Yielding; readonly client: string }>;

  /** What the connection was doing that was chosen last. */
  #chosen: Yielding = "silent";

  constructor(core: Core, parking: Parking, tools: RoomTools) {
    this.#core = core;
    this.#parking = parking;
    this.#tools = tools;
    this.#told = new Repeats(core, (what, count) => core.report({ type: "made-room", ...what, count }));
  }

  /** Notes a connection that is read and whose head is not complete. It is left out again as soon as it goes on. */
  note(connection: Connection): void {
    const crowd = connection.seen === 0 ? this.#silent : this.#unfinished;
    if (connection.crowd === crowd) return;
    connection.crowd?.leave(connection);
    crowd.enter(connection);
  }

  /** Ends connections that can be spared. @returns false where there are none */
  make(): boolean {
    const { examination, end } = this.#tools;
    for (let count = 0; count < TOGETHER; count++) {
      const one = this.#next();
      if (one === undefined) return count > 0;
      const { crowd } = one;
      // What has come since the last look counts: it may be handed over, and make room that way.
      if (crowd !== undefined) examination.examine(one);
      if (one.crowd !== crowd || one.state === "free") continue;
      const client = clientText(one.client);
      this.#told.add(`${this.#chosen} ${client}`, { what: this.#chosen, client });
      end(one);
    }
    return true;
  }

  #next(): Connection | undefined {
    return this.#choose("silent", this.#silent.worst) ??
      this.#choose("refused", this.#core.deadlines.linger.first as Connection | undefined) ??
      this.#choose("idle", this.#parking.leaveOldest()) ??
      this.#choose("unfinished", this.#unfinished.worst);
  }

  #choose(what: Yielding, connection: Connection | undefined): Connection | undefined {
    if (connection !== undefined) this.#chosen = what;
    return connection;
  }
}

/** An address as people read it; of IPv6 what a client is told by. */
function clientText(address: Uint8Array): string {
  const bytes = address.subarray(ADDRESS_BYTES);
  if (address[0] !== 6) return bytes.subarray(0, 4).join(".");
  const groups = [0, 2, 4, 6].map((at) => (bytes[at]! << 8 | bytes[at + 1]!).toString(16));
  return `${groups.join(":")}::/64`;
}
