/** Requests that an application answers by FastCGI, such as PHP-FPM. */

import { type FastCgiUpstream, formatFastCgiUpstream } from "../../config/fastcgi_upstream.ts";
import { PATH_OF_SCRIPT } from "../../rules/file_names.ts";
import { encodeRequest } from "../../fastcgi/records.ts";
import { normalizePath } from "../../route/path.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import { ConnectionLost } from "../connection/connection.ts";
import type { Home } from "../connection/home.ts";
import type { UpstreamCounters } from "../counters/upstream_counters.ts";
import { Answering, OutputError } from "../exec/cgi/answering.ts";
import { type CgiRequest, decodeBytes, metaVariables } from "../exec/cgi/meta_variables.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import { say } from "../http/say.ts";
import type { RelayEvent } from "../relay/relay_handler.ts";
import type { UpstreamConnection } from "../relay/upstream_connection.ts";
import { UpstreamError } from "../relay/upstream_error.ts";
import { type PoolOptions, UpstreamPool } from "../relay/upstream_pool.ts";
import { ResponseStream } from "./response_stream.ts";
import { type Script, scriptOf, type ScriptOptions } from "./script.ts";
import { Talk } from "./talk.ts";
import { Collected, StdinFeed } from "./stdin_feed.ts";
import type { AboutSite } from "../../logs/rules.ts";
import { aboutSite } from "../log/about_site.ts";
import { Absence } from "../relay/absence.ts";

/** How requests are passed on. */
export interface FastCgiOptions extends PoolOptions, ScriptOptions {
  readonly upstream: FastCgiUpstream;
  /** What DOCUMENT_ROOT says; the root unless given. */
  readonly documentRoot?: string;
  /** Whether the application gets the client's credentials, as `HTTP_AUTHORIZATION`. */
  readonly authorization?: boolean;
  /** What SERVER_SOFTWARE says. */
  readonly software: string;
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
    const variables = this.#variables(exchange, request);
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
      const location = await new Answering(exchange, stream, stream).run();
      // What a response with a Content-Length leaves behind it is its end.
      while (!stream.ended) await stream.read();
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

  #variables(exchange: Exchange, request: CgiRequest): ReturnType<typeof metaVariables> {
    const { options } = this;
    let script: Script | undefined;
    const path = exchange.rules?.variables[PATH_OF_SCRIPT] ??
      decodeBytes(normalizePath(request.path) ?? request.path);
    const variables = metaVariables(exchange, request, options.software, (place) => {
      script = scriptOf(decodeBytes(place.mapped), options);
      const { name, info } = script;
      return {
        ...place,
        script: options.root === "" ? urlOf(path, info) : place.script + name,
        info,
      };
    });
    if ("status" in variables || script === undefined) return variables;
    const { file, info } = script;
    const { HTTP_AUTHORIZATION: said, REDIRECT_STATUS: redirected, REDIRECT_URL: from } =
      exchange.rules?.variables ?? {};
    const isAuthorized = options.authorization && said === undefined;
    const authorization = isAuthorized ? exchange.field("authorization") : undefined;
    const root = options.documentRoot ?? options.root;
    // Beside REDIRECT_URL, PHP takes PATH_TRANSLATED for the script, and lets go of what follows a name that is the script's
    // alone (fix_pathinfo in sapi/fpm/fpm/fpm_main.c). So it gets the whole name then, as httpd gives it, and parts that.
    const name = from === undefined ? file : file + info;
    const isTranslated = info !== "" && root !== "" && from === undefined;
    return [
      ...variables,
      `SCRIPT_FILENAME=${name}`,
      ...root === "" ? [] : [`DOCUMENT_ROOT=${root}`],
      ...isTranslated ? [`PATH_TRANSLATED=${root}${info}`] : [],
      // Without it, a PHP that was built to run only as asked by a server refuses.
      ...redirected === undefined ? ["REDIRECT_STATUS=200"] : [],
      ...authorization === undefined ? [] : [`HTTP_AUTHORIZATION=${authorization}`],
    ];
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

/** The part of a path that names the script, where that is another name than the file's: all but what follows it. */
function urlOf(path: string, info: string): string {
  return path.endsWith(info) ? path.slice(0, path.length - info.length) : path;
}
