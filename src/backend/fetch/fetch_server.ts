/** What serves the connections of a fetch backend. */

import type { ConnectionServer } from "../connection/connection_server.ts";
import type { Exchange } from "../http/exchange.ts";
import { WIDEST_HEAD } from "../http/head_limits.ts";
import { HttpServer } from "../http/http_server.ts";
import { FetchRequestHandler } from "./fetch_handler.ts";
import type { Handlers } from "./module.ts";
import { RawServer } from "./raw_connection.ts";

/**
 * Serves with a module's handlers.
 *
 * @param onError takes what they threw, with the request that it was about, if it was one
 */
export function fetchServer(
  { fetch, connection }: Handlers,
  onError: (error: unknown, exchange: Exchange | undefined) => void,
): ConnectionServer {
  const http = fetch && new HttpServer(new FetchRequestHandler(fetch), { limits: WIDEST_HEAD, onError });
  if (connection !== undefined) return new RawServer(connection, http, (error) => onError(error, undefined));
  if (http === undefined) throw new TypeError("Cannot serve without a handler");
  return http;
}
