/** The `Request` of an exchange. */

import { ConnectionLost } from "../connection/connection.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestBody } from "../http/request_body.ts";
import { departed } from "./departure.ts";
import type { ExchangeInfo } from "./info.ts";
import { toldHost } from "../http/told.ts";
import { isCertainHost, requestUrl } from "./request_url.ts";
import { abortRequest, type RequestParts, servedRequest } from "./served_request.ts";

/** Methods whose requests have no content for a handler. What was sent all the same is read away. */
const CONTENTLESS: ReadonlySet<string> = new Set(["GET", "HEAD", "CONNECT"]);

/** Made for every request, and asked for little of it. */
class ExchangeParts implements RequestParts {
  readonly method: string;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, readonly info: ExchangeInfo) {
    this.method = exchange.method;
    this.#exchange = exchange;
  }

  get url(): string {
    return requestUrl(this.#exchange);
  }

  fields(): [string, string][] {
    return withOneCookie(this.#exchange.fields());
  }

  content(request: Request): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (CONTENTLESS.has(this.method)) return undefined;
    return streamOf(this.#exchange.body, () => abortRequest(request, departed()));
  }
}

/** The request that a handler gets; undefined when its parts do not make a URL. */
export function exchangeRequest(exchange: Exchange, info: ExchangeInfo): Request | undefined {
  // No path and no query keeps a URL from being one.
  if (!isCertainHost(toldHost(exchange)) && !URL.canParse(requestUrl(exchange))) return undefined;
  return servedRequest(new ExchangeParts(exchange, info));
}

/** The fields of a request for `Headers`, which joins those of one name with commas: cookies are not a list (RFC 6265, 5.4). */
function withOneCookie(fields: readonly Field[]): [string, string][] {
  const isCookie = ([name]: Field) => name.length === 6 && name.toLowerCase() === "cookie";
  const cookies = fields.filter(isCookie);
  if (cookies.length < 2) return fields as [string, string][];
  const others = fields.filter((field) => !isCookie(field)) as [string, string][];
  return [...others, ["cookie", cookies.map(([, value]) => value).join("; ")]];
}

/**
 * The content as a stream that reads from the connection only when it is read itself. A reader that brings its own memory
 * (`getReader({ mode: "byob" })`) has it filled, and nothing is allocated for it.
 *
 * @param onLost called when the client has left in the middle of it
 */
function streamOf(body: RequestBody, onLost: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  const tell = (error: unknown) => {
    if (error instanceof ConnectionLost) onLost();
    throw error;
  };
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { byobRequest } = controller;
      if (byobRequest === null) {
        const piece = await body.read().catch(tell);
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
        return;
      }
      const { buffer, byteOffset, byteLength } = byobRequest.view!;
      const size = await body.readInto(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)).catch(
        tell,
      );
      if (size === 0) controller.close();
      byobRequest.respond(size);
    },
  });
}
