/** HTTP/1.1 on handed-over connections: one request after another, for as long as the hand-off's scope allows. */

import { answer, type AnswerStatus, isAnswerStatus } from "../../http/answers.ts";
import { type HeadLimits, RequestHead } from "../../http/request_head.ts";
import { httpDate } from "../../http/response_head.ts";
import type { ConnectionServer } from "../backend.ts";
import { type Connection, ConnectionLost } from "../connection.ts";
import { RETURN_IDLE, RETURN_OUT_OF_SCOPE } from "../../protocol/messages.ts";
import { Exchange } from "./exchange.ts";
import { Input } from "./input.ts";
import { BodyError } from "./request_body.ts";
import { ScopeGuard } from "./scope_guard.ts";

/** What a backend kind does with a request. */
export interface RequestHandler {
  /** Responds through the exchange. What it throws is logged, and answered with 500 if nothing was sent yet. */
  handle(exchange: Exchange): Promise<void>;
}

/** How requests are served. */
export interface HttpServerOptions {
  /** Limits of a request head. The front has its own, and they should not be wider. */
  readonly limits: HeadLimits;
  /** Takes an error that a handler threw. */
  readonly onError: (error: unknown, exchange: Exchange | undefined) => void;
}

/** Request content that nobody asked for is read away up to this size, in bytes; for more the connection closes. */
const MAX_SKIP = 262_144;

/** Serves HTTP on every connection of a backend. */
export class HttpServer implements ConnectionServer {
  readonly #head: RequestHead;
  /** Connections between two requests. */
  readonly #idle = new Map<Connection, Idle>();
  /** What has been read on connections that were given back, in case they come back from that. */
  readonly #away = new WeakMap<Connection, Input>();
  #draining = false;

  constructor(readonly handler: RequestHandler, readonly options: HttpServerOptions) {
    this.#head = new RequestHead(options.limits);
  }

  serve(connection: Connection): void {
    connection.setNoDelay();
    void this.#serve(connection, new Input(connection));
  }

  /** Whoever is between two requests is given back; the others finish theirs and close. */
  drain(): void {
    this.#draining = true;
    for (const [connection, idle] of [...this.#idle]) {
      this.#giveBack(connection, idle.input, idle.requests, RETURN_IDLE);
      // Given back or not, nobody here waits for it any more.
      connection.interrupt();
    }
  }

  /** The front could not take it: an idle connection is closed, a request on it answered that it is wrong here. */
  returnFailed(connection: Connection): void {
    const input = this.#away.get(connection);
    if (input === undefined || input.length === 0) connection.close();
    else void this.#misdirected(connection);
  }

  /** Never rejects: whatever happens on a connection ends with that connection. */
  async #serve(connection: Connection, input: Input): Promise<void> {
    const guard = new ScopeGuard(connection.transfer);
    let { requests } = connection.transfer;
    try {
      for (;;) {
        // From here to the making of the exchange without a pause: the buffer that is read into and the parsed head are
        // shared with all other connections, which have their turn at every await.
        const verdict = this.#takeHead(input);
        if (verdict === "more") {
          if (!await this.#awaitMore(connection, input, requests, guard.first)) return;
          continue;
        }
        if (verdict === "reject") return await this.#refuse(connection, this.#head.status, this.#head.why);
        if (verdict === "end") {
          if (input.length === 0) return connection.close();
          return await this.#refuse(connection, 400, "the request ends in its head");
        }
        if (!guard.admits(input.bytes, this.#head)) {
          input.keep();
          if (this.#giveBack(connection, input, requests, RETURN_OUT_OF_SCOPE)) return;
          return await this.#misdirected(connection);
        }
        const persistent = guard.goesOn && !this.#draining;
        const exchange = new Exchange(connection, input, this.#head, guard, persistent);
        input.keep();
        requests++;
        if (!await this.#handle(exchange)) return;
      }
    } catch (error) {
      // On its way back to the front it is not this function's: the channel answers for it.
      if (connection.leaving) return;
      connection.close();
      if (!(error instanceof ConnectionLost)) this.options.onError(error, undefined);
    }
  }

  /** Takes what there is up to the end of a head: `more` when that has not come yet, `end` when it never will. */
  #takeHead(input: Input): "head" | "reject" | "more" | "end" {
    for (;;) {
      const verdict = input.length === 0 ? "more" : this.#head.parse(input.bytes, input.start, input.end);
      if (verdict !== "more") return verdict;
      if (!input.take()) return "more";
      if (input.ended) return "end";
    }
  }

  /** Waits for more of a head; false when it is time to go, and the connection is given back or closed. */
  async #awaitMore(connection: Connection, input: Input, requests: number, first: boolean): Promise<boolean> {
    if (input.length === 0 && !first) return await this.#idleUntilReadable(connection, input, requests);
    await connection.readable(connection.backend.stallDeadlines);
    return true;
  }

  /** Waits for the next request; false when it is time to go, and the connection is given back or closed. */
  async #idleUntilReadable(connection: Connection, input: Input, requests: number): Promise<boolean> {
    if (this.#draining) {
      if (!this.#giveBack(connection, input, requests, RETURN_IDLE)) connection.close();
      return false;
    }
    this.#idle.set(connection, { input, requests });
    try {
      await connection.readable(connection.backend.idleDeadlines);
      return true;
    } finally {
      this.#idle.delete(connection);
    }
  }

  #giveBack(connection: Connection, input: Input, requests: number, reason: number): boolean {
    this.#away.set(connection, input);
    return connection.channel.giveBack({ connection, requests, reason, preread: input.rest() });
  }

  /** RFC 9110, 15.5.20: the client may ask again on another connection. */
  #misdirected(connection: Connection): Promise<void> {
    return this.#refuse(connection, 421, "this connection is for another host or path");
  }

  /** Lets the handler respond; afterwards, whether the connection goes on. */
  async #handle(exchange: Exchange): Promise<boolean> {
    const { connection, body } = exchange;
    try {
      await this.handler.handle(exchange);
    } catch (error) {
      if (error instanceof ConnectionLost) throw error;
      if (error instanceof BodyError && !exchange.responded) {
        await this.#refuse(connection, 400, error.why);
        return false;
      }
      this.options.onError(error, exchange);
      if (exchange.responded) {
        // The client must not take what it has for the whole (RFC 9112, 8): no end is marked, the connection breaks off.
        connection.close();
        return false;
      }
      exchange.persistent = false;
      await this.#refuse(connection, 500, undefined, exchange.method === "HEAD");
      return false;
    }
    if (exchange.persistent && !body.done && !await this.#skip(exchange)) exchange.persistent = false;
    if (exchange.persistent) return true;
    if (body.done && exchange.input.length === 0 && !exchange.connection.hasInput()) connection.close();
    else await connection.closeGently();
    return false;
  }

  async #skip(exchange: Exchange): Promise<boolean> {
    try {
      return await exchange.body.skip(MAX_SKIP);
    } catch (error) {
      if (error instanceof BodyError) return false;
      throw error;
    }
  }

  /** Answers with an error and closes. Never rejects. */
  async #refuse(connection: Connection, status: number, why?: string, head = false): Promise<void> {
    const known: AnswerStatus = isAnswerStatus(status) ? status : 400;
    const options = { head, date: httpDate(Date.now()), ...why === undefined ? {} : { why } };
    try {
      await connection.sendAll(answer(known, options) as Uint8Array<ArrayBuffer>);
      await connection.closeGently();
    } catch (error) {
      connection.close();
      if (!(error instanceof ConnectionLost)) throw error;
    }
  }
}

/** A connection between two requests. */
interface Idle {
  readonly input: Input;
  readonly requests: number;
}
