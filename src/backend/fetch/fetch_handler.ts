/** From an exchange to `Request`, and from `Response` back to the connection. */

import { ConnectionLost } from "../connection.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import type { RequestBody } from "../http/request_body.ts";
import type { FetchHandler, RequestInfo } from "./handler.ts";

const EMPTY = new Uint8Array(0);
/** Microtasks after which a promise counts as one that really waits for something. */
const PATIENCE = 4;

/** Methods that the Fetch standard forbids in a `Request`. */
const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Serves requests with a fetch-style handler. */
export class FetchRequestHandler implements RequestHandler {
  constructor(readonly handler: FetchHandler) {}

  async handle(exchange: Exchange): Promise<void> {
    if (FORBIDDEN.has(exchange.method)) {
      return await exchange.respond(501, [["Content-Type", "text/plain"]], encode("501 Not Implemented\n"));
    }
    const url = requestUrl(exchange);
    if (url === undefined) {
      return await exchange.respond(400, [["Content-Type", "text/plain"]], encode("400 Bad Request\n"));
    }
    const abort = new AbortController();
    const completed = Promise.withResolvers<void>();
    // Whoever does not look at it must not be told of its failure as unhandled.
    completed.promise.catch(() => {});
    try {
      const request = makeRequest(exchange, url, abort.signal);
      const response = await this.#respond(exchange, request, abort, completed.promise);
      await send(exchange, response);
      completed.resolve();
    } catch (error) {
      abort.abort(error);
      completed.reject(error);
      throw error;
    } finally {
      exchange.connection.onGone(undefined);
    }
  }

  async #respond(
    exchange: Exchange,
    request: Request,
    abort: AbortController,
    completed: Promise<void>,
  ): Promise<Response> {
    const answer = this.handler(request, new Info(exchange, completed));
    const pending = answer instanceof Response ? undefined : Promise.resolve(answer);
    if (pending !== undefined && !await settlesAtOnce(pending)) {
      // Only a handler that takes its time has to be told when the client leaves.
      exchange.connection.onGone(() => abort.abort(new ConnectionLost("The client is gone")));
    }
    const response = pending === undefined ? answer : await pending;
    if (!(response instanceof Response)) {
      throw new TypeError("Cannot respond: the handler returned no Response");
    }
    if (response.type === "error") {
      throw new TypeError("Cannot respond: the handler returned Response.error()");
    }
    if (response.bodyUsed) {
      throw new TypeError("Cannot respond: the body of the response has been read already");
    }
    return response;
  }
}

/** What handlers are told; worked out when they ask. */
class Info implements RequestInfo {
  constructor(readonly exchange: Exchange, readonly completed: Promise<void>) {}

  get remoteAddr() {
    return this.exchange.connection.client;
  }

  get localAddr() {
    return this.exchange.connection.local;
  }

  get site() {
    return this.exchange.connection.transfer.site;
  }

  get route() {
    return this.exchange.connection.transfer.route;
  }

  get path() {
    return this.exchange.mappedPath;
  }

  get front() {
    const { name, process } = this.exchange.connection.channel.front!;
    return { name, process };
  }
}

/** The URL of a request (RFC 9112, 3.3); undefined when its parts do not make one. */
function requestUrl(exchange: Exchange): string | undefined {
  const { authority, path, query } = exchange;
  const { hostname, port } = exchange.connection.local;
  const host = authority || (hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`);
  const url = `http://${host}${path.startsWith("/") ? path : "/" + path}${query === "" ? "" : "?" + query}`;
  return URL.canParse(url) ? url : undefined;
}

function makeRequest(exchange: Exchange, url: string, signal: AbortSignal): Request {
  const { method, body } = exchange;
  const headers = exchange.fields() as [string, string][];
  // The Fetch standard has no content for these two; what was sent is read away afterwards.
  if (body.done || method === "GET" || method === "HEAD") {
    return new Request(url, { method, headers, signal });
  }
  return new Request(url, { method, headers, signal, body: streamOf(body) });
}

/** The content as a stream that reads from the connection only when it is read itself. */
function streamOf(body: RequestBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const piece = await body.read();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  }, { highWaterMark: 0 });
}

/** Whether a promise settles without waiting for anything but other promises. */
async function settlesAtOnce(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  for (let i = 0; i < PATIENCE && !settled; i++) await undefined;
  return settled;
}

async function send(exchange: Exchange, response: Response): Promise<void> {
  const fields: Field[] = [...response.headers];
  const { status, statusText, body } = response;
  const reason = statusText || undefined;
  const declared = contentLength(response.headers);
  if (body === null) {
    const length = exchange.method === "HEAD" ? declared ?? 0 : 0;
    if (length === 0) return await exchange.respond(status, fields, EMPTY, reason);
    await exchange.start(status, fields, length, false, reason);
    return;
  }
  const reader = body.getReader();
  try {
    if (declared !== undefined) return await sendCounted(exchange, reader, fields, response, declared);
    const first = await reader.read();
    if (first.done) return await exchange.respond(status, fields, EMPTY, reason);
    // A content that is all there in one piece, as most are, is sent with its length; what takes longer as it comes.
    let next = reader.read();
    if (await settlesAtOnce(next)) {
      const second = await next;
      if (second.done) return await exchange.respond(status, fields, bytesOf(first.value), reason);
      next = Promise.resolve(second);
    }
    if (!await exchange.start(status, fields, undefined, true, reason)) return void await reader.cancel();
    await exchange.write(bytesOf(first.value));
    for (let piece = await next; !piece.done; piece = await reader.read()) {
      await exchange.write(bytesOf(piece.value));
    }
    await exchange.finish();
  } catch (error) {
    // Tells the source that nobody reads on. Its own errors there are not ours.
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** Content whose length the handler has said: it is held to it, since the client is. */
async function sendCounted(
  exchange: Exchange,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  fields: readonly Field[],
  response: Response,
  length: number,
): Promise<void> {
  const { status, statusText } = response;
  if (!await exchange.start(status, fields, length, true, statusText || undefined)) {
    return void await reader.cancel();
  }
  let sent = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    sent += piece.value.byteLength;
    if (sent > length) break;
    await exchange.write(bytesOf(piece.value));
  }
  if (sent !== length) {
    throw new Error(
      `Cannot send the response: its Content-Length is ${length}, its content is ${
        sent > length ? "longer" : `${sent} bytes`
      }`,
    );
  }
}

function contentLength(headers: Headers): number | undefined {
  const value = headers.get("content-length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function bytesOf(piece: unknown): Uint8Array<ArrayBuffer> {
  if (piece instanceof Uint8Array) return piece as Uint8Array<ArrayBuffer>;
  throw new TypeError("Cannot respond: the body's stream has something in it that is not a Uint8Array");
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
