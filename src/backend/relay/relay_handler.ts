/** Requests relayed to an HTTP server that knows nothing of hand-offs: a gateway (RFC 9110, 3.7). */

import type { EncodedSlashes, Forwarded } from "../../config/config.ts";
import type { ErrorReplacing } from "../../config/error_pages.ts";
import type { Steps } from "../../loop/course.ts";
import { KEEPS_HOST, TELLS_CLIENT } from "../../rules/own_variables.ts";
import type { Home } from "../connection/home.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import { say } from "../http/say.ts";
import { ErrorPageSender } from "../static/error_pages.ts";
import { saidAnew } from "./about_client.ts";
import type { Member } from "./members/member.ts";
import { type MemberEvent, Members, type MembersOptions } from "./members/members.ts";
import { cookieFor, environmentOf, sessionRoute } from "./members/session.ts";
import { type Patience, Relaying } from "./relaying.ts";
import {
  answeredHere,
  PSEUDONYM,
  type RelayedRequest,
  relayedRequest,
  type Rewriting,
} from "./request_head.ts";
import { RequestFields } from "./request_fields.ts";
import type { ResponseRules } from "./response_fields.ts";
import { closePipes } from "./spliced.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import { NobodyError, ReplacedError, UpstreamError, type UpstreamStatus } from "./upstream_error.ts";
import type { AboutSite } from "../../logs/rules.ts";
import { aboutSite } from "../log/about_site.ts";
import { Absence } from "./absence.ts";

/**
 * What a relay tells people: that its upstream cannot be reached, and that it can be again; and each request that it
 * has taken and not answered as it should.
 */
export type RelayEvent =
  | { readonly type: "upstream-failed"; readonly request: string; readonly reason: string }
  | { readonly type: "upstream-away"; readonly reason: string; readonly status: UpstreamStatus }
  | { readonly type: "upstream-back" }
  | MemberEvent;

/** How requests are relayed. */
export interface RelayOptions extends Omit<MembersOptions, "report">, ResponseRules, ErrorReplacing {
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
  readonly report?: (event: RelayEvent, about?: AboutSite) => void;
}

/** Bytes of content that are waited for before a connection to the upstream is asked for. */
const AHEAD = 65_536;
/** RFC 9110, 9.2.2: what may be asked twice, because the effect is that of asking once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Methods that are for somebody else: a tunnel's start, and what shows a client's fields to whoever asks (9.3.8). */
const REFUSED: ReadonlySet<string> = new Set(["CONNECT", "TRACE"]);

/** Serves requests by asking an upstream. */
export class RelayRequestHandler implements RequestHandler {
  readonly selfContained = true;
  #members: Members | undefined;
  readonly #absence = new Absence();
  #pages: ErrorPageSender | undefined;
  readonly #isBounded: boolean;
  readonly #rewriting: Rewriting;

  constructor(readonly options: RelayOptions) {
    const { maxUpstream, balancing } = options;
    this.#rewriting = {
      preserveHost: options.preserveHost ?? false,
      preservePath: options.preservePath ?? false,
      upgrade: options.upgrade,
      underscoresInHeaders: options.underscoresInHeaders ?? false,
      forwarded: options.forwarded ?? "all",
    };
    this.#isBounded = maxUpstream !== undefined ||
      balancing?.members.some((member) => member.maxUpstream !== undefined) === true;
  }

  /** Requests that wait for a connection to an upstream. */
  get waiting(): number {
    return this.#members?.list.reduce((sum, { pool }) => sum + pool.waiting, 0) ?? 0;
  }

  /** Connections to upstreams that are kept for further requests. */
  get idle(): number {
    return this.#members?.list.reduce((sum, { pool }) => sum + pool.idle, 0) ?? 0;
  }

  handle(exchange: Exchange): Steps<void> {
    if (REFUSED.has(exchange.method)) return say(exchange, 501, `${exchange.method} is not relayed`);
    const rewriting = this.#rewritingOf(exchange);
    const fields = new RequestFields(
      exchange.sentHead(),
      saidAnew(exchange, rewriting.forwarded),
      exchange.rules,
      rewriting.underscoresInHeaders,
    );
    const here = answeredHere(exchange.method, fields.noted);
    if (here === 204) return exchange.respond(204, [["Via", `1.1 ${PSEUDONYM}`]], "");
    const isPage = exchange.insteadOf !== undefined;
    if (!isPage && this.options.encodedSlashes === "refuse" && /%2f/i.test(exchange.path)) {
      return this.#page(exchange, 404, []) ||
        say(exchange, 404, "There is no path with an encoded slash.");
    }
    if (here === 508) return say(exchange, 508, "The request goes round in circles.");
    return this.#answer(exchange, fields);
  }

  /** Answers by a member, or says why not. */
  *#answer(exchange: Exchange, fields: RequestFields): Steps<void> {
    const { home } = exchange.connection;
    const members = this.#share(home);
    try {
      // Where connections are few, a client that takes its time with a little content takes none meanwhile.
      if (this.#isBounded && !exchange.body.done) yield* exchange.body.fill(AHEAD);
      if (members.only !== undefined) yield* this.#ask(members.only, exchange, fields);
      else yield* this.#balanced(members, exchange, fields);
    } catch (error) {
      if (exchange.responded || exchange.connection.closed) throw error;
      yield* this.#apologize(exchange, error);
    }
  }

  /** Answers in the place of an upstream. @throws what has nothing to do with that */
  #apologize(exchange: Exchange, error: unknown): Steps<void> {
    if (error instanceof ReplacedError) {
      const { status, fields } = error;
      return this.#page(exchange, status, fields) || say(exchange, status, REPLACED, fields);
    }
    if (!(error instanceof UpstreamError)) throw error;
    this.#tell(exchange, error);
    const status = this.#statusOf(error);
    const fields = status === 503 ? RETRY : [];
    return this.#page(exchange, status, fields) || say(exchange, status, SENTENCES[status], fields);
  }

  /** A server that is away is 503 to httpd: a page for that is meant for it, whatever there is for 502. */
  #statusOf({ unreached, status }: UpstreamError): UpstreamStatus {
    return unreached && this.options.errorPages?.[503] !== undefined ? 503 : status;
  }

  /** Answers with the page of a status, if there is one. */
  #page(exchange: Exchange, status: number, fields: readonly Field[]): Steps<void> | false {
    const { errorPages } = this.options;
    if (errorPages === undefined) return false;
    return (this.#pages ??= new ErrorPageSender()).send(exchange, status, errorPages, fields);
  }

  /** Asks a member, and another one where that cannot be reached: nothing of the request has been sent by then. */
  *#balanced(members: Members, exchange: Exchange, fields: RequestFields): Steps<void> {
    const { connection } = exchange;
    const { sticky, failOnTimeout } = this.options.balancing!;
    const route = sticky && sessionRoute(sticky, exchange.target, exchange.sentFields());
    const tried = new Set<Member>();
    let choice = members.choose(route, tried) ?? (yield* members.await(route, connection));
    for (; choice !== undefined; choice = members.choose(route, tried)) {
      const { member } = choice;
      exchange.environment = environmentOf(choice, sticky, route);
      try {
        return yield* this.#ask(member, exchange, fields, cookieFor(choice, sticky, exchange));
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        if (error.unreached) member.fail("unreached", error.why);
        else if (failOnTimeout && error.status === 504) member.fail("timeout", error.why);
        if (!error.unreached) throw error;
        tried.add(member);
        if (member.terms.ignoreErrors || tried.size > members.attempts) break;
      }
    }
    throw new NobodyError();
  }

  /**
   * Asks a member, on a connection of its own or one that is kept. Not split into more steps than there are waits: each
   * costs something for every request.
   */
  *#ask(member: Member, exchange: Exchange, fields: RequestFields, cookie?: string): Steps<void> {
    const { connection } = exchange;
    const { pool } = member;
    const turn = pool.enter(connection);
    if (turn !== undefined) yield* turn;
    const before = connection.sent + connection.received;
    let failure: UpstreamError | undefined;
    member.begin();
    try {
      const request = relayedRequest(exchange, fields, member.upstream, this.#rewritingOf(exchange));
      // A connection may have ended at the very moment at which it was used again (RFC 9112, 9.3.1). Nobody can tell
      // whether the request was read, so only what may be repeated is, and only if all of it is still here.
      const repeatable = IDEMPOTENT.has(exchange.method) && exchange.body.done;
      let upstream = pool.take(!repeatable);
      for (let mayHaveEnded = repeatable && upstream !== undefined;; mayHaveEnded = false) {
        upstream ??= yield* this.#connect(member);
        try {
          return done(
            member,
            upstream,
            yield* this.#relaying(member, upstream, exchange, request, cookie).run(),
          );
        } catch (error) {
          if (!mayHaveEnded || !(error instanceof UpstreamError && error.unanswered)) throw error;
          upstream = undefined;
        }
      }
    } catch (error) {
      if (error instanceof UpstreamError) failure = error;
      throw error;
    } finally {
      member.end(failure !== undefined, failure?.unreached === true);
      member.traffic += connection.sent + connection.received - before;
      pool.leave();
    }
  }

  /** How a request is rewritten: a part of the site may say otherwise than the whole. */
  #rewritingOf({ rules }: Exchange): Rewriting {
    if (rules === undefined) return this.#rewriting;
    const { [KEEPS_HOST]: keepsHost, [TELLS_CLIENT]: tellsClient } = rules.variables;
    const { preserveHost, forwarded } = this.#rewriting;
    return {
      ...this.#rewriting,
      preserveHost: keepsHost === undefined ? preserveHost : keepsHost === "on",
      forwarded: tellsClient === undefined ? forwarded : tellsClient === "on" ? "legacy" : "none",
    };
  }

  #relaying(
    { upstream, context }: Member,
    connection: UpstreamConnection,
    exchange: Exchange,
    request: RelayedRequest,
    cookie: string | undefined,
  ): Relaying {
    const { transfer: { route, map } } = exchange.connection;
    return new Relaying(context, exchange, connection, request, {
      upstream,
      authority: request.authority,
      prefix: route,
      mapTo: map,
      clientAuthority: exchange.authority,
      clientScheme: exchange.scheme,
      rules: this.options,
      cookie,
    });
  }

  #tell({ method, target, connection }: Exchange, error: UpstreamError): void {
    const { why: reason, unreached, status } = error;
    const about = aboutSite(connection);
    if (error instanceof NobodyError) return this.#members?.tellNone(about);
    if (unreached) {
      if (this.#absence.begins(about)) {
        this.options.report?.({ type: "upstream-away", reason, status }, about);
      }
    } else this.options.report?.({ type: "upstream-failed", request: `${method} ${target}`, reason }, about);
  }

  *#connect({ pool }: Member): Steps<UpstreamConnection> {
    const upstream = yield* pool.connect();
    this.#absence.ends((about) => this.options.report?.({ type: "upstream-back" }, about));
    return upstream;
  }

  /** Made before anybody asks for one: some are asked how they are, and all are counted. */
  begin(home: Home): void {
    this.#share(home);
  }

  forget(): void {
    this.#members?.forget();
  }

  /** Made with the first need of it, when the loop is known. */
  #share(home: Home): Members {
    return this.#members ??= new Members(home, this.options);
  }

  /** Closes all connections to the upstream, whatever they are doing. */
  close(): void {
    this.#members?.close();
    this.#pages?.close();
    closePipes();
  }
}

/** A connection has done its work. @param patience how long it can be kept for another request */
function done({ pool }: Member, connection: UpstreamConnection, patience: Patience): void {
  if (patience === undefined) connection.close();
  else pool.put(connection, patience);
}

const SENTENCES = {
  502: "The server behind this one gave no valid response.",
  503: "The server behind this one is busy. Please try again soon.",
  504: "The server behind this one did not respond in time.",
} as const;

const REPLACED = "The server behind this one has answered with an error.";

/** Seconds after which it makes sense to ask a busy server again (RFC 9110, 10.2.3). */
const RETRY: readonly Field[] = [["Retry-After", "1"]];
