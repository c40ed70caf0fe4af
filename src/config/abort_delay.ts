/** Which kinds of backends do something when a client leaves that waits for its response. */

import type { BackendKind } from "./config.ts";

const WAITING: ReadonlySet<BackendKind["kind"]> = new Set(["fetch", "relay"]);

/** Whether a backend of a kind has an `abortDelay`. */
export function hasAbortDelay({ kind }: BackendKind): boolean {
  return WAITING.has(kind);
}
