/** A server that cannot be reached, as people are told of it. */

import type { AboutSite } from "../../logs/rules.ts";

/** Each site whose requests find it away is told so once, and once that it is back: sites have logs of their own. */
export class Absence {
  readonly #told = new Map<string, AboutSite>();

  /** A request has found it away. @returns whether that is news for the site that it came to */
  begins(about: AboutSite): boolean {
    const key = `${about.port} ${about.site}`;
    if (this.#told.has(key)) return false;
    this.#told.set(key, about);
    return true;
  }

  /** It can be reached. @param tell called for each site that was told otherwise */
  ends(tell: (about: AboutSite) => void): void {
    if (this.#told.size === 0) return;
    const told = [...this.#told.values()];
    this.#told.clear();
    for (const about of told) tell(about);
  }
}
