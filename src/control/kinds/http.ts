/** The HTTP server that the kinds share which answer requests. */

import type { ConnectionServer } from "../../backend/connection/connection_server.ts";
import type { ContentTerms } from "../../backend/http/content_terms.ts";
import { WIDEST_HEAD } from "../../backend/http/head_limits.ts";
import { HttpServer, type HttpServerOptions, type RequestHandler } from "../../backend/http/http_server.ts";
import type { KindLog } from "./program.ts";
import { aboutSite } from "../../backend/log/about_site.ts";

/** An HTTP server whose errors go to the log. @param content what is asked of content, unless something else is chosen */
export function httpServer(handler: RequestHandler, log: KindLog, content?: ContentTerms): ConnectionServer {
  const options = { limits: WIDEST_HEAD, onError: errorsTo(log) };
  return new HttpServer(handler, content === undefined ? options : { ...options, content });
}

/** Writes what handlers throw to the log. */
export function errorsTo(log: KindLog): HttpServerOptions["onError"] {
  return (error, exchange) => {
    const request = exchange === undefined ? "a connection" : `${exchange.method} ${exchange.target}`;
    log.about(exchange && aboutSite(exchange.connection)).error(
      "request-failed",
      "{request} failed: {error}",
      { request, error },
    );
  };
}
