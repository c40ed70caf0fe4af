/** What a backend may serve on a connection after the first request, without asking the front again. */

import { covers } from "./path.ts";

/** The requests after the first that belong to the same route for certain. */
export interface Scope {
  /**
   * - `connection`: every one;
   * - `host`: one whose Host value has the same bytes as the first one's but for case, and whose normalised path is
   *   below the route's prefix, and below none of {@linkcode except};
   * - `request`: none.
   */
  readonly reach: "request" | "host" | "connection";
  /** Normalised prefixes of the site's other routes below this one. */
  readonly except: readonly string[];
}

/** With more routes below it than that, a route's scope is `request`: the list travels with every hand-off. */
const MOST_EXCEPTIONS = 64;

/**
 * Tells how far the claims of a site's routes on a connection reach. It errs towards the narrow: that costs a return to
 * the front, while too wide a scope lets a backend answer for somebody else.
 *
 * - With one site, every Host is that site's, named or not, as the first site takes what nobody claims. If its one
 *   route is `/` as well, nothing that a client may send on the connection is anyone else's: `connection`.
 * - Otherwise requests for the same Host reach the same site, and there the longest prefix wins: what a route covers is
 *   its own but for what a longer one covers. What it does not cover, `/other` beside `/files/`, is another route's or
 *   a 404, which the front gives. The Host must be the same in bytes, and not merely be one of the site's names: which
 *   names those are, and that a wildcard has exceptions in other sites, only the front knows.
 *
 * @param prefixes The normalised paths of all routes of the site.
 * @param alone Whether the listener has no other site, and no path is mapped to another base: `connection` is possible.
 * @returns For each route the widest scope that is safe.
 */
export function scopesOf(prefixes: readonly string[], alone: boolean): Scope[] {
  if (alone && prefixes.length === 1 && prefixes[0] === "/") return [{ reach: "connection", except: [] }];
  // In this order all that begin with a prefix stand together, right behind it.
  const sorted = [...new Set(prefixes)].sort();
  const places = new Map(sorted.map((prefix, place) => [prefix, place]));
  return prefixes.map((prefix) => {
    const except: string[] = [];
    for (let place = places.get(prefix)! + 1; sorted[place]?.startsWith(prefix); place++) {
      if (!covers(prefix, sorted[place]!)) continue;
      if (except.push(sorted[place]!) > MOST_EXCEPTIONS) return { reach: "request", except: [] };
    }
    return { reach: "host", except };
  });
}
