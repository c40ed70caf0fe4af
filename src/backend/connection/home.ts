/** What a connection needs of the process that serves it. */

import type { Loop } from "../../loop/loop.ts";
import type { Compressor } from "../compression/compressor.ts";
import type { ContentTerms } from "../http/content_terms.ts";
import type { ProcessCounters } from "../counters/counters.ts";
import type { RequestLog } from "../log/request_log.ts";
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
  /** Makes responses smaller, where that is said. */
  readonly compressor?: Compressor;
  /** What the process counts. */
  readonly counters: ProcessCounters;
  /** Where lines about requests go, if anywhere. */
  readonly log?: RequestLog | undefined;
  /** Whether a client's X-Request-Id is what its request is called; false unless given. */
  readonly trustsRequestIds?: boolean | undefined;
}
