/** Requests relayed to an HTTP server that knows nothing of hand-offs: a gateway (RFC 9110, 3.7). */

import type { EncodedSlashes, Forwarded } from "../../config/config.ts";
import type { ErrorReplacing } from "../../config/error_pages.ts";
import type { Upstream } from "../../config/upstream.ts";
import { reasonPhrase } from "../../http/response_head.ts";
import { ResponseParser } from "../../http/response_parser.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import { ErrorPageSender } from "../static/error_pages.ts";
import { type RelayContext, Relaying } from "./relaying.ts";
import { answeredHere, PSEUDONYM, type RelayedRequest, relayedRequest } from "./request_head.ts";
import type { ResponseRules } from "./response_fields.ts";
import { closePipes } from "./spliced.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import { ReplacedError, UpstreamError, type UpstreamStatus } from "./upstream_error.ts";
import { type PoolOptions, UpstreamPool } from "./upstream_pool.ts";

/**
 * What a relay tells people: that its upstream cannot be reached, and that it can be again; and each request that it
 * has taken and not answered as it should.
 */
export type RelayEvent =
  | { readonly type: "upstream-failed"; readonly request: string; readonly reason: string }
  | { readonly type: "upstream-away"; readonly reason: string; readonly status: UpstreamStatus }
  | { readonly type: "upstream-back" };

/** How requests are relayed. */
export interface RelayOptions extends PoolOptions, ResponseRules, ErrorReplacing {
  readonly upstream: Upstream;
  /** Whether the upstream is told the Host that the client means; false unless given. */
  readonly preserveHost?: boolean;
  /** Whether the upstream gets the path as the client wrote it, where that leads to the same; false unless given. */
  readonly preservePath?: boolean;
  /** The protocol that requests may change to, or `none`; any unless given. */
  readonly upgrade?: string;
  /** What becomes of paths with an encoded slash; `pass` unless given. */
  readonly encodedSlashes?: EncodedSlashes;
  /** Whether fields whose names have underscores are passed on. */
  readonly underscoresInHeaders?: boolean;
  /** What the upstream is told of who asks: `all` unless given. */
  readonly forwarded?: Forwarded;
  /**
   * Milliseconds of silence that an upstream may have while it owes something, and that a request waits for a connection
   * when there are as many as there may be; 60,000 unless given.
   */
  readonly timeout?: number;
  /** Takes what people should know. */
  readonly report?: (event: RelayEvent) => void;
}

/** Bytes of a response's head. */
const HEAD = 32_768;
/** Bytes of content that are waited for before a connection to the upstream is asked for. */
const AHEAD = 65_536;
/** Milliseconds for 100 (Continue): an upstream that does not know of it says nothing. */
const CONTINUE = 1_000;

/** RFC 9110, 9.2.2: what may be asked twice, because the effect is that of asking once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Methods that are for somebody else: a tunnel's start, and what shows a client's fields to whoever asks (9.3.8). */
const REFUSED: ReadonlySet<string> = new Set(["CONNECT", "TRACE"]);

/** Serves requests by asking an upstream. */
export class RelayRequestHandler implements RequestHandler {
  #shared: { readonly pool: UpstreamPool; readonly context: RelayContext } | undefined;
  #away = false;
  #pages: ErrorPageSender | undefined;

  constructor(readonly options: RelayOptions) {}

  /** Requests that wait for a connection to the upstream. */
  get waiting(): number {
    return this.#shared?.pool.waiting ?? 0;
  }

  /** Connections to the upstream that are kept for further requests. */
  get idle(): number {
    return this.#shared?.pool.idle ?? 0;
  }

  async handle(exchange: Exchange): Promise<void> {
    if (REFUSED.has(exchange.method)) return await say(exchange, 501, `${exchange.method} is not relayed`);
    const fields = exchange.sentFields();
    const here = answeredHere(exchange.method, fields);
    if (here === 204) return await exchange.respond(204, [["Via", `1.1 ${PSEUDONYM}`]], "");
    if (this.options.encodedSlashes === "refuse" && /%2f/i.test(exchange.path)) {
      return await (this.#page(exchange, 404, []) ||
        say(exchange, 404, "There is no path with an encoded slash."));
    }
    if (here === 508) return await say(exchange, 508, "The request goes round in circles.");
    const request = relayedRequest(exchange, fields, {
      upstream: this.options.upstream,
      preserveHost: this.options.preserveHost ?? false,
      preservePath: this.options.preservePath ?? false,
      upgrade: this.options.upgrade,
      underscoresInHeaders: this.options.underscoresInHeaders ?? false,
      forwarded: this.options.forwarded ?? "all",
    });
    try {
      await this.#admitted(exchange, request);
    } catch (error) {
      if (exchange.responded || exchange.connection.closed) throw error;
      if (error instanceof ReplacedError) {
        const { status, fields } = error;
        return await (this.#page(exchange, status, fields) || say(exchange, status, REPLACED, fields));
      }
      if (!(error instanceof UpstreamError)) throw error;
      this.#tell(exchange, error);
      const status = this.#statusOf(error);
      const fields = status === 503 ? RETRY : [];
      await (this.#page(exchange, status, fields) || say(exchange, status, SENTENCES[status], fields));
    }
  }

  /** A server that is away is 503 to httpd: where that alone has a page, it is meant for it. */
  #statusOf({ unreached, status }: UpstreamError): UpstreamStatus {
    const { errorPages = {} } = this.options;
    return unreached && errorPages[status] === undefined && errorPages[503] !== undefined ? 503 : status;
  }

  /** Answers with the page of a status, if there is one. */
  #page(exchange: Exchange, status: number, fields: readonly Field[]): Promise<void> | false {
    const { errorPages } = this.options;
    if (errorPages === undefined) return false;
    const sent = (this.#pages ??= new ErrorPageSender()).send(exchange, status, errorPages, fields);
    return sent === false ? false : sent ?? Promise.resolve();
  }

  async #admitted(exchange: Exchange, request: RelayedRequest): Promise<void> {
    const { pool } = this.#share(exchange.connection.home.loop);
    // Where connections are few, a client that takes its time with a little content takes none meanwhile.
    if (this.options.maxUpstream !== undefined && !exchange.body.done) await exchange.body.fill(AHEAD);
    const turn = pool.enter(exchange.connection);
    if (turn !== undefined) await turn;
    try {
      await this.#relay(pool, exchange, request);
    } finally {
      pool.leave();
    }
  }

  async #relay(pool: UpstreamPool, exchange: Exchange, request: RelayedRequest): Promise<void> {
    const kept = pool.take();
    if (kept !== undefined) {
      // A connection may have ended at the very moment at which it was used again (RFC 9112, 9.3.1). Nobody can tell
      // whether the request was read, so only what may be repeated is, and only if all of it is still here.
      const repeatable = IDEMPOTENT.has(exchange.method) && exchange.body.done;
      try {
        return await this.#relayOn(kept, exchange, request);
      } catch (error) {
        if (!repeatable || !(error instanceof UpstreamError && error.unanswered)) throw error;
      }
    }
    await this.#relayOn(await this.#connect(pool), exchange, request);
  }

  async #relayOn(upstream: UpstreamConnection, exchange: Exchange, request: RelayedRequest): Promise<void> {
    const { pool, context } = this.#shared!;
    const view = {
      upstream: this.options.upstream,
      authority: request.authority,
      prefix: exchange.connection.transfer.route,
      mapTo: exchange.connection.transfer.map,
      clientAuthority: exchange.authority,
      clientScheme: exchange.scheme,
      rules: this.options,
    };
    const patience = await new Relaying(context, exchange, upstream, request, view).run();
    if (patience === undefined) upstream.close();
    else pool.put(upstream, patience);
  }

  #tell({ method, target }: Exchange, { why: reason, unreached, status }: UpstreamError): void {
    if (unreached) {
      if (!this.#away) this.options.report?.({ type: "upstream-away", reason, status });
      this.#away = true;
    } else this.options.report?.({ type: "upstream-failed", request: `${method} ${target}`, reason });
  }

  async #connect(pool: UpstreamPool): Promise<UpstreamConnection> {
    const upstream = await pool.connect();
    if (this.#away) this.options.report?.({ type: "upstream-back" });
    this.#away = false;
    return upstream;
  }

  /** Made with the first request, when the loop is known. */
  #share(loop: Loop): { readonly pool: UpstreamPool; readonly context: RelayContext } {
    return this.#shared ??= {
      pool: new UpstreamPool(loop, this.options.upstream, this.options),
      context: {
        parser: new ResponseParser({ head: HEAD }),
        deadlines: {
          upstream: loop.deadlines.list(this.options.timeout ?? 60_000),
          continue: loop.deadlines.list(CONTINUE),
          never: loop.deadlines.list(Infinity),
        },
      },
    };
  }

  /** Closes all connections to the upstream, whatever they are doing. */
  close(): void {
    this.#shared?.pool.close();
    this.#pages?.close();
    closePipes();
  }
}

const SENTENCES = {
  502: "The server behind this one gave no valid response.",
  503: "The server behind this one is busy. Please try again soon.",
  504: "The server behind this one did not respond in time.",
} as const;

const REPLACED = "The server behind this one has answered with an error.";

/** Seconds after which it makes sense to ask a busy server again (RFC 9110, 10.2.3). */
const RETRY: readonly Field[] = [["Retry-After", "1"]];

/** What is wrong in detail is for whoever runs this, not for clients: it names machines. */
async function say(
  exchange: Exchange,
  status: number,
  sentence: string,
  fields: readonly Field[] = [],
): Promise<void> {
  const content = `${status} ${reasonPhrase(status)}\n\n${sentence}\n`;
  await exchange.respond(status, [["Content-Type", "text/plain; charset=utf-8"], ...fields], content);
}
