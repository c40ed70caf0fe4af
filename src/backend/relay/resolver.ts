/** The IP addresses of an upstream's name. */

import { lookup } from "node:dns";
import type { Clock } from "../../loop/deadlines.ts";
import { UnreachedError } from "./upstream_error.ts";

/** Milliseconds that an answer is used without asking again. */
const FRESH = 10_000;

/** Looks a name up; IP addresses in the order in which they are to be tried. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** getaddrinfo(3): what the system is configured for, /etc/hosts included. */
export function systemLookup(name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, found) => {
      if (error !== null) reject(error);
      else resolve(found.map(({ address }) => address));
    });
  });
}

/** Finds the addresses of one host. */
export class Resolver {
  #addresses: readonly string[] | undefined;
  #freshUntil = -Infinity;
  #asking: Promise<readonly string[]> | undefined;

  /** @param clock what tells how old an answer is */
  constructor(readonly host: string, readonly clock: Clock, readonly lookup: Lookup = systemLookup) {
    if (host === "localhost") this.#addresses = ["127.0.0.1", "::1"]; // RFC 6761, 6.3: never asked for
    else if (host.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(host)) this.#addresses = [host];
    if (this.#addresses !== undefined) this.#freshUntil = Infinity;
  }

  /**
   * The addresses; a promise of them where they have to be asked for, at most once at a time. An old answer is better than
   * none.
   */
  addresses(): readonly string[] | Promise<readonly string[]> {
    if (this.#addresses !== undefined && this.clock() < this.#freshUntil) return this.#addresses;
    return this.#asking ??= this.#ask().finally(() => this.#asking = undefined);
  }

  async #ask(): Promise<readonly string[]> {
    try {
      const found = await this.lookup(this.host);
      if (found.length > 0) this.#addresses = found;
    } catch (error) {
      if (this.#addresses === undefined) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new UnreachedError(`the name "${this.host}" was not found: ${reason}`);
      }
    }
    if (this.#addresses === undefined) {
      throw new UnreachedError(`the name "${this.host}" has no address`);
    }
    this.#freshUntil = this.clock() + FRESH;
    return this.#addresses;
  }
}
