/** Balancers as one relay has them. */

import type { BalancedMember, Balancing, Sticky } from "../balancing.ts";
import type { Backends, RelayTerms } from "./backends.ts";
import type { Member } from "./balancers.ts";
import { quote } from "../reading.ts";
import { type BalancingWords, saysSomething } from "./balancing_words.ts";
import { joinedParameters, type Parameters } from "./parameters.ts";
import type { Pass } from "./passes.ts";
import type { Servers } from "./servers.ts";
import type { Target } from "./targets.ts";

/** A member that is an HTTP server. */
interface HttpMember extends Member {
  readonly target: Extract<Target, { readonly authority: string }>;
}

/** Milliseconds that httpd has for everything, where nothing is said. */
const TIMEOUT = 60_000;

/** Makes them. */
export class BalancingMaker {
  constructor(readonly servers: Servers, readonly backends: Backends) {}

  /** Those of a balancer: one relay for all of them, where they are HTTP servers; else a backend each. */
  backendsOf(name: string, pass: Pass, terms: RelayTerms): (string | undefined)[] {
    const { faults, balancers } = this.servers;
    const { members, parameters } = balancers.of(name);
    const active = members.filter(({ parameters }) => !parameters.words.member.disabled);
    if (active.length === 0) {
      const why = members.length === 0
        ? `Cannot find members of the balancer ${
          quote(name)
        }; write <Proxy "balancer://${name}"> with a BalancerMember in it`
        : `Found no member of the balancer ${
          quote(name)
        } that takes anything; remove status= from one of them`;
      faults.add(pass.spot, why);
      return [undefined];
    }
    const own = joinedParameters(parameters, pass.parameters);
    const isSaid = saysSomething(own.words) || own.timeout !== undefined ||
      active.some(({ parameters }) => saysSomething(parameters.words));
    const servers = members.flatMap(({ target, ...rest }) =>
      target.kind === "server" && this.backends.registered(target) === undefined ? [{ target, ...rest }] : []
    );
    if (servers.length === members.length && (active.length > 1 || isSaid)) {
      const balancing = this.#of(servers, own, terms);
      return [balancing && this.backends.balanced(name, balancing, terms, pass.spot)];
    }
    if (isSaid) {
      const message =
        "holds only where all members are HTTP servers; a client, told by its address, stays with one";
      faults.warn(active[0]!.spot, message, "changes");
    }
    return active.filter(({ parameters }) => parameters.words.member.role !== "standby").map((member) => {
      const { target, parameters, spot } = member;
      if (target.kind === "balancer") return undefined;
      const timeout = parameters.timeout === undefined ? {} : { timeout: parameters.timeout };
      const own = { ...terms, ...timeout, ...connectionsOf(parameters) };
      const base = target.kind === "socket" ? "" : target.path;
      return this.backends.refer(target, parameters, own, spot, base);
    });
  }

  /**
   * One balancer.
   *
   * @param members at least one
   * @param own what is said of the balancer
   * @param terms of its relay
   * @returns nothing where a member is faulty, which has been reported
   */
  #of(members: readonly HttpMember[], own: Parameters, terms: RelayTerms): Balancing | undefined {
    const made = members.map((member) => this.#member(member, terms));
    const valid = made.filter((member) => member !== undefined);
    if (valid.length < made.length) return undefined;
    const sticky = stickyOf(own.words);
    return {
      members: valid,
      ...own.words.balancer,
      ...sticky === undefined ? {} : { sticky },
      // Of a balancer it is the time for a member that can be used.
      ...own.timeout === undefined ? {} : { wait: own.timeout },
    };
  }

  #member({ target, parameters, spot }: HttpMember, terms: RelayTerms): BalancedMember | undefined {
    const upstream = this.backends.upstream(target, target.path, spot);
    if (upstream === undefined) return undefined;
    const { weight, timeout, connectTimeout, maxUpstream, words } = parameters;
    const check = this.servers.healthChecks.of(words.check, timeout ?? terms.timeout ?? TIMEOUT, spot);
    return {
      upstream,
      ...words.member,
      ...weight === undefined ? {} : { weight },
      ...timeout === undefined ? {} : { timeout },
      ...connectTimeout === undefined ? {} : { connectTimeout },
      ...maxUpstream === undefined ? {} : { maxUpstream },
      ...check === undefined ? {} : { check },
    };
  }
}

function stickyOf({ sticky, separator, semicolonEnds, strict }: BalancingWords): Sticky | undefined {
  if (sticky === undefined) return undefined;
  const [cookie = "", parameter] = sticky.split("|");
  return {
    cookie,
    ...parameter ? { parameter } : {},
    ...separator === undefined ? {} : { separator },
    ...semicolonEnds ? { semicolonEnds } : {},
    ...strict ? { strict } : {},
  };
}

/** What is said of the connections to a server. */
export function connectionsOf({ connectTimeout, maxUpstream }: Parameters): RelayTerms {
  return {
    ...connectTimeout === undefined ? {} : { connectTimeout },
    ...maxUpstream === undefined ? {} : { maxUpstream },
  };
}
