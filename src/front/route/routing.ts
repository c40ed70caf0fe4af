/** Which sites answer at which listener of the plan. */

import type { ErrorDocuments, Route } from "../../config/config.ts";
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
   */
  apply(
    plans: readonly ListenerPlan[],
    documents: ErrorDocuments | undefined,
    groupOf: (route: Route) => BackendGroup | undefined,
    memory: FindingsMemory,
  ): void {
    this.errors = new ErrorAnswers(documents);
    this.#listeners = plans.map(({ key, sites, tls }) => {
      const unread = tls && new UnreadRoutes(tls.backend, key, sites, groupOf);
      return new ListenerRoutes(sites, groupOf, this.errors, documents, memory, unread);
    });
  }

  /** What answers at a listener; undefined when the plan does not have it. */
  of(listener: Listener | undefined): ListenerRoutes | undefined {
    return listener === undefined ? undefined : this.#listeners[listener.place];
  }
}
