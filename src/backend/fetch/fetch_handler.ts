/** From an exchange to a handler and back. */

import { promised, type Steps } from "../../loop/course.ts";
import { ConnectionLost } from "../connection/connection.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import { SMALL_LETTERS } from "../http/own_fields.ts";
import { BodyError } from "../http/request_body.ts";
import { departed, Departure } from "./departure.ts";
import { exchangeRequest } from "./exchange_request.ts";
import type { FetchHandler } from "./handler.ts";
import { ExchangeInfo } from "./info.ts";
import { sendAtOnce, sendStream, STREAMED } from "./send_response.ts";
import { abortRequest, isAbortOf } from "./served_request.ts";
import { settlesAtOnce } from "./settles.ts";
import { UpgradeError } from "./upgrade_error.ts";

/**
 * Takes what a handler threw.
 *
 * @returns what the client gets; if nothing, or something that is no response, a 500 that says no more than that
 */
export type ErrorHandler = (error: unknown, exchange: Exchange) => unknown;

/** Serves requests with a fetch-style handler. */
export class FetchRequestHandler implements RequestHandler {
  /** @param report takes what `onError` throws itself */
  constructor(
    readonly handler: FetchHandler,
    readonly onError: ErrorHandler,
    readonly report: ErrorHandler = onError,
  ) {}

  handle(exchange: Exchange): Steps<void> | Promise<void> | undefined {
    exchange.spelling = SMALL_LETTERS;
    const info = new ExchangeInfo(exchange);
    const request = exchangeRequest(exchange, info);
    if (request === undefined) return say(exchange, 400, "400 Bad Request\n");
    let sending: Promise<void> | undefined;
    try {
      const answer = this.handler(request, info);
      sending = answer instanceof Response
        ? this.#send(exchange, request, info, answer)
        : this.#sendLater(exchange, request, info, Promise.resolve(answer));
    } catch (error) {
      sending = Promise.reject(error);
    }
    if (sending !== undefined) return this.#conclude(sending, exchange, request, info);
    ExchangeInfo.end(info, {});
    return undefined;
  }

  /** Sends what a handler has promised. */
  async #sendLater(
    exchange: Exchange,
    request: Request,
    info: ExchangeInfo,
    answer: Promise<Response>,
  ): Promise<void> {
    if (await settlesAtOnce(answer)) {
      return await this.#send(exchange, request, info, await answer);
    }
    // Only a handler that takes its time has to be told when the client leaves.
    const departure = new Departure(exchange, request);
    departure.watch();
    let response: Response;
    try {
      response = await answer;
    } finally {
      departure.end();
    }
    await this.#send(exchange, request, info, response);
  }

  /** Sends a response, or lets the connection go where the handler has sent it instead. */
  #send(
    exchange: Exchange,
    request: Request,
    info: ExchangeInfo,
    response: Response,
  ): Promise<void> | undefined {
    // Another protocol is spoken on the connection by now: a response has no place on it, whatever it says.
    if (exchange.progress === "left") {
      if (response instanceof Response) response.body?.cancel().catch(() => {});
      return undefined;
    }
    const switching = ExchangeInfo.switching(info);
    if (switching !== undefined) {
      if (response === switching.response) return switching.complete();
      switching.abandon("the handler has responded otherwise");
    }
    return this.#respond(exchange, request, response);
  }

  #respond(exchange: Exchange, request: Request, response: Response): Promise<void> | undefined {
    const sent = sendAtOnce(exchange, checked(response));
    if (sent !== STREAMED) return sent;
    return sendStream(exchange, response, new Departure(exchange, request));
  }

  /** Waits until a response has been sent, or cannot be, and tells those who want to know. */
  async #conclude(
    sending: Promise<void>,
    exchange: Exchange,
    request: Request,
    info: ExchangeInfo,
  ): Promise<void> {
    try {
      await sending.catch((error: unknown) => this.#answerFor(error, exchange, request, info));
      ExchangeInfo.end(info, {});
    } catch (error) {
      abortRequest(request, departed());
      // What `Deno.serve` says that it says.
      const cause = new Deno.errors.Interrupted("The response could not be sent", { cause: error });
      ExchangeInfo.end(info, { error: cause });
      throw error;
    } finally {
      exchange.connection.onGone(undefined);
    }
  }

  /** Responds in place of a handler that has failed, if the client can still be told. */
  async #answerFor(error: unknown, exchange: Exchange, request: Request, info: ExchangeInfo): Promise<void> {
    ExchangeInfo.switching(info)?.abandon("the handler has failed");
    // A handler that passes on why it was told to stop has not failed.
    if (isAbortOf(request, error)) throw new ConnectionLost("Cannot respond: the client is gone");
    if (exchange.responded || error instanceof ConnectionLost || error instanceof BodyError) throw error;
    // Not the handler's fault, nor ours.
    if (error instanceof UpgradeError) {
      return await promised(say(exchange, 400, `400 Bad Request: ${error.why}\n`, error.fields));
    }
    try {
      const answer = await this.onError(error, exchange);
      if (answer instanceof Response) return await this.#respond(exchange, request, answer);
    } catch (another) {
      if (exchange.responded || another instanceof ConnectionLost) throw another;
      this.report(another, exchange);
    }
    await promised(exchange.respond(500, [], "Internal Server Error"));
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
): Steps<void> {
  return exchange.respond(status, [["Content-Type", "text/plain; charset=utf-8"], ...fields], text);
}
