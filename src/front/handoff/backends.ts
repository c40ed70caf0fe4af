/** The backends of a plan: a link to each, and a group for each set of them that a route names. */

import type { Backend, Route } from "../../config/config.ts";
import type { Connection } from "../connection/connection.ts";
import { BackendCounters } from "../core/backend_counters.ts";
import { BackendGroup } from "./backend_group.ts";
import { type Accepting, Crowding, type Room } from "./crowding.ts";
import { BackendLink, type LinkTools } from "./backend_link.ts";

/** Links, which outlast a plan as long as their backend is in the next one, and groups, which are made for each plan. */
export class Backends implements Room {
  #links = new Map<string, BackendLink>();
  #groups = new Map<string, BackendGroup>();

  readonly tools: LinkTools;

  constructor({ accepting, ...tools }: Omit<LinkTools, "crowding"> & { readonly accepting: Accepting }) {
    this.tools = { ...tools, crowding: new Crowding(tools.core, accepting, this) };
  }

  anywhere(connection: Connection): boolean {
    for (const group of this.#groups.values()) if (group.hasRoom(connection)) return true;
    return false;
  }

  /**
   * Takes the backends of a plan. Whose socket is no longer there gets no more; channels to the new ones are not opened yet.
   *
   * @param memory where each is counted, by name
   */
  apply(backends: readonly Backend[], memory: Readonly<Record<string, SharedArrayBuffer>> = {}): void {
    const old = this.#links;
    this.#links = new Map();
    this.#groups = new Map();
    for (const backend of backends) {
      const known = old.get(backend.name);
      const kept = known?.backend.socket === backend.socket ? known : undefined;
      if (kept !== undefined) old.delete(backend.name);
      const link = kept ?? new BackendLink(this.tools, backend, new BackendCounters(memory[backend.name]));
      link.groups = [];
      link.backend = backend;
      this.#links.set(backend.name, link);
    }
    for (const link of old.values()) link.retire();
  }

  /** The group of a route's backends; undefined when it has none. */
  groupOf(route: Route): BackendGroup | undefined {
    if (route.backends.length === 0) return undefined;
    const names = [...new Set(route.backends)];
    const sticky = route.sticky === true;
    const key = [sticky, ...names].join("\n");
    let group = this.#groups.get(key);
    if (group === undefined) {
      const members = names.map((name) => this.#links.get(name)!);
      group = new BackendGroup(members, sticky);
      this.#groups.set(key, group);
      for (const member of members) member.groups.push(group);
    }
    return group;
  }

  /** Tells every channel of the generation that has begun, and opens those that are missing. */
  connect(): void {
    for (const link of this.#links.values()) {
      link.announce();
      link.connect();
    }
  }

  /** Ends every channel: nothing is under way. @param reason for people @param bye BYE_* */
  stop(reason: string, bye: number): void {
    for (const link of this.#links.values()) link.stop(reason, bye);
  }

  /** Opens again what {@linkcode stop} has ended. */
  goOn(): void {
    for (const link of this.#links.values()) link.goOn();
  }
}
