/** What the front hands connections to, whichever protocol is spoken there. */

import type { PathNormalizer } from "../route/path.ts";
import type { BackendLink } from "./backend_link.ts";
import type { Connection } from "./connection.ts";
import type { FrontRoute } from "./front_route.ts";

/**
 * - `greeting`: connected; our HELLO is out, the backend's has not come
 * - `ready`: takes hand-offs
 * - `draining`: takes no more; those under way are still acknowledged or refused
 * - `closed`: gone
 */
export type ChannelState = "greeting" | "ready" | "draining" | "closed";

/** A way to one backend process: a channel of ours (channel.ts), or a path that is spoken to as Apache does. */
export interface HandoffChannel {
  readonly link: BackendLink;
  readonly state: ChannelState;
  /** How busy the backend process is, as far as is known here. */
  readonly load: number;
  /** Turns that it is owed among channels that are as busy, in shares of weight: see BackendGroup. */
  credit: number;
  /** The number of the backend process; 0 until it is known. */
  readonly process: number;
  /** Whether this connection can be handed over now. */
  takes(connection: Connection): boolean;
  /**
   * Hands a connection over.
   *
   * @returns true when the channel answers for the connection from now on; false when it is the front's as before, and
   *   is to be looked at again, or is in no state to be handed over and has ended
   */
  handOff(connection: Connection, route: FrontRoute, path: PathNormalizer): boolean;
  /** Tells the backend of the front's generation. */
  announce(): void;
  /** Takes no more. */
  drain(): void;
  /** Ends a draining channel of ours once nothing is under way on it. */
  endIfIdle(): void;
  /** Ends the channel. @param reason for people @param bye BYE_*, where the backend should be told */
  end(reason: string, bye?: number): void;
}
