/** HTTP/1.1 on handed-over connections: one request after another, for as long as the hand-off's scope allows. */

import { setImmediate } from "node:timers";
import { asksHead, isEmptyLines } from "../../http/head_beginning.ts";
import {
  KEEP_ALIVE_CLOSE,
  KEEP_ALIVE_HOLD,
  RETURN_IDLE,
  RETURN_OUT_OF_SCOPE,
  SCOPE_REQUEST,
} from "../../protocol/messages.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import type { ConnectionServer } from "../connection/connection_server.ts";
import { ANY_CONTENT, type ContentTerms } from "./content_terms.ts";
import type { ConnectionLines } from "../log/request_log.ts";
import { Exchange } from "./exchange.ts";
import { HeadReader } from "./head_reader.ts";
import { Input } from "./input.ts";
import { BodyError } from "./request_body.ts";
import type { HttpServerOptions, RequestHandler } from "./request_handler.ts";
import { refuse } from "./refuse.ts";
import { ScopeGuard } from "./scope_guard.ts";

export type { HttpServerOptions, RequestHandler } from "./request_handler.ts";

/** Requests of one connection that are answered without a wait before others have their turn. */
const MOST_IN_A_ROW = 64;

/** A connection as it is served here. */
interface Served {
  readonly connection: Connection;
  readonly input: Input;
  readonly guard: ScopeGuard;
  /** Answered on it so far, those that others answered included. */
  requests: number;
  /** Writes lines about its requests, where there is a log. */
  readonly lines: ConnectionLines | undefined;
  /** When the rest of a head must have come, on the loop's clock; 0 while it is not waited for. */
  headDue: number;
}

/** Whether what is unread begins a request for HEAD: what refuses it has no content then. */
function isHead({ bytes, start, end }: Input): boolean {
  return asksHead(bytes, start, end);
}

/** Serves HTTP on every connection of a backend. */
export class HttpServer implements ConnectionServer {
  readonly #heads: HeadReader;
  /** Those between two requests, the one that has been so for longest first. */
  readonly #idle = new Set<Served>();
  /** Connections that were given back, in case they come back from that. */
  readonly #away = new WeakMap<Connection, Served>();
  #draining = false;
  #contentTerms: ContentTerms | undefined;

  constructor(readonly handler: RequestHandler, readonly options: HttpServerOptions) {
    this.#heads = new HeadReader(options.limits);
  }

  serve(connection: Connection): void {
    const { requests } = connection.transfer;
    void this.#serve({
      connection,
      input: new Input(connection),
      guard: new ScopeGuard(connection),
      requests,
      lines: connection.home.log?.lines(connection),
      headDue: 0,
    });
  }

  /** Whoever is between two requests is given back; the others are when they are answered. */
  drain(): void {
    this.#draining = true;
    for (const served of this.#idle) {
      this.#giveBack(served, RETURN_IDLE);
      // Given back or not, nobody here waits for it any more.
      served.connection.interrupt();
    }
  }

  /** The front could not take it: an idle connection waits on here, a request on it is answered that it is wrong here. */
  returnFailed(connection: Connection): void {
    const served = this.#away.get(connection);
    if (served === undefined) return connection.close();
    if (served.input.length > 0) void this.#misdirected(served);
    else if (this.#draining || connection.channel.closed) connection.close();
    else void this.#serve(served);
  }

  makeRoom(): boolean {
    const [oldest] = this.#idle;
    if (oldest === undefined) return false;
    this.#idle.delete(oldest);
    oldest.connection.close();
    return true;
  }

  full(accepted: number): boolean {
    return this.handler.full?.(accepted) ?? false;
  }

  get busy(): boolean {
    return this.handler.busy ?? false;
  }

  async abandon(force: boolean): Promise<void> {
    await this.handler.abandon?.(force);
  }

  forget(): void {
    this.handler.forget?.();
  }

  /** Never rejects: whatever happens on a connection ends with that connection. */
  async #serve(served: Served): Promise<void> {
    const { connection, input, guard, lines } = served;
    try {
      for (let inARow = 1;; inARow++) {
        // A client that sends request behind request leaves others their turn.
        if (inARow % MOST_IN_A_ROW === 0) await new Promise((resolve) => setImmediate(resolve));
        const { head } = this.#heads;
        // From here to the making of the exchange without a pause: the buffer that is read into and the parsed head are
        // shared with all other connections, which have their turn at every await.
        const verdict = this.#heads.take(input);
        if (verdict === "more") {
          inARow = 0;
          const begun = guard.first || !isEmptyLines(input.bytes, input.start, input.end);
          if (!await (begun ? this.#awaitRest(served) : this.#awaitNext(served))) return;
          continue;
        }
        served.headDue = 0;
        lines?.begin(input.length);
        if (verdict === "reject") return await refuse(served, head.status, head.why, isHead(input));
        if (verdict === "end") {
          if (isEmptyLines(input.bytes, input.start, input.end)) return connection.close();
          return await refuse(served, 400, "the request ends in its head", isHead(input));
        }
        const elsewhere = this.#draining && !guard.first;
        if (!guard.admits(input.bytes, head) || elsewhere) {
          input.keep();
          if (this.#giveBack(served, RETURN_OUT_OF_SCOPE)) return;
          return await this.#misdirected(served);
        }
        served.requests++;
        const terms = this.#terms(connection);
        const exchange = new Exchange(
          connection,
          input,
          head,
          guard,
          this.#goesOn(served),
          served.requests,
          terms,
        );
        input.keep();
        // One response that leaves in one piece waits for nothing; what comes behind another would (RFC 1122, 4.2.3.4).
        if (inARow > 1 || served.requests > connection.transfer.requests + 1) connection.setNoDelay();
        const handled = this.#handle(exchange);
        // Most are answered without a wait, and then there is nothing more to be done for them.
        if (handled === undefined && exchange.persistent && exchange.body.done && exchange.responded) {
          lines?.finished(exchange, served.requests, input.length, "+");
          continue;
        }
        if (!await this.#conclude(served, exchange, handled)) return;
      }
    } catch (error) {
      // On its way back to the front it is not this function's: the channel answers for it.
      if (connection.leaving) return;
      connection.close();
      if (!(error instanceof ConnectionLost)) this.options.onError(error, undefined);
    } finally {
      this.#idle.delete(served);
    }
  }

  /** What is asked of content here: what the kind asks, unless something else was chosen. */
  #terms({ home }: Connection): ContentTerms {
    return this.#contentTerms ??= { ...ANY_CONTENT, ...this.options.content, ...home.content };
  }

  /** Whether a connection can have another request: here, or after it was given back. */
  #goesOn({ connection, guard, requests }: Served): boolean {
    const { channel, transfer } = connection;
    if (transfer.keepAlive === KEEP_ALIVE_CLOSE) return false;
    const most = channel.terms?.requests ?? 0;
    if (most > 0 && requests >= most) return false;
    return !channel.closed || (guard.admitsAll && !this.#draining);
  }

  /**
   * Waits for the rest of a head; false when it has not come in time, and the connection is closed. A byte now and then is
   * not enough: all of it has as long as a client may stop for elsewhere.
   */
  async #awaitRest(served: Served): Promise<boolean> {
    const { connection, input } = served;
    const { loop, times: { stall } } = connection.home;
    served.headDue ||= loop.clock() + stall.milliseconds;
    const came = await connection.readableWithin(stall, stall.milliseconds);
    if (came && loop.clock() < served.headDue) return true;
    // Who asks nothing is owed nothing.
    if (connection.closed || isEmptyLines(input.bytes, input.start, input.end)) connection.close();
    else await refuse(served, 408, "its head has not come in time", isHead(input));
    return false;
  }

  /** Waits for the next request; false when it is time to go, and the connection is given back or closed. */
  async #awaitNext(served: Served): Promise<boolean> {
    const { connection } = served;
    const { home: { times }, channel, transfer } = connection;
    const stays = transfer.keepAlive === KEEP_ALIVE_HOLD;
    const mayBeOurs = transfer.detail !== SCOPE_REQUEST;
    if (!this.#draining && (stays || mayBeOurs)) {
      const deadlines = stays ? times.idle : times.moment;
      const milliseconds = stays ? times.idleTime(channel.terms?.idleTime) : deadlines.milliseconds;
      this.#idle.add(served);
      const came = await connection.readableWithin(deadlines, milliseconds);
      this.#idle.delete(served);
      if (came) return true;
      // Draining has begun, or the whole backend ends.
      if (connection.leaving || connection.closed) return false;
    }
    // Idle for too long, there is nothing to give back; otherwise the front parks it.
    if ((stays && !this.#draining) || !this.#giveBack(served, RETURN_IDLE)) connection.close();
    return false;
  }

  #giveBack(served: Served, reason: number): boolean {
    const { connection, input, requests } = served;
    this.#away.set(connection, served);
    return connection.channel.giveBack({ connection, requests, reason, preread: input.rest() });
  }

  /** RFC 9110, 15.5.20: the client may ask again on another connection. */
  #misdirected(served: Served): Promise<void> {
    return refuse(served, 421, "this connection is for another host or path", isHead(served.input));
  }

  /** Lets the handler respond; nothing when it has. What a handler throws, it may throw at once. */
  #handle(exchange: Exchange): Promise<void> | undefined {
    try {
      return this.handler.handle(exchange);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Waits for the response and looks at what is left of the request; whether the connection goes on. */
  async #conclude(
    served: Served,
    exchange: Exchange,
    handled: Promise<void> | undefined,
  ): Promise<boolean> {
    const { connection, body, input } = exchange;
    try {
      await handled;
      if (!exchange.responded) throw new Error("Cannot go on: the handler has not responded");
    } catch (error) {
      await this.#fail(served, exchange, error);
      return false;
    }
    const left = exchange.progress === "left";
    if (!left) body.close();
    if (exchange.persistent && !body.done && !await this.#skip(exchange)) exchange.persistent = false;
    served.lines?.finished(exchange, served.requests, input.length, exchange.persistent ? "+" : "-");
    if (left || exchange.persistent) return !left;
    // Unread bytes would make the kernel reset the connection, and the client lose the answer. Who said that this request
    // was its last sends no more.
    const certain = exchange.isLast && connection.emptied;
    if (body.done && input.length === 0 && (certain || !connection.hasInput())) connection.close();
    else await connection.closeGently();
    return false;
  }

  /** Ends a connection whose handler has failed. */
  async #fail(served: Served, exchange: Exchange, error: unknown): Promise<void> {
    const { connection } = exchange;
    const { lines, requests } = served;
    if (error instanceof ConnectionLost) {
      lines?.finished(exchange, requests, exchange.input.length, "X", "client-gone");
      throw error;
    }
    exchange.body.close();
    if (error instanceof BodyError && !exchange.responded) {
      return await refuse(served, error.status, error.why, exchange);
    }
    this.options.onError(error, exchange);
    if (!exchange.responded) return await refuse(served, 500, undefined, exchange);
    lines?.finished(exchange, requests, exchange.input.length, "X", "handler-failed");
    // The client must not take what it has for the whole (RFC 9112, 8): no end is marked, the connection breaks off.
    if (exchange.progress === "whole") await connection.closeGently();
    else if (exchange.endsByClosing) connection.breakOff();
    else connection.close();
  }

  async #skip(exchange: Exchange): Promise<boolean> {
    try {
      return await exchange.body.skip();
    } catch (error) {
      if (error instanceof BodyError) return false;
      throw error;
    }
  }
}
