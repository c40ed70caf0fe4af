/** Paths as the client wrote them, for servers that want them so. */

import { normalizePath } from "./path.ts";
import { mappedPath, restAt } from "./resolve_url.ts";

const SLASH = "/";

/**
 * What a route makes of a path, with the rest as the client wrote it: slashes in a row, dot segments, what is encoded and
 * how. It is an answer only where it leads to the same as the mapped path in its normal form, which is what has been
 * decided about: a server that resolves it comes to no other place than one that is given the normal form.
 *
 * @param path As it stands in the request, without the query.
 * @param prefix The normalised prefix of the route.
 * @param mapTo What stands in place of the prefix; see `Route.mapTo`.
 * @returns Nothing where the beginning is spelt in another way than the prefix, as httpd has it with `nocanon`; or where
 * the rest leads out of what it is mapped to.
 */
export function mappedAsWritten(path: string, prefix: string, mapTo?: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  // httpd counts the slashes of a row as one at the end of a prefix, and gives such a path in its normal form.
  if (prefix.endsWith(SLASH) && path[prefix.length] === SLASH) return undefined;
  const rest = path.slice(restAt(prefix, mapTo));
  const mapped = mapTo === undefined ? rest || SLASH : mapTo + rest;
  const normal = normalizePath(path);
  if (normal === undefined || !normal.startsWith(prefix)) return undefined;
  return normalizePath(mapped) === mappedPath(normal, prefix, mapTo) ? mapped : undefined;
}
