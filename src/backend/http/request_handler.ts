/** What answers requests, and how they are served to it. */

import type { HeadLimits } from "../../http/request_head.ts";
import type { Steps } from "../../loop/course.ts";
import type { ConnectionServer } from "../connection/connection_server.ts";
import type { ContentTerms } from "./content_terms.ts";
import type { Exchange } from "./exchange.ts";

/** What a backend kind does with a request. */
export interface RequestHandler {
  /**
   * Responds through the exchange. What it throws is logged, and answered with 500 if nothing was sent yet.
   *
   * @returns steps until it has, which the server goes; those who run somebody's JavaScript may have a promise instead
   */
  handle(exchange: Exchange): Steps<void> | Promise<void> | undefined;
  /** As {@linkcode ConnectionServer} has them, for handlers that need more than a connection for a request. */
  readonly begin?: ConnectionServer["begin"];
  readonly full?: ConnectionServer["full"];
  readonly busy?: boolean;
  readonly selfContained?: boolean;
  readonly abandon?: ConnectionServer["abandon"];
  readonly forget?: ConnectionServer["forget"];
}

/** How requests are served. */
export interface HttpServerOptions {
  /** Limits of a request head. The front has its own, and they should not be wider. */
  readonly limits: HeadLimits;
  /** What is asked of content, where nothing else is chosen; nothing unless given. */
  readonly content?: ContentTerms;
  /** Takes an error that a handler threw. */
  readonly onError: (error: unknown, exchange: Exchange | undefined) => void;
}
