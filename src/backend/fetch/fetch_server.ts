/** What serves the connections of a fetch backend. */

import type { ConnectionServer } from "../connection/connection_server.ts";
import type { Exchange } from "../http/exchange.ts";
import { WIDEST_HEAD } from "../http/head_limits.ts";
import { HttpServer } from "../http/http_server.ts";
import { type ErrorHandler, FetchRequestHandler } from "./fetch_handler.ts";
import type { Handlers } from "./module.ts";
import { RawServer } from "./raw_connection.ts";

/**
 * Serves with a module's handlers.
 *
 * @param report takes what went wrong, with the request that it was about, if it was one. Must not throw
 * @param onError what is done about an error for which there can be a response; it is reported unless given
 */
export function fetchServer(
  { fetch, connection }: Handlers,
  report: (error: unknown, exchange: Exchange | undefined) => void,
  onError: ErrorHandler = report,
): ConnectionServer {
  const http = fetch &&
    new HttpServer(new FetchRequestHandler(fetch, onError, report), { limits: WIDEST_HEAD, onError: report });
  if (connection !== undefined) return new RawServer(connection, http, (error) => report(error, undefined));
  if (http === undefined) throw new TypeError("Cannot serve without a handler");
  return http;
}
