/** As whom a backend may run. */

import { effectiveUser } from "../../../ffi/mod.ts";

/** The users that the front trusts with connections: root, its own, and those that the configuration names. */
export class AllowedUsers {
  readonly #own = effectiveUser();
  #allowed: ReadonlySet<number> = new Set();

  /** Takes the users of a configuration. */
  apply(users: readonly number[]): void {
    this.#allowed = new Set([0, this.#own, ...users]);
  }

  /** Why a process of this user is no backend, for people; undefined where it may be one. */
  objection(user: number): string | undefined {
    if (this.#allowed.has(user)) return undefined;
    return `it belongs to user ${user}, which allowUsers does not name`;
  }
}
