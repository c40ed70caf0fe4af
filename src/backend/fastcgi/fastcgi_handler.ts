/** Requests that an application answers by FastCGI, such as PHP-FPM. */

import { type FastCgiUpstream, formatFastCgiUpstream } from "../../config/fastcgi_upstream.ts";
import { encodeRequest } from "../../fastcgi/records.ts";
import { Course } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import { ConnectionLost } from "../connection/connection.ts";
import type { Home } from "../connection/home.ts";
import type { UpstreamCounters } from "../counters/upstream_counters.ts";
import { Answering, OutputError } from "../exec/cgi/answering.ts";
import type { CgiRequest } from "../exec/cgi/meta_variables.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import { say } from "../http/say.ts";
import type { RelayEvent } from "../relay/relay_handler.ts";
import type { UpstreamConnection } from "../relay/upstream_connection.ts";
import { UpstreamError } from "../relay/upstream_error.ts";
import { type PoolOptions, UpstreamPool } from "../relay/upstream_pool.ts";
import { ResponseStream } from "./response_stream.ts";
import { Talk } from "./talk.ts";
import { Collected, StdinFeed } from "./stdin_feed.ts";
import { applicationVariables, type VariableOptions } from "./variables.ts";
import type { AboutSite } from "../../logs/rules.ts";
import { aboutSite } from "../log/about_site.ts";
import { Absence } from "../relay/absence.ts";

/** How requests are passed on. */
export interface FastCgiOptions extends PoolOptions, VariableOptions {
  readonly upstream: FastCgiUpstream;
  /** Takes what people should know. */
  readonly report?: (event: FastCgiEvent, about?: AboutSite) => void;
}

/** What people should know of an application: as of a relay's upstream, and what it wrote to its standard error. */
export type FastCgiEvent = RelayEvent | {
  readonly type: "upstream-said";
  readonly request: string;
  readonly line: string;
};

/** Milliseconds of silence that an application may have. */
const PATIENCE = 60_000;
/** Local redirects that follow each other. */
const MOST_REDIRECTS = 10;
/** RFC 9110, 9.2.2: what may be asked twice, because the effect is that of asking once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

interface Shared {
  readonly pool: UpstreamPool;
  readonly patience: Deadlines;
  readonly counters: UpstreamCounters;
}

/** Serves requests by asking an application. */
export class FastCgiRequestHandler implements RequestHandler {
  readonly selfContained = true;
  #shared: Shared | undefined;
  readonly #absence = new Absence();
  readonly #talk = new Talk();
  /** Whether connections are kept for further requests: a process of PHP-FPM is bound to each as long as it is open. */
  readonly #keeps: boolean;

  constructor(readonly options: FastCgiOptions) {
    this.#keeps = (options.maxIdle ?? 0) > 0;
  }

  async handle(exchange: Exchange): Promise<void> {
    const shared = this.#share(exchange.connection.home);
    let { method, path, query } = exchange;
    if (method === "CONNECT") return await say(exchange, 501, "CONNECT is not for applications.");
    const collected = exchange.field("transfer-encoding") === undefined ? undefined : new Collected();
    try {
      const unwanted = await collected?.read(exchange.body);
      if (unwanted !== undefined) {
        const { status, sentence, fields } = UNWANTED[unwanted];
        return await say(exchange, status, sentence, fields);
      }
      const length = collected?.length ?? lengthOf(exchange);
      for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
        const contentLength = redirects === 0 ? length : undefined;
        const location = await this.#admitted(
          shared,
          exchange,
          { method, path, query, contentLength },
          collected,
        );
        if (location === undefined) return;
        const [newPath, ...newQuery] = location.split("?");
        // RFC 3875, 6.2.2: as if the client had asked for that, without content.
        if (method !== "HEAD") method = "GET";
        [path, query] = [newPath!, newQuery.join("?")];
      }
      await say(exchange, 502, "The application redirects without end.");
    } catch (error) {
      if (!(error instanceof UpstreamError) || exchange.responded || exchange.connection.closed) throw error;
      this.#tell(exchange, error);
      await say(exchange, error.status, SENTENCES[error.status], error.status === 503 ? RETRY : []);
    } finally {
      collected?.release();
    }
  }

  async #admitted(
    shared: Shared,
    exchange: Exchange,
    request: CgiRequest,
    collected: Collected | undefined,
  ): Promise<string | undefined> {
    const variables = applicationVariables(exchange, request, this.options);
    if ("status" in variables) {
      await say(exchange, variables.status, `The request cannot be passed on: ${variables.why}.`);
      return undefined;
    }
    const encoded = encodeRequest(variables, this.#keeps);
    const feed = request.contentLength === undefined ? undefined : collected;
    const { pool, counters } = shared;
    const turn = pool.enter(exchange.connection);
    if (turn !== undefined) await turn;
    let failed = false;
    counters.begin();
    try {
      const location = await this.#askOnce(shared, exchange, encoded, feed);
      counters.isUp = true;
      return location;
    } catch (error) {
      failed = error instanceof UpstreamError;
      if (error instanceof UpstreamError) counters.isUp = !error.unreached;
      throw error;
    } finally {
      counters.end(failed);
      pool.leave();
    }
  }

  /** Asks on a connection that was kept, or on a new one. */
  async #askOnce(
    { pool, patience }: Shared,
    exchange: Exchange,
    encoded: Uint8Array<ArrayBuffer>,
    feed: Collected | undefined,
  ): Promise<string | undefined> {
    const kept = pool.take();
    if (kept !== undefined) {
      // It may have ended at the very moment at which it was used again: see the relay's handler.
      const repeatable = IDEMPOTENT.has(exchange.method) && exchange.body.done;
      try {
        return await this.#ask(pool, patience, exchange, kept, encoded, feed);
      } catch (error) {
        if (!repeatable || !(error instanceof UpstreamError && error.unanswered)) throw error;
      }
    }
    return await this.#ask(pool, patience, exchange, await this.#connect(pool), encoded, feed);
  }

  /**
   * Asks on a connection, which is kept or closed here.
   *
   * @returns where a local redirect leads, if the application answers with one
   * @throws {UpstreamError} when there is no response, and nothing was sent
   */
  async #ask(
    pool: UpstreamPool,
    patience: Deadlines,
    exchange: Exchange,
    upstream: UpstreamConnection,
    encoded: Uint8Array<ArrayBuffer>,
    collected: Collected | undefined,
  ): Promise<string | undefined> {
    const { connection } = exchange;
    let gone = false;
    connection.onGone(() => {
      gone = true;
      upstream.close();
    });
    upstream.answered = false;
    const stream = new ResponseStream(upstream, patience);
    let feed: StdinFeed | undefined;
    try {
      await upstream.sendAll(encoded, patience, true);
      feed = new StdinFeed(exchange, upstream, patience, collected);
      let location: string | undefined;
      const course = Course.begin(function* () {
        location = yield* new Answering(exchange, stream, stream).run();
        // What a response with a Content-Length leaves behind it is its end.
        while (!stream.ended) yield* stream.read();
      }());
      if (course !== undefined) await new Promise<void>((over, failed) => course.whenOver(over, failed));
      return location;
    } catch (error) {
      upstream.close();
      if (feed?.failure !== undefined) throw feed.failure.error;
      if (gone) throw new ConnectionLost("Cannot respond: the client is gone");
      if (!(error instanceof OutputError)) throw error;
      throw stream.fault ?? new UpstreamError(error.why);
    } finally {
      connection.onGone(undefined);
      this.#repeat(exchange, stream);
      // The response is whole, but the content was not wanted.
      if (!stream.whole || feed?.complete !== true) upstream.close();
      await feed?.cancel();
      if (this.#keeps) pool.put(upstream);
      else upstream.close();
    }
  }

  /** Passes on what the application wrote to its standard error. */
  #repeat({ method, target, connection }: Exchange, { said }: ResponseStream): void {
    for (const line of said) {
      if (!this.#talk.allows(line.length, connection.home.loop.now)) return;
      this.options.report?.(
        { type: "upstream-said", request: `${method} ${target}`, line },
        aboutSite(connection),
      );
    }
  }

  async #connect(pool: UpstreamPool): Promise<UpstreamConnection> {
    const upstream = await pool.connect();
    this.#absence.ends((about) => this.options.report?.({ type: "upstream-back" }, about));
    return upstream;
  }

  #tell({ method, target, connection }: Exchange, { why: reason, unreached, status }: UpstreamError): void {
    const about = aboutSite(connection);
    if (unreached) {
      if (this.#absence.begins(about)) {
        this.options.report?.({ type: "upstream-away", reason, status }, about);
      }
    } else this.options.report?.({ type: "upstream-failed", request: `${method} ${target}`, reason }, about);
  }

  begin(home: Home): void {
    this.#share(home);
  }

  #share({ loop, counters }: Home): Shared {
    const { upstream, timeout = PATIENCE, maxIdle = 0 } = this.options;
    return this.#shared ??= {
      pool: new UpstreamPool(loop, upstream, { ...this.options, maxIdle }),
      patience: loop.deadlines.list(timeout),
      counters: counters.upstream(formatFastCgiUpstream(upstream)),
    };
  }

  /** Closes all connections to the application, whatever they are doing. */
  close(): void {
    this.#shared?.pool.close();
  }
}

const RETRY: readonly Field[] = [["Retry-After", "1"]];

const SENTENCES = {
  502: "The application behind this server gave no valid response.",
  503: "The application behind this server is busy. Please try again soon.",
  504: "The application behind this server did not respond in time.",
} as const;

/** What is said where content is not collected. */
const UNWANTED = {
  "too long": {
    status: 413,
    sentence: "Content without a Content-Length is taken up to 8 MiB only.",
    fields: [],
  },
  "too many": { status: 503, sentence: "Too much content is being taken already.", fields: RETRY },
} as const;

/** Bytes of content by the request's own account; undefined where it has none. */
function lengthOf(exchange: Exchange): number | undefined {
  const length = exchange.field("content-length");
  return length === undefined ? undefined : Number(length);
}
