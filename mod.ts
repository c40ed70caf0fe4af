/**
 * fdpass as a library: receive connections in your own program, and everything needed to speak the hand-off protocol.
 *
 * @example A server in one file
 * ```ts
 * import { serve } from "@fdpass/fdpass";
 *
 * const server = serve((request, info) => new Response(`Hello, ${info.remoteAddr.hostname}`), {
 *   socket: "/run/app/web.sock",
 * });
 * await server.finished;
 * ```
 *
 * @module
 */
export { type BackendServer, serve, type ServeOptions } from "./src/backend/serve.ts";
export type { FetchHandler, FetchModule, RequestInfo } from "./src/backend/fetch/handler.ts";
export type { TcpAddress } from "./src/backend/address.ts";
export {
  Backend,
  type BackendEvent,
  type BackendOptions,
  type ConnectionServer,
} from "./src/backend/backend.ts";
export { Connection, ConnectionLost } from "./src/backend/connection.ts";
export { type ListenerOptions, ListenError } from "./src/backend/listener.ts";
