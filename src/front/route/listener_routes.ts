/** What answers at one listener: its sites, and where their routes lead. */

import type { ErrorDocuments, Route, Site } from "../../config/config.ts";
import { BAD_PATH, RouteTable } from "../../route/route_table.ts";
import { ErrorAnswers } from "../answer/error_answers.ts";
import type { BackendGroup } from "../handoff/backend_group.ts";
import type { Look } from "../look/look.ts";
import { FrontRoute } from "./front_route.ts";

/** Why a request leads nowhere: the status, and the reason for people. */
export interface Astray {
  readonly status: 400 | 404;
  readonly why: string;
}

const MALFORMED: Astray = { status: 400, why: "the path is malformed" };
const UNCOVERED: Astray = { status: 404, why: "no route covers the request" };
const UNSERVED: Astray = { status: 404, why: "nobody serves this path" };

/** The sites of one listener. */
export class ListenerRoutes {
  readonly #table: RouteTable;
  readonly #routes: readonly FrontRoute[];
  /** Each site's answers, in the order of the table. */
  readonly #errors: readonly ErrorAnswers[];

  /**
   * @param groupOf the group of a route's backends, if it has any
   * @param errors what is answered where a site says nothing else
   * @param documents the same, as configured
   */
  constructor(
    sites: readonly Site[],
    groupOf: (route: Route) => BackendGroup | undefined,
    errors: ErrorAnswers,
    documents: ErrorDocuments | undefined,
  ) {
    this.#table = new RouteTable(sites);
    this.#routes = this.#table.routes.map((entry) => new FrontRoute(entry, groupOf(entry.route)));
    this.#errors = sites.map(({ errorDocuments }) =>
      errorDocuments === undefined ? errors : new ErrorAnswers(errorDocuments, documents)
    );
  }

  /** Why the last request led nowhere. */
  astray: Astray = UNCOVERED;

  /**
   * Finds out who may serve a request. The path, and the terms of its route, are in the look afterwards.
   *
   * @param look at a whole head
   * @returns undefined where nobody does; {@linkcode astray} says why
   */
  find(look: Look): BackendGroup | undefined {
    const { bytes, head } = look;
    const table = this.#table;
    const index = table.find(bytes, head.hostStart, head.hostEnd, head.pathStart, head.pathEnd);
    const route = this.#routes[index];
    look.path = table.path;
    look.route = route;
    if (route?.group !== undefined) return route.group;
    this.astray = index === BAD_PATH ? MALFORMED : route === undefined ? UNCOVERED : UNSERVED;
    return undefined;
  }

  /** What the site of the last request answers instead of the front's own text; undefined where no site has its Host. */
  get errors(): ErrorAnswers | undefined {
    return this.#errors[this.#table.site];
  }
}
