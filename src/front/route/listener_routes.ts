/** What answers at one listener: its sites, and where their routes lead. */

import type { ErrorDocuments, Route, Site } from "../../config/config.ts";
import { clientPolicy } from "../../config/tls.ts";
import { BAD_PATH, RouteTable } from "../../route/route_table.ts";
import { ErrorAnswers } from "../answer/error_answers.ts";
import type { BackendGroup } from "../handoff/backend_group.ts";
import type { Look } from "../look/look.ts";
import { FrontRoute } from "./front_route.ts";
import type { UnreadRoutes } from "./unread.ts";

/** Why a request leads nowhere: the status, and the reason for people. */
export interface Astray {
  readonly status: 400 | 404 | 421;
  readonly why: string;
}

const MALFORMED: Astray = { status: 400, why: "the path is malformed" };
const UNCOVERED: Astray = { status: 404, why: "no route covers the request" };
const MISDIRECTED: Astray = {
  status: 421,
  why: "the site needs a connection of its own, with what it asks of its clients",
};
const UNSERVED: Astray = { status: 404, why: "nobody serves this path" };

/** Instead of a policy: the site's connections are passed on, and none of them is looked into here. */
const PASSED = -1;

/** The sites of one listener. */
export class ListenerRoutes {
  readonly #table: RouteTable;
  readonly #routes: readonly FrontRoute[];
  /** Each site's answers, in the order of the table. */
  readonly #errors: readonly ErrorAnswers[];
  /** What each site asks of its clients, 0 for nothing; undefined where none asks for anything. */
  readonly #policies: readonly number[] | undefined;

  /**
   * @param groupOf the group of a route's backends, if it has any
   * @param errors what is answered where a site says nothing else
   * @param documents the same, as configured
   * @param unread where clients speak TLS: where connections go that cannot be looked into
   */
  constructor(
    sites: readonly Site[],
    groupOf: (route: Route) => BackendGroup | undefined,
    errors: ErrorAnswers,
    documents: ErrorDocuments | undefined,
    readonly unread?: UnreadRoutes,
  ) {
    this.#table = new RouteTable(sites);
    this.#routes = this.#table.routes.map((entry) => new FrontRoute(entry, groupOf(entry.route)));
    this.#errors = sites.map(({ errorDocuments }) =>
      errorDocuments === undefined ? errors : new ErrorAnswers(errorDocuments, documents)
    );
    const policies = sites.map(({ tls }) => policyOf(tls, unread !== undefined));
    this.#policies = policies.some((policy) => policy !== 0) ? policies : undefined;
  }

  /** Why the last request led nowhere. */
  astray: Astray = UNCOVERED;

  /**
   * Finds out who may serve a request. The path, and the terms of its route, are in the look afterwards.
   *
   * @param look at a whole head
   * @param policy what was asked of the client in a handshake
   * @returns undefined where nobody does; {@linkcode astray} says why
   */
  find(look: Look, policy: number): BackendGroup | undefined {
    const { bytes, head } = look;
    const table = this.#table;
    const index = table.find(bytes, head.hostStart, head.hostEnd, head.pathStart, head.pathEnd);
    const route = this.#routes[index];
    look.path = table.path;
    look.route = route;
    if (this.#policies !== undefined && !this.#fits(table.site, policy)) {
      this.astray = MISDIRECTED;
      return undefined;
    }
    if (route?.group !== undefined) return route.group;
    this.astray = index === BAD_PATH ? MALFORMED : route === undefined ? UNCOVERED : UNSERVED;
    return undefined;
  }

  /** Whether what was asked of the client is what a site asks of its clients. */
  #fits(site: number, asked: number): boolean {
    const policy = this.#policies![site] ?? 0;
    return policy === 0 || policy === asked;
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
