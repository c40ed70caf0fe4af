/** Which route takes a request: the site by Host, then the most specific of its prefixes by path. */

import type { Route, Site } from "../config/config.ts";
import { HASH_START, hashStep, type NameTree, NameTrees, NONE, SAME_CASE } from "./name_trees.ts";
import { normalizePath, PathNormalizer } from "./path.ts";
import { type Scope, scopesOf } from "./scope.ts";
import { NO_SITE, SiteTable } from "./site_table.ts";

export { NO_SITE };

/** The site has no route whose prefix covers the path: 404. */
export const NO_ROUTE = -2;

/** The path has no normal form: 400. See {@linkcode PathNormalizer.normalize}. */
export const BAD_PATH = -3;

const SLASH = 0x2f;

/** A route with what follows from its place in the table. */
export interface RouteEntry {
  readonly site: Site;
  readonly route: Route;
  /** Index of `site` among the table's sites. */
  readonly siteIndex: number;
  /** The route's path in its normal form: what a normalised request path starts with. */
  readonly prefix: string;
  readonly scope: Scope;
}

/**
 * The routes of one listener. Built once; {@linkcode RouteTable.find} is called for every connection and
 * allocates nothing, with a cost that does not depend on the number of sites and routes.
 */
export class RouteTable {
  /** Every site's routes, in configuration order; {@linkcode RouteTable.find} returns an index into it. */
  readonly routes: readonly RouteEntry[];
  /** The normalised path of the last request that {@linkcode RouteTable.find} did not call bad. */
  readonly path: PathNormalizer = new PathNormalizer();
  readonly #siteTable: SiteTable;
  /** One tree of prefixes per site, without their outer slashes; the root is the route for `/`. */
  readonly #prefixes: NameTrees;

  /**
   * @param sites The sites of one listener, in configuration order.
   * @throws {Error} If a route's path is bad; a configuration that was checked has none.
   */
  constructor(sites: readonly Site[]) {
    this.#siteTable = new SiteTable(sites);
    this.routes = flatten(sites);
    const trees: NameTree[] = [];
    let first = 0;
    for (const { routes } of sites) {
      trees.push(collect(this.routes, first, first + routes.length));
      first += routes.length;
    }
    this.#prefixes = new NameTrees(trees, SAME_CASE);
  }

  /**
   * Finds the route of a request. A prefix covers whole segments: `/a` covers `/a` and `/a/b`, not `/ab`; `/a/`
   * covers `/a/` and `/a/b`, not `/a`; `/` covers everything. The longest prefix wins.
   *
   * @param bytes Where the request head is.
   * @param hostStart Offset of the Host value, as in {@linkcode SiteTable.find}.
   * @param hostEnd Offset after it.
   * @param pathStart Offset of the path, as in {@linkcode PathNormalizer.normalize}.
   * @param pathEnd Offset after it, before the query; equal to `pathStart` for a target without a path.
   * @returns An index into {@linkcode RouteTable.routes}, or {@linkcode NO_SITE}, {@linkcode NO_ROUTE} or
   * {@linkcode BAD_PATH}.
   */
  find(bytes: Uint8Array, hostStart: number, hostEnd: number, pathStart: number, pathEnd: number): number {
    const site = this.#siteTable.find(bytes, hostStart, hostEnd);
    if (site === NO_SITE) return NO_SITE;
    if (!this.path.normalize(bytes, pathStart, pathEnd)) return BAD_PATH;
    const route = this.#findPrefix(site, this.path.bytes, this.path.start + 1, this.path.end);
    return route === NONE ? NO_ROUTE : route;
  }

  /** Walks a normal path, from after its first slash, and asks for an answer at every slash and at the end. */
  #findPrefix(site: number, path: Uint8Array, start: number, end: number): number {
    const prefixes = this.#prefixes;
    let route = prefixes.root(site);
    // No prefix ends further on, so a long path costs no more than a short one.
    const last = Math.min(end, start + prefixes.longest(site));
    let hash = HASH_START;
    for (let index = start; index < last; index++) {
      const byte = path[index]!;
      if (byte === SLASH) {
        const found = prefixes.below(site, hash, path, start, index);
        if (found !== NONE) route = found;
      }
      hash = hashStep(hash, byte);
    }
    let found = NONE;
    if (last === end) found = prefixes.at(site, hash, path, start, last);
    else if (path[last] === SLASH) found = prefixes.below(site, hash, path, start, last);
    return found !== NONE ? found : route;
  }
}

function flatten(sites: readonly Site[]): RouteEntry[] {
  return sites.flatMap((site, siteIndex) => {
    const prefixes = site.routes.map(({ path }) => {
      const prefix = normalizePath(path);
      if (prefix === undefined) throw new Error(`Cannot route the path "${path}"`);
      return prefix;
    });
    const scopes = scopesOf(prefixes, sites.length === 1);
    return site.routes.map((route, index) => {
      return { site, route, siteIndex, prefix: prefixes[index]!, scope: scopes[index]! };
    });
  });
}

/**
 * One site's tree of paths. `/a` answers at its node and below it; `/a/` only below it, and there it comes
 * before `/a`, being longer. Of two routes with one prefix the first has it.
 */
function collect(routes: readonly RouteEntry[], first: number, end: number): NameTree {
  const answers = new Map<string, { at: number; below: number }>();
  let root = NONE;
  // Prefixes without a final slash come second, to fill what the others have left.
  for (const withSlash of [true, false]) {
    for (let index = first; index < end; index++) {
      const { prefix } = routes[index]!;
      if (prefix.endsWith("/") !== withSlash) continue;
      if (prefix === "/") {
        if (root === NONE) root = index;
        continue;
      }
      const key = prefix.slice(1, withSlash ? -1 : undefined);
      let answer = answers.get(key);
      if (answer === undefined) answers.set(key, answer = { at: NONE, below: NONE });
      if (answer.below === NONE) answer.below = index;
      if (answer.at === NONE && !withSlash) answer.at = index;
    }
  }
  const encoder = new TextEncoder();
  const nodes = Array.from(answers, ([key, { at, below }]) => {
    const name = encoder.encode(key);
    return { name, hash: name.reduce(hashStep, HASH_START), at, below };
  });
  return { root, nodes };
}
