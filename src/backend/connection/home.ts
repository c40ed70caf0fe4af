/** What a connection needs of the process that serves it. */

import type { Loop } from "../../loop/loop.ts";
import type { Times } from "../times.ts";

/** What all connections of a process share. */
export interface Home {
  /** Tells them of events, and of the time. */
  readonly loop: Loop;
  readonly times: Times;
  /** It takes leave of those clients that speak another protocol than HTTP. */
  readonly leaving: boolean;
  /** Where sockets are read into: used within one call only. */
  readonly scratch: Uint8Array<ArrayBuffer>;
  readonly scratchSize: bigint;
}
