/** Who has the descriptor of a connection. */

/**
 * Who has the descriptor of a connection, and closes it:
 *
 * - `here`: this object;
 * - `returning`: this object, on behalf of the channel on which the connection goes back to the front;
 * - `program`: another process, which got the socket from this one. Our copy is closed;
 * - `runtime`: a socket of node:net, which has taken the descriptor over;
 * - `nobody`: it is closed.
 *
 * Until it is nobody's, the connection counts as one of its backend's.
 *
 *     here ⇄ returning → nobody
 *       │ ╰→ program ────→ nobody
 *       │ ╰→ runtime ────→ nobody
 *       ╰────────────────→ nobody
 */
export type Holder = "here" | "returning" | "program" | "runtime" | "nobody";

/** Who may have it after whom. */
export const NEXT: { readonly [Before in Holder]: readonly Holder[] } = {
  here: ["returning", "program", "runtime", "nobody"],
  returning: ["here", "nobody"],
  program: ["nobody"],
  runtime: ["nobody"],
  nobody: [],
};
