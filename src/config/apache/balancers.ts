/** Servers behind a proxy, and several of them in turn: BalancerMember, ProxySet. */

import { quote } from "../reading.ts";
import type { Faults } from "./faults.ts";
import { joinedParameters, NO_PARAMETERS, type Parameters, readParameters } from "./parameters.ts";
import { readTarget, type Target } from "./targets.ts";
import type { Directive } from "./tree.ts";

/** A member of a balancer. */
export interface Member {
  readonly spot: Directive;
  readonly target: Target;
  readonly parameters: Parameters;
}

/** A balancer. */
export interface Balancer {
  readonly members: Member[];
  parameters: Parameters;
}

/** All of them. */
export class Balancers {
  readonly #balancers = new Map<string, Balancer>();
  /** What `<Proxy "http://…">` says, by URL without a slash at its end. */
  readonly workers = new Map<string, Parameters>();

  constructor(readonly faults: Faults) {}

  /** The balancer of a name, whether it has been spoken of or not. */
  of(name: string): Balancer {
    let balancer = this.#balancers.get(name);
    if (balancer === undefined) {
      this.#balancers.set(name, balancer = { members: [], parameters: NO_PARAMETERS });
    }
    return balancer;
  }

  /** One that stands outside of `<Proxy>`. */
  memberElsewhere(directive: Directive): void {
    const [url = "", ...words] = directive.args;
    if (/^balancer:/i.test(url) && words.length > 0) return this.member(directive, url, words);
    this.faults.add(
      directive,
      `Takes a balancer and the URL of a server; write both, or put it into a <Proxy "balancer://name">`,
    );
  }

  /** One of a balancer. @param url the balancer's */
  member(directive: Directive, url: string, words: readonly string[]): void {
    const balancer = this.faults.take(readTarget(url), directive);
    if (balancer === undefined) return;
    if (balancer.kind !== "balancer") {
      return this.faults.add(
        directive,
        `Cannot be a member of ${quote(url)}; write <Proxy "balancer://name"> around it`,
      );
    }
    const target = this.faults.take(readTarget(words[0]!), directive);
    const parameters = this.#parameters(directive, words.slice(1));
    if (target === undefined) return;
    if (target.kind === "balancer") {
      return this.faults.add(
        directive,
        `Cannot make a balancer a member of another; write the URL of a server`,
      );
    }
    this.of(balancer.name).members.push({ spot: directive, target, parameters });
  }

  /** What is said of the server of a URL: in the section with the longest part of it. */
  parametersFor(url: string): Parameters | undefined {
    const own = [...this.workers.keys()].filter((key) => url === key || url.startsWith(`${key}/`));
    return this.workers.get(own.reduce((longest, key) => key.length > longest.length ? key : longest, ""));
  }

  /** Parameters of a server, or of a balancer. */
  set(directive: Directive, url: string, words: readonly string[]): void {
    const parameters = this.#parameters(directive, words);
    const target = this.faults.take(readTarget(url), directive);
    if (target === undefined) return;
    if (target.kind === "balancer") {
      const balancer = this.of(target.name);
      balancer.parameters = joinedParameters(balancer.parameters, parameters);
    } else {
      const key = url.replace(/\/$/, "");
      this.workers.set(key, joinedParameters(this.workers.get(key), parameters));
    }
  }

  #parameters(directive: Directive, words: readonly string[]): Parameters {
    return readParameters(words, {
      fault: (message) => this.faults.add(directive, message),
      withoutEffect: (what, sort) => this.faults.notDone(directive, `${directive.name} ${what}`, sort),
    });
  }
}
