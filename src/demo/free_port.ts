/** Finds a port for the demo. */

import { UsageError } from "../control/failure.ts";

/** The demo is for the person at this machine. */
export const HOST = "127.0.0.1";

/** Ports that are tried. */
const TRIES = 100;
const LAST_PORT = 65_535;

/**
 * The first port from `first` on that can be listened on. The front opens it a moment later; whoever takes it in between
 * is answered by the front's own message.
 *
 * @throws {UsageError} when there is none
 */
export function freePort(first: number): number {
  const last = Math.min(first + TRIES - 1, LAST_PORT);
  for (let port = first; port <= last; port++) {
    try {
      Deno.listen({ hostname: HOST, port }).close();
      return port;
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) continue;
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
      throw new UsageError(`Cannot listen on port ${port} as this user: choose one from 1024 on with --port`);
    }
  }
  throw new UsageError(`Cannot find a free port from ${first} to ${last}: choose another with --port`);
}
