/** How the front's part in a connection ends. */

import { close, type Descriptor, EPOLLIN, resetConnection } from "../../ffi/mod.ts";
import type { AnswerStatus } from "../http/answers.ts";
import type { RefusalLines } from "./answer/refusal_lines.ts";
import { Refusals } from "./answer/refusals.ts";
import type { Answer } from "../rules/site.ts";
import { type Connection, NOTHING } from "./connection/connection.ts";
import type { ConnectionPool } from "./connection/connection_pool.ts";
import type { Core } from "./core/core.ts";
import { counterIndex } from "./core/counters.ts";
import type { Look } from "./look/look.ts";
import type { Astray } from "./route/listener_routes.ts";
import type { Exhaustion } from "./wait/exhaustion.ts";

const REFUSED = counterIndex("refused");
const DROPPED = counterIndex("dropped");

const SPEAKS_HTTP2 = "the client speaks HTTP/2";

/** Refuses, drops and ends connections: nobody else closes one. */
export class Endings {
  readonly #core: Core;
  readonly #pool: ConnectionPool;
  readonly #exhaustion: Exhaustion;
  readonly #emptied: () => void;
  readonly #refusals: Refusals;

  /** @param emptied called when a front that stops owns no connection any more */
  constructor(core: Core, pool: ConnectionPool, exhaustion: Exhaustion, emptied: () => void) {
    this.#core = core;
    this.#pool = pool;
    this.#exhaustion = exhaustion;
    this.#emptied = emptied;
    this.#refusals = new Refusals(core);
  }

  /**
   * Answers with an error and ends the connection so that the client can read it.
   *
   * @param why for people, and in the answer
   * @param head whether the request is a HEAD, whose answer has no content
   * @param ruled what rules say of the answer
   */
  refuse(connection: Connection, status: AnswerStatus, why: string, head: boolean, ruled?: Answer): void {
    this.#core.counters.add(REFUSED, 1);
    if (connection.begun) return this.#breakOff(connection, why);
    if (connection.unread || connection.unannounced) return this.closeUnanswered(connection, why);
    this.#core.reasons.count(status, why);
    this.#refusals.answer(connection, status, why, head, ruled);
    this.#takeLeave(connection);
  }

  /** The same to a client that speaks HTTP/2, in its own language. */
  refuseHttp2(connection: Connection): void {
    this.#core.counters.add(REFUSED, 1);
    this.#core.reasons.count(505, SPEAKS_HTTP2);
    this.#refusals.answerHttp2(connection, SPEAKS_HTTP2);
    this.#takeLeave(connection);
  }

  /** Ends our side, and waits for the client's end. */
  #takeLeave(connection: Connection): void {
    const { deadlines, loop } = this.#core;
    connection.to("refusing");
    connection.endSending();
    deadlines.linger.start(connection, loop.now);
    // Level-triggered from here on: each turn reads some away, and other connections get theirs.
    connection.watchAnew(EPOLLIN);
  }

  /** Ends a connection whose client would not understand an answer. */
  closeUnanswered(connection: Connection, why: string): void {
    this.#core.reasons.count(0, why);
    this.#refusals.unanswered(connection, why);
    this.end(connection);
  }

  /**
   * Answers a request that leads nowhere. Where rules say what, and the request has no content, its head is taken out of
   * the socket, and another one may follow.
   *
   * @returns whether one may; otherwise the connection has come to its end
   */
  answer(connection: Connection, look: Look, { status, why, answer }: Astray): boolean {
    const { isHead } = connection;
    if (answer === undefined || !this.#mayFollow(connection, look)) {
      this.refuse(connection, status, why, isHead, answer);
      return false;
    }
    this.#refusals.announce(connection, answer);
    if (!look.takeHead(connection) || !this.#refusals.answerRuled(connection, answer, isHead)) {
      this.drop(connection);
      return false;
    }
    this.#core.counters.add(REFUSED, 1);
    this.#core.reasons.count(status, why);
    connection.preread = NOTHING;
    connection.error = undefined;
    connection.requests = Math.min(connection.requests + 1, 0xffff);
    // Watched afresh: what the client has sent meanwhile is an event once more.
    connection.unwatch();
    connection.stopDeadline();
    return true;
  }

  #mayFollow(connection: Connection, { head }: Look): boolean {
    const { stopping, limits: { requests } } = this.#core;
    return head.keepAlive && head.minor === 1 && head.contentLength <= 0 && !head.chunked &&
      connection.preread.length <= head.end && !connection.ended && !stopping && !connection.begun &&
      (requests === 0 || connection.requests + 1 < requests);
  }

  /** The access log for what is refused. */
  get lines(): RefusalLines {
    return this.#refusals.lines;
  }

  /** Something has come from a client that was refused, or it has gone: reads away, and ends with the client's side. */
  refusedReady(connection: Connection): void {
    if (this.#refusals.readAway(connection.fd)) this.end(connection);
  }

  /**
   * Ends a connection on which a response has begun that nobody goes on with. A reset, since what has no length ends
   * where the connection does: the client must not take what it has for the whole (RFC 9112, 8).
   */
  #breakOff(connection: Connection, why: string): void {
    this.#core.reasons.count(0, why);
    this.#core.report({ type: "response-broken-off", why });
    resetConnection(connection.fd);
    this.end(connection);
  }

  /** Ends a connection without a word: its client is gone, or asks nothing (more). */
  drop(connection: Connection): void {
    if (connection.requests === 0) this.#core.counters.add(DROPPED, 1);
    this.leave(connection);
  }

  /** Ends a connection that is idle. */
  leave(connection: Connection): void {
    connection.sayEnd();
    this.end(connection);
  }

  /** Ends our part in a connection. */
  end(connection: Connection): void {
    close(this.release(connection));
    this.checkEmpty();
  }

  /**
   * The same where somebody else goes on with it.
   *
   * @returns its descriptor: the caller's, who has {@linkcode checkEmpty} look when the connection is where it goes
   */
  release(connection: Connection): Descriptor {
    const fd = connection.letGo();
    this.#pool.give(connection);
    if (this.#exhaustion.paused) this.#exhaustion.resume();
    return fd;
  }

  /** The same where it is a backend's. @returns our copy of its descriptor, the caller's to close at once */
  handedOver(connection: Connection): Descriptor {
    const fd = this.release(connection);
    this.checkEmpty();
    return fd;
  }

  /** Says so if the front stops, and owns no connection any more. */
  checkEmpty(): void {
    if (this.#core.stopping && this.#pool.open === 0) this.#emptied();
  }
}
