/** A backend inside a program of one's own: the counterpart of `Deno.serve` for connections that are handed over. */

import { Backend, type BackendEvent, type BackendOptions } from "./backend.ts";
import { compressing } from "./fetch/compression.ts";
import { fetchServer } from "./fetch/fetch_server.ts";
import type { ConnectionModule, FetchHandler, FetchModule } from "./fetch/handler.ts";
import { handlersOf } from "./fetch/module.ts";

/** How {@linkcode serve} serves. */
export interface ServeOptions extends Omit<BackendOptions, "name" | "report" | "apache" | "compression"> {
  /** What it calls itself to fronts; the socket's file name unless given. */
  readonly name?: string;
  /** Ends it when aborted: every connection is closed at once, whatever happens on it. */
  readonly signal?: AbortSignal;
  /**
   * Takes what a handler threw; the client gets the response that it returns. Unless given, that is written to the console
   * and the client gets 500.
   */
  readonly onError?: (error: unknown) => unknown;
  /**
   * Whether responses are compressed (br, gzip) for clients that take them so, where their type allows, and nothing in their
   * fields speaks against it. Not unless given.
   */
  readonly automaticCompression?: boolean;
  /** Called when it listens, with the path of its socket. */
  readonly onListen?: (address: Deno.UnixAddr) => void;
  /** Takes what happens between this backend and its fronts. */
  readonly onEvent?: (event: BackendEvent) => void;
}

/** A backend that serves. */
export interface BackendServer extends AsyncDisposable {
  /** Settles when it has ended. */
  readonly finished: Promise<void>;
  /** Where fronts find it. */
  readonly addr: Deno.UnixAddr;
  /**
   * Takes nothing new, finishes what it serves, gives back what is idle, tells WebSockets that it goes away (1001); settles
   * when that is done.
   */
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
  const { onError, onEvent, onListen, signal, socket } = options;
  // deno-lint-ignore no-console -- a program without a log of its own should not lose its errors
  const log = (error: unknown) => console.error(error);
  const report = async (error: unknown) => {
    try {
      await (onError ?? log)(error);
    } catch (another) {
      log(another);
    }
  };
  const handlers = handlersOf(handler, "the handler");
  const { fetch } = handlers;
  const compresses = options.automaticCompression === true && fetch !== undefined;
  const served = compresses ? { ...handlers, fetch: compressing(fetch) } : handlers;
  const server = fetchServer(served, report, onError ?? log);
  const backend = new Backend(server, {
    ...options,
    name: options.name ?? socket.slice(socket.lastIndexOf("/") + 1).replace(/\.sock$/, ""),
    ...onEvent === undefined ? {} : { report: onEvent },
  });
  const finished = backend.run().then(() => {
    backend.close();
    backend.loop.close();
  });
  const addr: Deno.UnixAddr = { transport: "unix", path: socket };
  const shutdown = async () => {
    const drained = backend.drain();
    // It may be open for ever, and nobody else would close it.
    void backend.takeLeave(0);
    await drained;
  };
  const abort = () => backend.close();
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  onListen?.(addr);
  return { addr, finished, shutdown, [Symbol.asyncDispose]: shutdown };
}
