/** A backend inside a program of one's own: the counterpart of `Deno.serve` for connections that are handed over. */

import { Backend, type BackendEvent, type BackendOptions } from "./backend.ts";
import { fetchServer } from "./fetch/fetch_server.ts";
import type { ConnectionModule, FetchHandler, FetchModule } from "./fetch/handler.ts";
import { handlersOf } from "./fetch/module.ts";

/** How {@linkcode serve} serves. */
export interface ServeOptions extends Omit<BackendOptions, "name" | "report" | "apache"> {
  /** What it calls itself to fronts; the socket's file name unless given. */
  readonly name?: string;
  /** Stops serving when aborted, as {@linkcode BackendServer.shutdown} does. */
  readonly signal?: AbortSignal;
  /** Takes what a handler threw; it is written to the console unless given. The client gets 500. */
  readonly onError?: (error: unknown) => void;
  /** Takes what happens between this backend and its fronts. */
  readonly onEvent?: (event: BackendEvent) => void;
}

/** A backend that serves. */
export interface BackendServer {
  /** Settles when it has ended. */
  readonly finished: Promise<void>;
  /** Takes nothing new, finishes what it serves, gives back what is idle; settles when that is done. */
  shutdown(): Promise<void>;
}

/**
 * Receives connections at a Unix socket and serves HTTP on them with a handler.
 *
 * @param handler as for `Deno.serve`: a function, or an object with a `fetch` method; or an object with a `connection`
 *   method, which takes connections raw
 * @throws {ListenError} when the socket's path cannot be had
 *
 * @example A server that serves for a moment
 * ```ts
 * import { serve } from "@fdpass/fdpass";
 *
 * const directory = Deno.makeTempDirSync();
 * const server = serve(
 *   (request, info) => new Response(`${info.remoteAddr.hostname} asks for ${new URL(request.url).pathname}\n`),
 *   { socket: `${directory}/web.sock` },
 * );
 * // A front that names the socket in its configuration hands its connections over from now on.
 * await server.shutdown();
 * await server.finished;
 * Deno.removeSync(directory);
 * ```
 */
export function serve(
  handler: FetchHandler | FetchModule | ConnectionModule,
  options: ServeOptions,
): BackendServer {
  const { onError, onEvent, signal, socket } = options;
  const server = fetchServer(
    handlersOf(handler, "the handler"),
    // deno-lint-ignore no-console -- a program without a log of its own should not lose its errors
    (error) => onError === undefined ? console.error(error) : onError(error),
  );
  const backend = new Backend(server, {
    ...options,
    name: options.name ?? socket.slice(socket.lastIndexOf("/") + 1).replace(/\.sock$/, ""),
    ...onEvent === undefined ? {} : { report: onEvent },
  });
  const finished = backend.run().then(() => {
    backend.close();
    backend.loop.close();
  });
  const shutdown = () => backend.drain();
  if (signal?.aborted) void shutdown();
  else signal?.addEventListener("abort", () => void shutdown(), { once: true });
  return { finished, shutdown };
}
