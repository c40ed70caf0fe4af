/** Where a connection is in its life, and what may follow. At every moment exactly one part answers for its descriptor. */

/**
 * - `free`: nobody answers for it; the object waits in the pool, without a descriptor
 * - `reading`: the front does, until the request head is complete, its deadline passes or the client goes
 * - `parked`: the front as well, which waits for the next request on a connection that a backend gave back
 * - `waiting`: the waiting line of a route's backends
 * - `asking`: the front, which finds out something about the request before it decides: whether a password is right
 * - `handed`: the channel it was sent on, until the backend has acknowledged it; then our copy is closed
 * - `reclaimed`: the front again, since the hand-off came to nothing; it is looked at at the end of the turn
 * - `refusing`: the front, which has answered with an error and reads the rest away before it closes
 *
 * ```
 * accept, RETURN → reading → handed → (ACK) free
 *                  ↕ │ ↕ ↖      │ NACK, channel gone, no ACK in time
 *     parked, asking │ waiting ╲ ↓
 *                    │          reclaimed
 *                    └→ refusing → free
 * ```
 *
 * `reading` ends in `free` as well, when the client goes or Apache's protocol takes the connection.
 */
export type ConnectionState =
  | "free"
  | "reading"
  | "parked"
  | "waiting"
  | "asking"
  | "handed"
  | "reclaimed"
  | "refusing";

/** What may follow each state. Whoever has waited, in whatever way, is read afresh before anything is decided. */
const NEXT: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = {
  free: ["reading"],
  // Straight to `free` when its client goes, or when Apache's protocol hands it over: there is no ACK to wait for.
  reading: ["handed", "free", "waiting", "asking", "parked", "refusing"],
  parked: ["reading"],
  waiting: ["reading"],
  asking: ["reading"],
  handed: ["free", "reclaimed"],
  reclaimed: ["reading"],
  refusing: ["free"],
};

/**
 * Sees to it that a change of state is one of those above.
 *
 * @throws {Error} if it is none: the front has lost track of who answers for a descriptor, and must not go on
 */
export function assertFollows(state: ConnectionState, next: ConnectionState): void {
  if (!NEXT[state].includes(next)) throw new Error(`A connection cannot go from ${state} to ${next}`);
}
