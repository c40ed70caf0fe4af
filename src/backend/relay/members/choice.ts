/** Which member a request goes to: as mod_proxy_balancer and its methods choose (ap_proxy_balancer_get_best_worker). */

import type { Balancing, BalancingMethod } from "../../../config/balancing.ts";
import type { Member } from "./member.ts";

/** A member, and whether it is another one than the request has named. */
export interface Choice {
  readonly member: Member;
  readonly changed: boolean;
}

const NOBODY: ReadonlySet<Member> = new Set();

/** Chooses among the members of one relay. */
export class Chooser {
  readonly #sets: readonly number[];
  readonly #method: BalancingMethod;

  constructor(readonly members: readonly Member[], readonly balancing: Balancing) {
    this.#sets = [...new Set(members.map(({ terms }) => terms.set ?? 0))].sort((a, b) => a - b);
    this.#method = balancing.method ?? "requests";
  }

  /**
   * Chooses one, whose turn it has been then.
   *
   * @param route that the request names, if it does
   * @param now the loop's time
   * @param tried those that have failed it already
   * @returns undefined where none can be used
   */
  choose(route: string | undefined, now: number, tried: ReadonlySet<Member> = NOBODY): Choice | undefined {
    this.#recover(now);
    const { sticky } = this.balancing;
    const own = route === undefined ? undefined : this.#ofRoute(route, now, tried);
    if (own !== undefined) {
      const usable = this.members.filter((member) => member.isUsable(now));
      this.#advance(usable, own);
      return { member: own, changed: own.terms.route !== route };
    }
    const isOurs = route !== undefined && this.members.some(({ terms }) => terms.route === route);
    if (isOurs && sticky?.strict) return undefined;
    const member = this.#best(now, tried);
    if (member === undefined) return undefined;
    return { member, changed: sticky !== undefined };
  }

  /** Where all have failed, nobody is spared: one of them may have come back. */
  #recover(now: number): void {
    if (this.balancing.forceRecovery === false) return;
    const enabled = this.members.filter(({ terms }) => !terms.disabled);
    if (enabled.some((member) => member.isUsable(now))) return;
    for (const member of enabled) member.recover();
  }

  /** The member of a route; those that stand by are looked at last. @param depth how many redirects have led here */
  #ofRoute(route: string, now: number, tried: ReadonlySet<Member>, depth = 0): Member | undefined {
    const named = this.members.filter(({ terms }) => terms.route === route);
    const inOrder = [
      ...named.filter(({ terms }) => terms.role !== "standby"),
      ...named.filter(({ terms }) => terms.role === "standby"),
    ];
    for (const member of inOrder) {
      if (member.isUsable(now) && !tried.has(member)) return member;
      const { redirect } = member.terms;
      // Redirects may go round in circles.
      if (redirect === undefined || depth >= this.members.length) continue;
      const other = this.#ofRoute(redirect, now, tried, depth + 1);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  #best(now: number, tried: ReadonlySet<Member>): Member | undefined {
    for (const set of this.#sets) {
      const candidates: Member[] = [];
      const spares: Member[] = [];
      const standbys: Member[] = [];
      let missing = 0;
      for (const member of this.members) {
        const { terms } = member;
        if ((terms.set ?? 0) !== set) continue;
        const usable = !terms.draining && !tried.has(member) && member.isUsable(now);
        if (terms.role === "spare") usable && spares.push(member);
        else if (terms.role === "standby") usable && standbys.push(member);
        else if (usable) candidates.push(member);
        else missing++;
      }
      candidates.push(...spares.slice(0, missing));
      const best = this.#bestOf(candidates) ?? this.#bestOf(standbys);
      if (best !== undefined) return best;
    }
    return undefined;
  }

  #bestOf(candidates: readonly Member[]): Member | undefined {
    const [first, ...others] = candidates;
    if (first === undefined) return undefined;
    if (this.#method === "traffic") {
      return others.reduce((best, one) => shareOf(one) < shareOf(best) ? one : best, first);
    }
    const standing = (member: Member) => member.standing + member.weight;
    const isBetter = this.#method === "requests"
      ? (one: Member, best: Member) => standing(one) > standing(best)
      : (one: Member, best: Member) =>
        one.busy < best.busy || one.busy === best.busy && standing(one) > standing(best);
    const best = others.reduce((best, one) => isBetter(one, best) ? one : best, first);
    this.#advance(candidates, best);
    return best;
  }

  /** Everybody comes nearer to their turn, and the one that has it goes behind. */
  #advance(candidates: readonly Member[], chosen: Member): void {
    let total = 0;
    for (const member of candidates) {
      member.standing += member.weight;
      total += member.weight;
    }
    chosen.standing -= total;
  }
}

function shareOf({ traffic, weight }: Member): number {
  return traffic / weight;
}
