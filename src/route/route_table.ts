/** Which route takes a request: the site by Host, then the most specific of its prefixes by path. */

import type { Route, Site } from "../config/config.ts";
import { MAX_PATH } from "../protocol/messages.ts";
import { HASH_START, hashStep, type NameTree, NameTrees, NONE, SAME_CASE } from "./name_trees.ts";
import { BAD_MAPPING, isOrdered, OrderedRoutes } from "./ordered_routes.ts";
import { normalizePath, PathNormalizer } from "./path.ts";
import { type Scope, scopesOf } from "./scope.ts";
import { treatsAlike } from "../rules/alike.ts";
import { NO_SITE, SiteTable } from "./site_table.ts";

export { NO_SITE };

/** The site has no route whose prefix covers the path: 404. */
export const NO_ROUTE = -2;

/**
 * The path has no normal form ({@linkcode PathNormalizer.normalize}), or what a route maps it to is no path: 400.
 */
export const BAD_PATH = -3;

const SLASH = 0x2f;

/** A route with what follows from its place in the table. */
export interface RouteEntry {
  readonly site: Site;
  readonly route: Route;
  /** Its own index among the site's routes; targets stand behind them. */
  readonly index: number;
  /** Index of `site` among the table's sites. */
  readonly siteIndex: number;
  /** The route's path in its normal form: what a normalised request path starts with. `/` for one with `match`. */
  readonly prefix: string;
  /** What mapped paths have in place of the prefix; undefined with `match`, where they are found mapped. */
  readonly mapTo: string | undefined;
  readonly scope: Scope;
}

/**
 * The routes of one listener. Built once; {@linkcode RouteTable.find} is called for every connection and
 * allocates nothing, with a cost that does not depend on the number of sites and routes. Sites with ordered routes are
 * the exception; see {@linkcode OrderedRoutes}.
 */
export class RouteTable {
  /** Every site's routes, in configuration order; {@linkcode RouteTable.find} returns an index into it. */
  readonly routes: readonly RouteEntry[];
  /**
   * The path of the last request that {@linkcode RouteTable.find} did not call bad: normalised, and mapped if it is for a
   * route with `match`.
   */
  readonly path: PathNormalizer = new PathNormalizer();
  /** The site of the last request, an index, or {@linkcode NO_SITE}. */
  site: number = NO_SITE;
  readonly #siteTable: SiteTable;
  /** One tree of prefixes per site, without their outer slashes; the root is the route for `/`. */
  readonly #prefixes: NameTrees;
  /** By site; undefined where no site has any. */
  readonly #ordered: readonly (OrderedRoutes | undefined)[] | undefined;
  /** Whether a mapped path can be longer than the path was. */
  readonly #canGrow: boolean;

  /**
   * @param sites The sites of one listener, in configuration order.
   * @throws {Error} If a route's path or expression is bad; a configuration that was checked has none.
   */
  constructor(sites: readonly Site[]) {
    this.#siteTable = new SiteTable(sites);
    this.routes = flatten(sites);
    const trees: NameTree[] = [];
    const ordered: (OrderedRoutes | undefined)[] = [];
    let first = 0;
    for (const { routes, targets = [] } of sites) {
      // Targets, which stand behind a site's routes, are in no tree: no path leads to them.
      trees.push(collect(this.routes, first, first + routes.length));
      const turns = routes.flatMap((route, place) => {
        const index = first + place;
        return isOrdered(route) ? [{ route, index, prefix: this.routes[index]!.prefix }] : [];
      });
      ordered.push(turns.length > 0 ? new OrderedRoutes(turns) : undefined);
      first += routes.length + targets.length;
    }
    this.#prefixes = new NameTrees(trees, SAME_CASE);
    this.#ordered = ordered.some((routes) => routes !== undefined) ? ordered : undefined;
    this.#canGrow = this.routes.some(({ mapTo }) => mapTo !== undefined);
  }

  /**
   * Finds the route of a request: the first ordered one that takes it, or else the one with the longest prefix that
   * covers it. A prefix covers whole segments: `/a` covers `/a` and `/a/b`, not `/ab`; `/a/` covers `/a/` and `/a/b`,
   * not `/a`; `/` covers everything. A route that is found may have no backends.
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
    this.site = this.#siteTable.find(bytes, hostStart, hostEnd);
    if (this.site === NO_SITE) return NO_SITE;
    return this.findPath(bytes, pathStart, pathEnd);
  }

  /** Finds the route of another path of the site that was found last; as {@linkcode RouteTable.find} otherwise. */
  findPath(bytes: Uint8Array, pathStart: number, pathEnd: number): number {
    const { path, site } = this;
    if (!path.normalize(bytes, pathStart, pathEnd)) return BAD_PATH;
    // What had to be encoded has become longer.
    if (path.end - path.start > MAX_PATH) return BAD_PATH;
    let route = NONE;
    if (this.#ordered !== undefined) {
      route = this.#ordered[site]?.find(path, bytes, pathStart, pathEnd) ?? NONE;
    }
    if (route === BAD_MAPPING) return BAD_PATH;
    if (route === NONE) {
      route = this.#findPrefix(site, path.bytes, path.start + 1, path.end);
      if (route === NONE) return NO_ROUTE;
    }
    return this.#canGrow && this.#growsTooLong(route) ? BAD_PATH : route;
  }

  /** Whether a mapped path is longer than a hand-off can carry; without `mapTo` none is. */
  #growsTooLong(route: number): boolean {
    const { mapTo, prefix } = this.routes[route]!;
    return mapTo !== undefined && this.path.end - this.path.start - prefix.length + mapTo.length > MAX_PATH;
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
    const prefixes = site.routes.map(({ path, match }) => {
      const prefix = match === undefined ? normalizePath(path) : "/";
      if (prefix === undefined) throw new Error(`Cannot route the path "${path}"`);
      return prefix;
    });
    const scopes = siteScopes(site, prefixes, sites.length === 1);
    const routes = site.routes.map((route, index) => {
      const mapTo = route.match === undefined ? route.mapTo : undefined;
      return { site, route, index, siteIndex, prefix: prefixes[index]!, mapTo, scope: scopes[index]! };
    });
    const targets = (site.targets ?? []).map((route, place) => (
      {
        site,
        route,
        index: routes.length + place,
        siteIndex,
        prefix: "/",
        mapTo: undefined,
        scope: ONE_REQUEST,
      }
    ));
    return [...routes, ...targets];
  });
}

const ONE_REQUEST: Scope = { reach: "request", except: [] };

function siteScopes({ routes, rules }: Site, prefixes: readonly string[], alone: boolean): readonly Scope[] {
  // No prefixes tell who takes a path before or after an expression.
  if (routes.some(isOrdered)) return routes.map(() => ONE_REQUEST);
  // "Everything" says nothing of prefixes, so not what stands in their place either.
  const scopes = scopesOf(prefixes, alone && routes.every(({ mapTo }) => mapTo === undefined));
  if (rules === undefined) return scopes;
  // Every request has to be decided about: nobody may go past that on a connection that is kept.
  return scopes.map((scope, route) => treatsAlike(rules, route) ? scope : ONE_REQUEST);
}

/**
 * One site's tree of paths. `/a` answers at its node and below it; `/a/` only below it, and there it comes
 * before `/a`, being longer. Of two routes with one prefix the first has it. Ordered routes are not in it.
 */
function collect(routes: readonly RouteEntry[], first: number, end: number): NameTree {
  const answers = new Map<string, { at: number; below: number }>();
  let root = NONE;
  // Prefixes without a final slash come second, to fill what the others have left.
  for (const withSlash of [true, false]) {
    for (let index = first; index < end; index++) {
      const { prefix, route } = routes[index]!;
      if (isOrdered(route) || prefix.endsWith("/") !== withSlash) continue;
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
