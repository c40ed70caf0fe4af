/** Which sites answer at which listener of the plan. */

import type { ErrorDocuments, Route } from "../../config/config.ts";
import { type Trust, TrustedProxies } from "../../trust/trust.ts";
import { ErrorAnswers } from "../answer/error_answers.ts";
import type { Listener } from "../connection/connection.ts";
import type { BackendGroup } from "../handoff/backend_group.ts";
import type { ListenerPlan } from "../plan.ts";
import type { FindingsMemory } from "../inquiry/findings.ts";
import { ListenerRoutes } from "./listener_routes.ts";
import { UnreadRoutes } from "./unread.ts";

/** The routes of a plan, by listener. */
export class Routing {
  /** What is answered where no site is known. */
  errors: ErrorAnswers = new ErrorAnswers();
  /** By the listeners' places in the plan. */
  #listeners: readonly ListenerRoutes[] = [];

  /**
   * Takes the sites of a plan.
   *
   * @param groupOf the group of a route's backends, if it has any
   * @param memory what has been found out about clients
   * @param trust lists of who is trusted
   */
  apply(
    plans: readonly ListenerPlan[],
    documents: ErrorDocuments | undefined,
    groupOf: (route: Route) => BackendGroup | undefined,
    memory: FindingsMemory,
    trust: readonly Trust[] = [],
  ): void {
    this.errors = new ErrorAnswers(documents);
    const lists = trust.map((list) => new TrustedProxies(list));
    this.#listeners = plans.map(({ key, sites, tls, proxyProtocol, scheme, trust: list = 0 }) => {
      const unread = tls && new UnreadRoutes(tls.backend, key, sites, groupOf);
      const front = {
        proxies: lists[list - 1],
        list,
        https: scheme === "https",
        ...proxyProtocol && { announced: new TrustedProxies({ proxies: proxyProtocol.except ?? [] }) },
      };
      return new ListenerRoutes(sites, groupOf, this.errors, documents, memory, unread, front);
    });
  }

  /** What answers at a listener; undefined when the plan does not have it. */
  of(listener: Listener | undefined): ListenerRoutes | undefined {
    return listener === undefined ? undefined : this.#listeners[listener.place];
  }
}
