/** From an exchange to a handler and back. */

import { ConnectionLost } from "../connection/connection.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import type { RequestBody } from "../http/request_body.ts";
import type { FetchHandler } from "./handler.ts";
import { ExchangeInfo } from "./info.ts";
import { isCertainUrl, requestUrl } from "./request_url.ts";
import { sendResponse } from "./send_response.ts";
import { abortRequest, servedRequest } from "./served_request.ts";
import { settlesAtOnce } from "./settles.ts";
import { UpgradeError } from "./upgrade_error.ts";

/** Methods that the Fetch standard forbids in a `Request`. */
const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Methods whose requests have no content there, however they are written. */
const CONTENTLESS = /^(?:GET|HEAD)$/i;

/** Serves requests with a fetch-style handler. */
export class FetchRequestHandler implements RequestHandler {
  constructor(readonly handler: FetchHandler) {}

  handle(exchange: Exchange): Promise<void> | undefined {
    if (FORBIDDEN.has(exchange.method)) return say(exchange, 501, "501 Not Implemented\n");
    const info = new ExchangeInfo(exchange);
    const request = makeRequest(exchange, info);
    if (request === undefined) return say(exchange, 400, "400 Bad Request\n");
    let sending: Promise<void> | undefined;
    try {
      const answer = this.handler(request, info);
      sending = answer instanceof Response
        ? send(exchange, info, answer)
        : sendLater(exchange, request, info, Promise.resolve(answer));
    } catch (error) {
      sending = Promise.reject(error);
    }
    if (sending !== undefined) return conclude(sending, exchange, request, info);
    ExchangeInfo.end(info, {});
    return undefined;
  }
}

/** Sends what a handler has promised. */
async function sendLater(
  exchange: Exchange,
  request: Request,
  info: ExchangeInfo,
  answer: Promise<Response>,
): Promise<void> {
  if (!await settlesAtOnce(answer)) {
    // Only a handler that takes its time has to be told when the client leaves.
    watchClient(exchange, request);
  }
  await send(exchange, info, await answer);
}

/** Sends a response, or lets the connection go where the handler has sent it instead. */
function send(exchange: Exchange, info: ExchangeInfo, response: Response): Promise<void> | undefined {
  // Another protocol is spoken on the connection by now: a response has no place on it, whatever it says.
  if (exchange.progress === "left") {
    if (response instanceof Response) response.body?.cancel().catch(() => {});
    return undefined;
  }
  const switching = ExchangeInfo.switching(info);
  if (switching === undefined) return sendResponse(exchange, checked(response));
  if (response === switching.response) return switching.complete();
  switching.abandon("the handler has responded otherwise");
  return sendResponse(exchange, checked(response));
}

function watchClient(exchange: Exchange, request: Request): void {
  exchange.connection.onGone(() => abortRequest(request, new ConnectionLost("The client is gone")));
}

/** Waits until a response has been sent, or cannot be, and tells those who want to know. */
async function conclude(
  sending: Promise<void>,
  exchange: Exchange,
  request: Request,
  info: ExchangeInfo,
): Promise<void> {
  try {
    await sending;
    ExchangeInfo.end(info, {});
  } catch (error) {
    abortRequest(request, error);
    ExchangeInfo.end(info, { error });
    ExchangeInfo.switching(info)?.abandon("the handler has failed");
    if (!(error instanceof UpgradeError) || exchange.responded) throw error;
    // Not the handler's fault, nor ours.
    await say(exchange, 400, `400 Bad Request: ${error.why}\n`, error.fields);
  } finally {
    exchange.connection.onGone(undefined);
  }
}

/** Looks at what a handler returned: it may not have been written in TypeScript. */
function checked(response: Response): Response {
  if (!(response instanceof Response)) {
    throw new TypeError("Cannot respond: the handler returned no Response");
  }
  if (response.type === "error") {
    throw new TypeError("Cannot respond: the handler returned Response.error()");
  }
  return response;
}

function say(
  exchange: Exchange,
  status: number,
  text: string,
  fields: readonly Field[] = [],
): Promise<void> | undefined {
  return exchange.respond(status, [["Content-Type", "text/plain; charset=utf-8"], ...fields], text);
}

/** The request; undefined when its parts do not make a URL. */
function makeRequest(exchange: Exchange, info: ExchangeInfo): Request | undefined {
  const { method, body } = exchange;
  const url = requestUrl(exchange);
  if (!isCertainUrl(url) && !URL.canParse(url)) return undefined;
  return servedRequest({
    method,
    url,
    info,
    fields: () => exchange.fields() as [string, string][],
    // The Fetch standard has no content for these two; what was sent is read away afterwards.
    content: () => body.done || CONTENTLESS.test(method) ? undefined : streamOf(body),
  });
}

/**
 * The content as a stream that reads from the connection only when it is read itself. A reader that brings its own memory
 * (`getReader({ mode: "byob" })`) has it filled, and nothing is allocated for it.
 */
function streamOf(body: RequestBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { byobRequest } = controller;
      if (byobRequest === null) {
        const piece = await body.read();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
        return;
      }
      const { buffer, byteOffset, byteLength } = byobRequest.view!;
      const size = await body.readInto(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
      if (size === 0) controller.close();
      byobRequest.respond(size);
    },
  });
}
