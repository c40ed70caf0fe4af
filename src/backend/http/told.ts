/**
 * What handlers and programs are told of the host and the path of a request. They read it by rules of their own, those of
 * the URL standard for the most part. It must lead them to where the request was routed: what protects a path in a
 * configuration is by-passed by a handler that reads another one.
 */

import { hasDotSegment, normalizePath } from "../../route/path.ts";
import type { Exchange } from "./exchange.ts";

/**
 * The host that a request is for, with a port if the client gave one. For a client that does not say: the name of the site
 * that it was routed to, or else the address that it connected to.
 */
export function toldHost(exchange: Exchange): string {
  const { authority, connection } = exchange;
  if (authority !== "") return authority;
  const { local: { hostname, port }, transfer: { site } } = connection;
  // A name with a wildcard is the name of nobody.
  const host = site !== "" && !site.startsWith("*.")
    ? site
    : hostname.includes(":")
    ? `[${hostname}]`
    : hostname;
  return host === "" ? "localhost" : `${host}:${port}`;
}

/**
 * The path of a request as its client spelled it, but for dot segments. Other readers resolve those in another order: of
 * `/admin//../a` the URL standard makes `/admin/a`, which was routed as `/a`.
 *
 * @param path from its slash to its query; the `*` of OPTIONS and no path are paths as well
 */
export function toldPath(path: string): string {
  if (!path.startsWith("/")) return `/${path}`;
  return hasDotSegment(path) ? normalizePath(path) ?? "/" : path;
}
