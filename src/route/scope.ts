/** What a backend may serve on a connection after the first request, without asking the front again. */

import type { Site } from "../config/config.ts";

/**
 * The requests after the first that belong to the same route for certain:
 *
 * - `connection`: every one;
 * - `host`: one whose Host value has the same bytes as the first one's but for case, and whose normalised path
 *   is below the route's prefix;
 * - `request`: none. The first request is the only one that is known to be the backend's.
 */
export type Scope = "request" | "host" | "connection";

/**
 * Tells how far a route's claim on a connection reaches. It errs towards `request`: too narrow costs a
 * connection, too wide lets a backend answer for another site.
 *
 * - With one site, every Host is that site's, named or not, as the first site takes what nobody claims. If its
 *   one route is `/` as well, nothing that a client may send on the connection is anyone else's: `connection`.
 * - Where the site has one route, requests for the same Host reach either that route or none. The path still
 *   counts: beside `/files/` alone there is a 404, which the front gives, not the backend. The Host must be the
 *   same in bytes, and not merely be one of the site's names: which names those are, and that a wildcard has
 *   exceptions in other sites, only the front knows. Hence `host`.
 * - With several routes, a backend would have to know the others to leave them alone: `request`.
 *
 * @param sites All sites of the listener.
 * @param siteIndex Which of them took the first request.
 * @param routeIndexInSite Which of its routes did.
 * @returns The widest scope that is safe.
 */
export function scopeOf(sites: readonly Site[], siteIndex: number, routeIndexInSite: number): Scope {
  const routes = sites[siteIndex]?.routes ?? [];
  if (routes.length !== 1) return "request";
  return sites.length === 1 && routes[routeIndexInSite]?.path === "/" ? "connection" : "host";
}
