/** What answers at one listener: its sites, and where their routes lead. */

import type { ErrorDocuments, Route, Site } from "../../config/config.ts";
import { clientPolicy } from "../../config/tls.ts";
import { BAD_PATH, RouteTable } from "../../route/route_table.ts";
import type { AnswerStatus } from "../../http/answers.ts";
import type { Question } from "../../rules/access.ts";
import { treatsAlike } from "../../rules/alike.ts";
import type { Answer } from "../../rules/site.ts";
import type { TrustedProxies } from "../../trust/trust.ts";
import { PEER_TRUSTED } from "../../protocol/messages.ts";
import { ErrorAnswers } from "../answer/error_answers.ts";
import type { BackendGroup } from "../handoff/backend_group.ts";
import type { Connection } from "../connection/connection.ts";
import type { FindingsMemory } from "../inquiry/findings.ts";
import type { Look } from "../look/look.ts";
import { DRAINED, FrontRoute } from "./front_route.ts";
import { JudgedSite, NOT_SHOWN } from "./judged_sites.ts";
import type { UnreadRoutes } from "./unread.ts";

/** Why a request leads nowhere: the status, and the reason for people. */
export interface Astray {
  readonly status: AnswerStatus;
  readonly why: string;
  /** What a rule answers: fields, and what is to be done to those of the answer. */
  readonly answer?: Answer;
}

const MALFORMED: Astray = { status: 400, why: "the path is malformed" };
const UNCOVERED: Astray = { status: 404, why: "no route covers the request" };
const MISDIRECTED: Astray = {
  status: 421,
  why: "the site needs a connection of its own, with what it asks of its clients",
};
const UNSERVED: Astray = { status: 404, why: "nobody serves this path" };
const DRAINED_ROUTE: Astray = { status: 503, why: DRAINED };

/** Instead of a policy: the site's connections are passed on, and none of them is looked into here. */
const PASSED = -1;

/** Who stands in front of a listener. */
export interface InFront {
  /** Connections begin with a header of the PROXY protocol, but for those of these networks. */
  readonly announced?: TrustedProxies;
  /** Whose words count about who asks, and which list of the plan that is, counted from 1; 0 where nobody's do. */
  readonly proxies: TrustedProxies | undefined;
  readonly list: number;
  /** Those do TLS for all of their clients. */
  readonly https: boolean;
}

const NOBODY_IN_FRONT: InFront = { proxies: undefined, list: 0, https: false };

/** The sites of one listener. */
export class ListenerRoutes {
  readonly #table: RouteTable;
  readonly #routes: readonly FrontRoute[];
  /** Each site's answers, in the order of the table. */
  readonly #errors: readonly ErrorAnswers[];
  /** What each site asks of its clients, 0 for nothing; undefined where none asks for anything. */
  readonly #policies: readonly number[] | undefined;
  /** Those with rules around their routes, in the same order; undefined where no site has any. */
  readonly #judged: readonly (JudgedSite | undefined)[] | undefined;
  readonly #names: readonly string[];

  /**
   * @param groupOf the group of a route's backends, if it has any
   * @param errors what is answered where a site says nothing else
   * @param documents the same, as configured
   * @param memory what has been found out about clients
   * @param unread where clients speak TLS: where connections go that cannot be looked into
   * @param front who stands in front
   */
  constructor(
    sites: readonly Site[],
    groupOf: (route: Route) => BackendGroup | undefined,
    errors: ErrorAnswers,
    documents: ErrorDocuments | undefined,
    memory: FindingsMemory,
    readonly unread?: UnreadRoutes,
    readonly front: InFront = NOBODY_IN_FRONT,
  ) {
    this.#table = new RouteTable(sites);
    this.#routes = this.#table.routes.map((entry) => new FrontRoute(entry, groupOf(entry.route)));
    this.#names = sites.map(({ names }) => names[0] ?? "");
    this.#errors = sites.map(({ errorDocuments }) =>
      errorDocuments === undefined ? errors : new ErrorAnswers(errorDocuments, documents)
    );
    let first = 0;
    const judged = sites.map((site) => {
      const place = first;
      first += site.routes.length + (site.targets?.length ?? 0);
      const isAlike = (_: unknown, route: number) => treatsAlike(site.rules!, route);
      return site.rules === undefined || site.rules.pages === undefined &&
          treatsAlike(site.rules, undefined) && site.routes.every(isAlike)
        ? undefined
        : new JudgedSite(site, place, this.#routes, this.#table, memory);
    });
    this.#judged = judged.some((site) => site !== undefined) ? judged : undefined;
    const policies = sites.map(({ tls }) => policyOf(tls, unread !== undefined));
    this.#policies = policies.some((policy) => policy !== 0) ? policies : undefined;
  }

  /** Why the last request led nowhere. */
  astray: Astray = UNCOVERED;
  /** What has to be found out about the last request before it can be decided; undefined where nothing has. */
  question: Question | undefined;

  /**
   * Finds out who may serve a request. The path, and the terms of its route, are in the look afterwards.
   *
   * @param look at a whole head
   * @param connection it was looked at on
   * @returns undefined where nobody does; {@linkcode astray} says why, unless there is a {@linkcode question}
   */
  find(look: Look, connection: Connection): BackendGroup | undefined {
    const { bytes, head } = look;
    const table = this.#table;
    const index = table.find(bytes, head.hostStart, head.hostEnd, head.pathStart, head.pathEnd);
    look.path = table.path;
    this.question = undefined;
    if (this.#policies !== undefined && !this.#fits(table.site, connection.policy)) {
      this.astray = MISDIRECTED;
      return undefined;
    }
    const judged = this.#judged?.[table.site];
    const { error } = connection;
    if (error !== undefined && judged === undefined) {
      this.astray = { status: error.status as AnswerStatus, why: NOT_SHOWN };
      return undefined;
    }
    const route = this.#routes[index];
    if (judged !== undefined && index !== BAD_PATH) {
      const mayHavePage = error !== undefined || route?.group === undefined && judged.hasPages;
      if (mayHavePage || judged.concerns(index)) return this.#decide(judged, look, connection, index);
    }
    look.route = route;
    if (route?.group !== undefined) return route.group;
    if (route !== undefined) this.astray = route.drained ? DRAINED_ROUTE : UNSERVED;
    else this.astray = index === BAD_PATH ? MALFORMED : UNCOVERED;
    return undefined;
  }

  #decide(judged: JudgedSite, look: Look, connection: Connection, found: number): BackendGroup | undefined {
    connection.findLocal();
    const { front: { proxies }, unread } = this;
    const hidden = (connection.peerFlags & PEER_TRUSTED) === 0 ? proxies : undefined;
    const https = unread !== undefined || connection.saidHttps;
    const result = judged.judge(look, connection, found, https, Date.now(), hidden);
    switch (result.kind) {
      case "route":
        return result.route.group;
      case "ask":
        this.question = result.question;
        return undefined;
      case "answer": {
        const { answer } = result;
        this.astray = { status: answer.status as AnswerStatus, why: answer.why, answer };
        return undefined;
      }
    }
  }

  /** Whether what was asked of the client is what a site asks of its clients. */
  #fits(site: number, asked: number): boolean {
    const policy = this.#policies![site] ?? 0;
    return policy === 0 || policy === asked;
  }

  /** First name of the site of the last request; empty where it has none, or no site has its Host. */
  get site(): string {
    return this.#names[this.#table.site] ?? "";
  }

  /** What the site of the last request answers instead of the front's own text; undefined where no site has its Host. */
  get errors(): ErrorAnswers | undefined {
    return this.#errors[this.#table.site];
  }
}

/** What a site asks of its clients. In clear text nobody has a certificate, and a site that must see one is not served. */
function policyOf(tls: Site["tls"], secure: boolean): number {
  if (tls === "pass") return PASSED;
  if (!secure && tls?.settings.clientCertificates !== "required") return 0;
  return clientPolicy(tls);
}
