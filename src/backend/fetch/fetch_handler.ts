/** From an exchange to a handler and back. */

import { ConnectionLost } from "../connection.ts";
import type { Exchange } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import type { RequestBody } from "../http/request_body.ts";
import type { FetchHandler } from "./handler.ts";
import { ExchangeInfo } from "./info.ts";
import { sendResponse } from "./send_response.ts";
import { ServedRequest } from "./served_request.ts";
import { settlesAtOnce } from "./settles.ts";

/** Methods that the Fetch standard forbids in a `Request`. */
const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Serves requests with a fetch-style handler. */
export class FetchRequestHandler implements RequestHandler {
  constructor(readonly handler: FetchHandler) {}

  async handle(exchange: Exchange): Promise<void> {
    if (FORBIDDEN.has(exchange.method)) return await say(exchange, 501, "501 Not Implemented\n");
    const request = makeRequest(exchange);
    if (request === undefined) return await say(exchange, 400, "400 Bad Request\n");
    const info = new ExchangeInfo(exchange);
    try {
      await sendResponse(exchange, await this.#ask(exchange, request, info));
      ExchangeInfo.end(info, {});
    } catch (error) {
      ServedRequest.abort(request, error);
      ExchangeInfo.end(info, { error });
      throw error;
    } finally {
      exchange.connection.onGone(undefined);
    }
  }

  /** Has the handler answer, and looks at what it returns. */
  async #ask(exchange: Exchange, request: ServedRequest, info: ExchangeInfo): Promise<Response> {
    const answer = this.handler(request, info);
    const pending = answer instanceof Response ? undefined : Promise.resolve(answer);
    if (pending !== undefined && !await settlesAtOnce(pending)) {
      // Only a handler that takes its time has to be told when the client leaves.
      exchange.connection.onGone(() =>
        ServedRequest.abort(request, new ConnectionLost("The client is gone"))
      );
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

async function say(exchange: Exchange, status: number, text: string): Promise<void> {
  await exchange.respond(status, [["Content-Type", "text/plain; charset=utf-8"]], text);
}

/** The URL of a request (RFC 9112, 3.3). */
function requestUrl(exchange: Exchange): string {
  const { authority, path, query } = exchange;
  const host = authority || localHost(exchange);
  return `http://${host}${path.startsWith("/") ? path : "/" + path}${query === "" ? "" : "?" + query}`;
}

/** For a client that does not say which host it means: the address that it connected to. */
function localHost(exchange: Exchange): string {
  const { hostname, port } = exchange.connection.local;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** The request; undefined when its parts do not make a URL. */
function makeRequest(exchange: Exchange): ServedRequest | undefined {
  const { method, body } = exchange;
  const headers = exchange.fields() as [string, string][];
  const url = requestUrl(exchange);
  try {
    // The Fetch standard has no content for these two; what was sent is read away afterwards.
    if (body.done || method === "GET" || method === "HEAD") {
      return new ServedRequest(url, { method, headers });
    }
    return new ServedRequest(url, { method, headers, body: streamOf(body) });
  } catch (error) {
    if (!(error instanceof TypeError) || URL.canParse(url)) throw error;
    return undefined;
  }
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
