/** Connections passed on as they are, with or without a PROXY protocol header before their bytes. */

import type { Plain } from "../../config/config.ts";
import { formatUpstream, type Upstream } from "../../config/upstream.ts";
import { answer, type AnswerStatus } from "../../http/answers.ts";
import { httpDate } from "../../http/response_head.ts";
import { SCOPE_CONNECTION } from "../../protocol/messages.ts";
import { alertRecord, INTERNAL_ERROR } from "../../tls/alerts.ts";
import { Course, type Steps } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import type { ConnectionServer } from "../connection/connection_server.ts";
import type { Home } from "../connection/home.ts";
import type { UpstreamCounters } from "../counters/upstream_counters.ts";
import { ConnectionLine } from "../log/connection_line.ts";
import { proxyHeader } from "./proxy_header.ts";
import { room, roomSize } from "./relay_buffer.ts";
import { closePipes } from "./spliced.ts";
import { Tunnel } from "./tunnel.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import { UpstreamError, type UpstreamStatus } from "./upstream_error.ts";
import { type PoolOptions, UpstreamPool } from "./upstream_pool.ts";
import type { AboutSite } from "../../logs/rules.ts";
import { aboutSite } from "../log/about_site.ts";
import { Absence } from "./absence.ts";

/**
 * What a plain relay tells people: that its upstream cannot be reached, and that it can be again; a connection that got
 * none; once, that it was handed connections on which not every request is its own; and mistakes of its own.
 */
export type PlainRelayEvent =
  | { readonly type: "upstream-failed"; readonly request: string; readonly reason: string }
  | { readonly type: "upstream-away"; readonly reason: string; readonly status: UpstreamStatus }
  | { readonly type: "upstream-back" }
  | { readonly type: "not-whole"; readonly site: string; readonly route: string }
  | { readonly type: "error"; readonly error: unknown };

/** How connections are passed on. */
export interface PlainRelayOptions extends PoolOptions {
  readonly upstream: Upstream;
  readonly plain: Plain;
  /** Takes what people should know. */
  readonly report?: (event: PlainRelayEvent, about?: AboutSite) => void;
}

/** Made once, when the loop is known. */
interface Shared {
  readonly pool: UpstreamPool;
  readonly patience: Deadlines;
  readonly counters: UpstreamCounters;
}

/**
 * Passes whole connections on. It looks at no request, so it takes only connections on which every request is its own
 * (the scope `connection`); none of them ever goes back to a front.
 */
export class PlainRelay implements ConnectionServer {
  readonly selfContained = true;
  #shared: Shared | undefined;
  readonly #absence = new Absence();
  #toldNotWhole = false;

  constructor(readonly options: PlainRelayOptions) {}

  begin(home: Home): void {
    this.#share(home);
  }

  serve(connection: Connection): void {
    const failed = (error: unknown) => {
      connection.close();
      this.options.report?.({ type: "error", error }, aboutSite(connection));
    };
    try {
      Course.begin(this.#serve(connection))?.whenOver(() => {}, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** What is under way goes on: where a request ends, and whether another one follows, nobody here knows. */
  drain(): void {}

  /** Nothing is ever given back. */
  returnFailed(connection: Connection): void {
    connection.close();
  }

  *#serve(connection: Connection): Steps<void> {
    const { transfer: { detail, site, route }, home } = connection;
    const line = ConnectionLine.of(connection);
    if (detail !== SCOPE_CONNECTION) {
      // Some later request on it is somebody else's, and would be answered by this upstream.
      if (!this.#toldNotWhole) {
        this.options.report?.({ type: "not-whole", site, route }, aboutSite(connection));
      }
      this.#toldNotWhole = true;
      return yield* refuse(connection, 500, "of the route some requests belong elsewhere", line);
    }
    const shared = this.#share(home);
    const { pool, counters } = shared;
    try {
      const turn = pool.enter(connection);
      if (turn !== undefined) yield* turn;
    } catch (error) {
      return yield* this.#fail(connection, error, line);
    }
    counters.begin();
    let failed = false;
    try {
      failed = !(yield* this.#passOn(connection, shared, line));
    } finally {
      counters.end(failed);
      pool.leave();
    }
  }

  /** @returns whether there was a connection to the upstream */
  *#passOn(
    connection: Connection,
    { pool, patience, counters }: Shared,
    line: ConnectionLine | undefined,
  ): Steps<boolean> {
    let upstream: UpstreamConnection;
    try {
      upstream = yield* pool.connect();
    } catch (error) {
      counters.isUp = false;
      yield* this.#fail(connection, error, line);
      return false;
    }
    counters.isUp = true;
    this.#absence.ends((about) => this.options.report?.({ type: "upstream-back" }, about));
    try {
      if (connection.closed) throw new ConnectionLost("Cannot relay: the connection is closed");
      yield* new Tunnel(connection, upstream, this.#first(connection), patience).run();
      connection.close();
    } catch (error) {
      // An end that is none must not look like one: neither side can tell by itself where a message ends.
      connection.breakOff();
      if (!(error instanceof ConnectionLost || error instanceof UpstreamError)) throw error;
    } finally {
      upstream.close();
    }
    return true;
  }

  /** What the upstream gets first, in one piece: the header, and what has come of the request. */
  #first(connection: Connection): Uint8Array<ArrayBuffer> {
    const { plain } = this.options;
    const { client, peer, local, preread } = connection.transfer;
    // What requests say of who asks goes along in them: this is about the whole connection.
    const from = peer?.address ?? client;
    const header = plain === "bare" ? new Uint8Array(0) : proxyHeader(plain, from, local, connection.tls);
    const length = Math.max(0, connection.receive(room, roomSize));
    const first = new Uint8Array(header.length + preread.length + length);
    first.set(header);
    first.set(preread, header.length);
    first.set(room.subarray(0, length), header.length + preread.length);
    return first;
  }

  /** Of the connection nothing was read: the client gets an answer. */
  *#fail(connection: Connection, error: unknown, line: ConnectionLine | undefined): Steps<void> {
    if (error instanceof ConnectionLost) return connection.close();
    if (!(error instanceof UpstreamError)) throw error;
    const { why: reason, status, unreached } = error;
    const about = aboutSite(connection);
    if (!unreached) {
      this.options.report?.({ type: "upstream-failed", request: "a connection", reason }, about);
    } else if (this.#absence.begins(about)) {
      this.options.report?.({ type: "upstream-away", reason, status }, about);
    }
    yield* refuse(connection, status, reason, line);
  }

  #share({ loop, counters }: Home): Shared {
    const { upstream, timeout = 60_000 } = this.options;
    return this.#shared ??= {
      pool: new UpstreamPool(loop, upstream, this.options),
      patience: loop.deadlines.list(timeout),
      counters: counters.upstream(formatUpstream(upstream)),
    };
  }

  /** Closes all connections to the upstream, whatever they are doing. */
  close(): void {
    this.#shared?.pool.close();
    closePipes();
  }
}

const latin1 = new TextDecoder("latin1");
const HEAD = new TextEncoder().encode("HEAD ");

/** Answers the request, of which nothing was read, with an error, and closes. */
function* refuse(
  connection: Connection,
  status: AnswerStatus,
  why: string,
  line: ConnectionLine | undefined,
): Steps<void> {
  const { preread } = connection.transfer;
  const length = connection.receive(room, roomSize);
  if (connection.tls?.way === "untouched") {
    // This client waits for a server that does TLS itself, and would not know what to do with a response.
    line?.failed("handler-failed");
    return yield* sayAndClose(connection, alertRecord(INTERNAL_ERROR));
  }
  const start = preread.length > 0 ? preread : room.subarray(0, Math.max(0, length));
  const head = HEAD.every((byte, at) => start[at] === byte);
  const bytes = answer(status, { head, date: httpDate(Date.now()) }) as Uint8Array<ArrayBuffer>;
  line?.refused({ status, why, answer: latin1.decode(bytes) });
  yield* sayAndClose(connection, bytes);
}

function* sayAndClose(connection: Connection, bytes: Uint8Array<ArrayBuffer>): Steps<void> {
  try {
    yield* connection.sendOn(bytes);
    yield* connection.endGently();
  } catch (error) {
    connection.close();
    if (!(error instanceof ConnectionLost)) throw error;
  }
}
