/** Requests that an application answers by FastCGI, such as PHP-FPM. */

import { type FastCgiUpstream, formatFastCgiUpstream } from "../../config/fastcgi_upstream.ts";
import { encodeRequest } from "../../fastcgi/records.ts";
import type { Steps } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Home } from "../connection/home.ts";
import type { UpstreamCounters } from "../counters/upstream_counters.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import { say } from "../http/say.ts";
import type { RelayEvent } from "../relay/relay_handler.ts";
import type { UpstreamConnection } from "../relay/upstream_connection.ts";
import { UpstreamError } from "../relay/upstream_error.ts";
import { type PoolOptions, UpstreamPool } from "../relay/upstream_pool.ts";
import { Asking } from "./asking.ts";
import { Collected } from "./collected.ts";
import { Talk } from "./talk.ts";
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

  handle(exchange: Exchange): Steps<void> {
    if (exchange.method === "CONNECT") return say(exchange, 501, "CONNECT is not for applications.");
    return this.#answer(exchange);
  }

  /** Answers by the application, or says why not. */
  *#answer(exchange: Exchange): Steps<void> {
    const collected = exchange.field("transfer-encoding") === undefined ? undefined : new Collected();
    try {
      const unwanted = collected && (yield* collected.read(exchange.body));
      if (unwanted !== undefined) {
        const { status, sentence, fields } = UNWANTED[unwanted];
        return yield* say(exchange, status, sentence, fields);
      }
      yield* this.#follow(exchange, collected);
    } catch (error) {
      if (!(error instanceof UpstreamError) || exchange.responded || exchange.connection.closed) throw error;
      this.#tell(exchange, error);
      yield* say(exchange, error.status, SENTENCES[error.status], error.status === 503 ? RETRY : []);
    } finally {
      collected?.release();
    }
  }

  /** Asks for what the client wants, and for what each local redirect leads to. */
  *#follow(exchange: Exchange, collected: Collected | undefined): Steps<void> {
    let { method, path, query } = exchange;
    let contentLength = collected?.length ?? lengthOf(exchange);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const variables = applicationVariables(exchange, { method, path, query, contentLength }, this.options);
      if ("status" in variables) {
        return yield* say(
          exchange,
          variables.status,
          `The request cannot be passed on: ${variables.why}.`,
        );
      }
      const request = encodeRequest(variables, this.#keeps);
      const location = yield* this.#ask(exchange, request, contentLength === undefined ? "none" : collected);
      if (location === undefined) return;
      const [newPath, ...newQuery] = location.split("?");
      // RFC 3875, 6.2.2: as if the client had asked for that, without content.
      if (method !== "HEAD") method = "GET";
      [path, query, contentLength] = [newPath!, newQuery.join("?"), undefined];
    }
    yield* say(exchange, 502, "The application redirects without end.");
  }

  /**
   * Asks on a connection that was kept, or on a new one.
   *
   * @param request what begins it
   * @param collected the content, where that has been read already
   * @returns where a local redirect leads, if the application answers with one
   * @throws {UpstreamError} when there is no response, and nothing was sent
   */
  *#ask(
    exchange: Exchange,
    request: Uint8Array<ArrayBuffer>,
    collected: Collected | "none" | undefined,
  ): Steps<string | undefined> {
    const { connection: client, connection: { home } } = exchange;
    const { pool, patience, counters } = this.#share(home);
    const turn = pool.enter(client);
    if (turn !== undefined) yield* turn;
    let failed = false;
    counters.begin();
    try {
      // A kept connection may have ended at the very moment at which it was used again: see the relay's handler.
      const repeatable = IDEMPOTENT.has(exchange.method) && exchange.body.done;
      let upstream = pool.take(!repeatable);
      for (let mayHaveEnded = repeatable && upstream !== undefined;; mayHaveEnded = false) {
        upstream ??= yield* this.#connect(pool);
        const content = collected === "none" ? undefined : collected?.content() ?? exchange.body;
        const asking = new Asking(exchange, upstream, request, content, patience);
        try {
          const location = yield* asking.run();
          counters.isUp = true;
          return location;
        } catch (error) {
          if (!mayHaveEnded || !(error instanceof UpstreamError && error.unanswered)) throw error;
          upstream = undefined;
        } finally {
          this.#repeat(exchange, asking);
          if (this.#keeps) pool.put(asking.upstream);
          else asking.upstream.close();
        }
      }
    } catch (error) {
      failed = error instanceof UpstreamError;
      if (error instanceof UpstreamError) counters.isUp = !error.unreached;
      throw error;
    } finally {
      counters.end(failed);
      pool.leave();
    }
  }

  /** Passes on what the application wrote to its standard error. */
  #repeat({ method, target, connection }: Exchange, { said }: Asking): void {
    for (const line of said) {
      if (!this.#talk.allows(line.length, connection.home.loop.now)) return;
      this.options.report?.(
        { type: "upstream-said", request: `${method} ${target}`, line },
        aboutSite(connection),
      );
    }
  }

  *#connect(pool: UpstreamPool): Steps<UpstreamConnection> {
    const upstream = yield* pool.connect();
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
