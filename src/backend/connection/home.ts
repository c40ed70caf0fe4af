/** What a connection needs of the process that serves it. */

import type { Loop } from "../../loop/loop.ts";
import type { ContentTerms } from "../http/content_terms.ts";
import type { Times } from "../times.ts";

/** What all connections of a process share. */
export interface Home {
  /** Tells them of events, and of the time. */
  readonly loop: Loop;
  readonly times: Times;
  /** What is asked of the content of requests, as far as it was chosen. */
  readonly content?: Partial<ContentTerms>;
  /** It takes leave of those clients that speak another protocol than HTTP. */
  readonly leaving: boolean;
  /** Where sockets are read into: used within one call only. */
  readonly scratch: Uint8Array<ArrayBuffer>;
  readonly scratchSize: bigint;
}
