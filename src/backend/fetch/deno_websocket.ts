/** `Deno.upgradeWebSocket` for requests on handed-over connections. */

import type { WebSocketOptions, WebSocketUpgrade } from "./handler.ts";
import { infoOf } from "./served_request.ts";

/**
 * Answers a request with a WebSocket. For a request that `Deno.serve` has received it is `Deno.upgradeWebSocket`, so a
 * handler works there as well.
 *
 * @param request the one that the handler was given
 * @throws {TypeError} when the client has not asked for one, or the request has been answered or upgraded already
 *
 * @example
 * ```ts
 * import { upgradeWebSocket } from "@fdpass/fdpass";
 *
 * export default {
 *   fetch(request: Request): Response {
 *     const { socket, response } = upgradeWebSocket(request);
 *     socket.onmessage = ({ data }) => socket.send(data);
 *     return response;
 *   },
 * };
 * ```
 */
export function upgradeWebSocket(request: Request, options: WebSocketOptions = {}): WebSocketUpgrade {
  return infoOf(request)?.upgradeWebSocket(options) ?? Deno.upgradeWebSocket(request, options);
}

/**
 * Has `Deno.upgradeWebSocket` take this backend's requests too, so that what was written for `deno serve`, libraries
 * included, runs as it is. For a process that does nothing but run such a module.
 */
export function extendDeno(): void {
  const { upgradeWebSocket: own } = Deno;
  Deno.upgradeWebSocket = (request, options = {}) => {
    return infoOf(request)?.upgradeWebSocket(options) ?? own(request, options);
  };
}
