/**
 * fdpass as a library: receive connections in a program of your own.
 *
 * {@linkcode serve} answers their requests with a handler, as `Deno.serve` does. {@linkcode Backend} takes them in for a
 * {@linkcode ConnectionServer} of your own, which gets each {@linkcode Connection} once it has been acknowledged. Both
 * speak the hand-off protocol themselves; its messages are not part of this module. The libc calls underneath are a
 * module of their own, `@fdpass/fdpass/libc`.
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
export type {
  ConnectionHandler,
  ConnectionModule,
  FetchHandler,
  FetchModule,
  RawConnection,
  RequestInfo,
  TlsClientCertificate,
  TlsInfo,
  Upgrade,
  WebSocketOptions,
  WebSocketUpgrade,
} from "./src/backend/fetch/handler.ts";
export { upgradeWebSocket } from "./src/backend/fetch/deno_websocket.ts";
export type { TcpAddress } from "./src/backend/connection/address.ts";
export { Backend, type BackendEvent, type BackendOptions } from "./src/backend/backend.ts";
export type { ConnectionServer } from "./src/backend/connection/connection_server.ts";
export { Connection, ConnectionLost } from "./src/backend/connection/connection.ts";
export { type ListenerOptions, ListenError } from "./src/backend/channel/listener.ts";
// What a Connection refers to: what the front said of it, where it can be given back, how long to wait for its client.
export type { Transfer } from "./src/protocol/transfer.ts";
export type { Channel } from "./src/backend/channel/channel.ts";
export type { Deadlines } from "./src/loop/deadlines.ts";
