/** How a backend is run. */

import type { Compression } from "../config/compression.ts";
import type { BackendEvent } from "./backend_event.ts";
import type { ListenerOptions } from "./channel/listener.ts";
import type { ContentTerms } from "./http/content_terms.ts";
import type { LogOptions } from "./log/open_log.ts";
import type { ChosenTimes } from "./times.ts";

/** What a backend is made with. */
export interface BackendOptions extends ListenerOptions, ChosenTimes, Omit<LogOptions, "report"> {
  /** Absolute path of the Unix socket; in a worker, of the dealer's private one. */
  readonly socket: string;
  /** This process is one of so many behind one path, and gets its channels from the one that listens there. */
  readonly workerOf?: number;
  /** Speaks Apache's protocol, not ours: connections come without their requests, and none is given back. */
  readonly apache?: boolean;
  /** What it calls itself to fronts. */
  readonly name: string;
  /** User ids of fronts, besides root and this process's own. */
  readonly allowUsers?: readonly number[];
  /** Hand-offs that may be unacknowledged on a channel; 1024 unless given. */
  readonly window?: number;
  /** Connections that it holds at most; beyond it hand-offs are refused as full. No limit unless given. */
  readonly maxConnections?: number;
  /** What is asked of the content of requests; what is not given is as the kind has it. */
  readonly content?: Partial<ContentTerms>;
  /** Which responses are made smaller on their way; none unless given, or rules say so. */
  readonly compression?: Compression;
  /** Whether a client's X-Request-Id is what its request is called. */
  readonly trustsRequestIds?: boolean | undefined;
  /** Takes what people should know. */
  readonly report?: (event: BackendEvent) => void;
}
