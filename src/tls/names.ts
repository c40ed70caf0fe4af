/** Which site a TLS client means by the name that it asks for. */

import type { Site } from "../config/config.ts";
import { SiteTable } from "../route/site_table.ts";

const encoder = new TextEncoder();

/** What {@linkcode ServerNames.find} returns for a name that no site has. */
export const NOBODY = -1;

/** The names of a listener's sites. They are found as Hosts are: the exact name, then the longest wildcard. */
export class ServerNames {
  readonly #table: SiteTable;
  readonly #count: number;

  /** @param sites in configuration order; an answer is an index into them */
  constructor(sites: readonly Pick<Site, "names">[]) {
    this.#count = sites.length;
    // Whoever takes every Host has no name that could be asked for; one more of those takes what is left.
    const named = sites.map(({ names }) => ({ names: names.length === 0 ? ["."] : names, routes: [] }));
    this.#table = new SiteTable([...named, { names: [], routes: [] }]);
  }

  /** The index of the site that has a name; {@linkcode NOBODY} when none has, or no name is asked for. */
  find(serverName: string | undefined): number {
    if (serverName === undefined) return NOBODY;
    const bytes = encoder.encode(serverName);
    const found = this.#table.find(bytes, 0, bytes.length);
    return found === this.#count ? NOBODY : found;
  }
}
