/** HTTP/1.1 on handed-over connections: one request after another, for as long as the hand-off's scope allows. */

import { asksHead, isEmptyLines } from "../../http/head_beginning.ts";
import { KEEP_ALIVE_HOLD, RETURN_IDLE, RETURN_OUT_OF_SCOPE, SCOPE_REQUEST } from "../../protocol/messages.ts";
import { Course, type Steps } from "../../loop/course.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import type { ConnectionServer } from "../connection/connection_server.ts";
import { concludedAtOnce, Conclusion } from "./conclusion.ts";
import { ANY_CONTENT, type ContentTerms } from "./content_terms.ts";
import { Exchange } from "./exchange.ts";
import { HandlerServer } from "./handler_server.ts";
import { HeadReader } from "./head_reader.ts";
import { IdleList } from "./idle_list.ts";
import { keepError } from "./left_error.ts";
import { ReceivedRequest } from "./received_request.ts";
import { refuse } from "./refuse.ts";
import { RequestRates, TOO_MANY_REQUESTS } from "./request_rates.ts";
import type { HttpServerOptions, RequestHandler } from "./request_handler.ts";
import { Served } from "./served.ts";

export type { HttpServerOptions, RequestHandler } from "./request_handler.ts";

/** Requests of one connection that are answered without a wait before others have their turn. */
const MOST_IN_A_ROW = 64;

/** Serves HTTP on every connection of a backend. */
export class HttpServer extends HandlerServer implements ConnectionServer {
  readonly #heads: HeadReader;
  /** Those between two requests, the one that has been so for longest first. */
  readonly #idle = new IdleList<Served>();
  /** Connections that were given back, in case they come back from that. */
  readonly #away = new WeakMap<Connection, Served>();
  readonly #rates = new RequestRates();
  readonly #conclusion: Conclusion;
  #draining = false;
  #contentTerms: ContentTerms | undefined;

  constructor(handler: RequestHandler, readonly options: HttpServerOptions) {
    super(handler);
    this.#heads = new HeadReader(options.limits);
    this.#conclusion = new Conclusion(options.onError, (served) => this.#away.set(served.connection, served));
  }

  serve(connection: Connection): void {
    this.#serve(new Served(connection, (served, came) => this.#waited(served, came)));
  }

  /** Whoever is between two requests is given back; the others are when they are answered. */
  drain(): void {
    this.#draining = true;
    for (const served of this.#idle.all()) {
      if (!served.idles) continue;
      this.#giveBack(served, RETURN_IDLE);
      // Given back or not, nobody here waits for it any more.
      served.connection.interrupt();
    }
  }

  /** The front could not take it: an idle connection waits on here, a request on it is answered that it is wrong here. */
  returnFailed(connection: Connection): void {
    const served = this.#away.get(connection);
    if (served === undefined) return connection.close();
    if (served.left !== undefined) return void this.#goesOn(served, keepError(served, served.left));
    if (served.input.length > 0) this.#misdirected(served);
    else if (this.#draining || connection.channel.closed) connection.close();
    else this.#serve(served);
  }

  makeRoom(): boolean {
    const { oldest } = this.#idle;
    if (oldest === undefined) return false;
    this.#idle.delete(oldest);
    oldest.connection.close();
    return true;
  }

  get idle(): number {
    return this.#idle.size;
  }

  /**
   * Answers what has come, until something has to be waited for; then whoever is waited for calls it again. So no promise
   * lies between two requests. Never throws: whatever happens on a connection ends with that connection.
   */
  #serve(served: Served): void {
    const { connection, input, guard, lines } = served;
    try {
      for (let inARow = 1;; inARow++) {
        // A client that sends request behind request leaves others their turn.
        if (inARow > MOST_IN_A_ROW) return void connection.home.loop.others(() => this.#serve(served));
        const { head } = this.#heads;
        // From here to the making of the exchange without a pause: the buffer that is read into and the parsed head are
        // shared with all other connections, which have their turn at every wait.
        const verdict = this.#heads.take(input);
        if (verdict === "more") {
          inARow = 0;
          if (this.#await(served)) continue;
          return;
        }
        served.headDue = 0;
        lines.begin(input.length);
        if (verdict === "reject") return this.#refuse(served, head.status, head.why);
        if (verdict === "end") {
          if (isEmptyLines(input.bytes, input.start, input.end)) return connection.close();
          return this.#refuse(served, 400, "the request ends in its head");
        }
        const { first } = guard;
        const elsewhere = this.#draining && !first;
        if (!guard.admits(input.bytes, head) || elsewhere) {
          input.keep();
          if (this.#giveBack(served, RETURN_OUT_OF_SCOPE)) return;
          return this.#misdirected(served);
        }
        served.requests++;
        const exchange = new Exchange(
          connection,
          input,
          head,
          guard,
          served.goesOn(this.#draining),
          served.requests,
          this.#terms(connection),
        );
        input.keep();
        // The front has counted the first.
        if (!first && !this.#rates.allows(exchange)) {
          connection.home.counters.add("limitedRequests", 1);
          return void this.#goesOn(served, refuse(served, 429, TOO_MANY_REQUESTS, exchange));
        }
        // One response that leaves in one piece waits for nothing; what comes behind another would (RFC 1122, 4.2.3.4).
        if (inARow > 1 || served.requests > connection.transfer.requests + 1) connection.setNoDelay();
        if (!this.#handle(served, exchange)) return;
      }
    } catch (error) {
      this.#failed(served, error);
    }
  }

  /** Has a request handled. @returns as {@linkcode #goesOn} */
  #handle(served: Served, exchange: Exchange): boolean {
    let handled: Course | Promise<void> | undefined;
    try {
      const answer = this.handler.handle(exchange);
      handled = answer === undefined || answer instanceof Promise ? answer : Course.begin(answer);
    } catch (error) {
      return this.#goesOn(served, this.#conclusion.ofFailed(served, exchange, error));
    }
    if (!(handled instanceof Course)) return this.#conclude(served, exchange, handled);
    handled.whenOver(
      () => this.#handled(served, exchange),
      (error) => this.#goesOn(served, this.#conclusion.ofFailed(served, exchange, error)),
    );
    return false;
  }

  /** A handler has come to its end behind a wait. */
  #handled(served: Served, exchange: Exchange): void {
    try {
      if (this.#conclude(served, exchange, undefined)) this.#serve(served);
    } catch (error) {
      this.#failed(served, error);
    }
  }

  /** Ends a request that has been handled, or will have been. @returns as {@linkcode #goesOn} */
  #conclude(served: Served, exchange: Exchange, handled: Promise<void> | undefined): boolean {
    if (handled === undefined) {
      exchange.release();
      const goesOn = concludedAtOnce(served, exchange);
      if (goesOn !== undefined) return goesOn;
    }
    return this.#goesOn(served, this.#conclusion.of(served, exchange, handled));
  }

  /**
   * Has steps gone whose end says whether the connection goes on.
   *
   * @returns whether it does, and its next request can be read at once; behind a wait that is read then
   */
  #goesOn(served: Served, steps: Steps<boolean>): boolean {
    try {
      const course = Course.of(steps);
      if (course.over) return course.result;
      course.whenOver((on) => {
        if (on) this.#serve(served);
      }, (error) => this.#failed(served, error));
    } catch (error) {
      this.#failed(served, error);
    }
    return false;
  }

  #failed({ connection }: Served, error: unknown): void {
    // On its way back to the front it is not this server's: the channel answers for it.
    if (connection.leaving) return;
    connection.close();
    if (!(error instanceof ConnectionLost)) this.options.onError(error, undefined);
  }

  /** What is asked of content here: what the kind asks, unless something else was chosen. */
  #terms({ home }: Connection): ContentTerms {
    return this.#contentTerms ??= { ...ANY_CONTENT, ...this.options.content, ...home.content };
  }

  /**
   * Waits for the rest of a head, or for the next request. A byte now and then is not enough: all of a head has as long as a
   * client may stop for elsewhere.
   *
   * @returns whether something has come already; otherwise {@linkcode #waited} is called
   */
  #await(served: Served): boolean {
    const { connection, input, guard } = served;
    const { home: { times, loop }, transfer } = connection;
    if (guard.first || !isEmptyLines(input.bytes, input.start, input.end)) {
      served.headDue ||= loop.clock() + times.stall.milliseconds;
      return connection.awaitInput(times.stall, times.stall.milliseconds, served.waited);
    }
    const stays = transfer.keepAlive === KEEP_ALIVE_HOLD;
    const mayBeOurs = transfer.detail !== SCOPE_REQUEST;
    if (this.#draining || !(stays || mayBeOurs)) {
      this.#takeLeave(served);
      return false;
    }
    const deadlines = stays ? times.idle : times.moment;
    const milliseconds = stays ? times.idleTime(connection.channel.terms?.idleTime) : deadlines.milliseconds;
    if (connection.awaitInput(deadlines, milliseconds, served.waited)) return true;
    this.#idle.add(served);
    return false;
  }

  /** A wait has ended. @param came whether it has brought something, and not only time has passed */
  #waited(served: Served, came: boolean): void {
    const { connection, input, headDue } = served;
    const isIdle = this.#idle.delete(served);
    if (came && (headDue === 0 || connection.home.loop.clock() < headDue)) return this.#serve(served);
    // Draining has begun, or the whole backend ends.
    if (connection.leaving || connection.closed) return;
    if (isIdle) return this.#takeLeave(served);
    // Who asks nothing is owed nothing.
    if (isEmptyLines(input.bytes, input.start, input.end)) return connection.close();
    served.lines.begin(input.length);
    this.#refuse(served, 408, "its head has not come in time");
  }

  /** Gives a connection back on which nothing was asked. Idle for too long, there is nothing to give back. */
  #takeLeave(served: Served): void {
    const { connection } = served;
    const stayed = connection.transfer.keepAlive === KEEP_ALIVE_HOLD && !this.#draining;
    if (stayed || !this.#giveBack(served, RETURN_IDLE)) connection.close();
  }

  #giveBack(served: Served, reason: number): boolean {
    const { connection, input, requests } = served;
    this.#away.set(connection, served);
    return connection.channel.giveBack({ connection, requests, reason, preread: input.rest() });
  }

  /** RFC 9110, 15.5.20: the client may ask again on another connection. */
  #misdirected(served: Served): void {
    const { connection, input, guard, requests } = served;
    const why = "this connection is for another host or path";
    // Its bytes have been moved since it was read.
    const { head } = this.#heads;
    if (head.parse(input.bytes, input.start, input.end) !== "head") return this.#refuse(served, 421, why);
    const request = new ReceivedRequest(connection, input, head, guard, requests + 1);
    input.start = head.end;
    this.#goesOn(served, refuse(served, 421, why, request));
  }

  /** Refuses what is unread. */
  #refuse(served: Served, status: number, why: string): void {
    const { bytes, start, end } = served.input;
    this.#goesOn(served, refuse(served, status, why, asksHead(bytes, start, end)));
  }
}
