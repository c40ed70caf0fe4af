/** Where a request for a URL would go: for people who ask `fdpass check --route URL`. Not for the data plane. */

import type { Listener, Route, Site } from "../config/config.ts";
import { normalizePath } from "./path.ts";
import { ruledExample } from "./example_rules.ts";
import { BAD_PATH, NO_ROUTE, NO_SITE, type RouteEntry, RouteTable } from "./route_table.ts";

/** Where a request would go, or why it would go nowhere. */
export type Resolution =
  | {
    readonly found: true;
    readonly listener: Listener;
    readonly site: Site;
    readonly route: Route;
    /** The route's entry in the listener's table, with its normalised prefix and its scope. */
    readonly entry: RouteEntry;
    /** What the backend gets as the path: below the route's prefix, or mapped by the route; starts with `/`. */
    readonly rest: string;
  }
  | {
    readonly found: false;
    /** One sentence for a person, without a final period. */
    readonly reason: string;
  };

/** `http://` authority path; the query and the fragment do not route. RFC 9110, section 4.2.1. */
const HTTP_URL =
  /^http:\/\/(?<host>\[[0-9a-f:.]+\]|[^\s/?#@:[\]]+)(?::(?<port>\d*))?(?<path>\/[^?#]*)?(?:[?#].*)?$/i;

/**
 * Finds out where a request for a URL would go. The path is taken as written, not as a browser would tidy it up
 * before it sends it: the question is what the front does with it.
 *
 * @param listeners The listeners of a configuration.
 * @param url `http://host[:port][/path]`; the port is 80 if it is left out.
 * @returns Listener, site, route and the rest of the path, or the reason why there are none.
 */
export function resolve(listeners: readonly Listener[], url: string): Resolution {
  const match = HTTP_URL.exec(url)?.groups;
  if (match === undefined) return nowhere(`Cannot read the URL "${url}": write it as http://host:port/path`);
  const { host = "", path = "" } = match;
  const port = Number(match.port || 80);
  if (port < 1 || port > 65_535) return nowhere(`Cannot use the port ${match.port}: ports are 1 to 65535`);

  const listener = pick(listeners, host, port);
  if (listener === undefined) return nowhere(`Nothing listens on port ${port}${others(listeners)}`);
  const normal = normalizePath(path);
  if (normal === undefined) {
    return nowhere(`Cannot route the path "${path}": it has a bad percent-encoding or climbs above the root`);
  }
  const table = new RouteTable(listener.sites);
  const hostBytes = new TextEncoder().encode(host);
  const head = new TextEncoder().encode(host + normal);
  let found = table.find(head, 0, hostBytes.length, hostBytes.length, head.length);
  if (found === NO_SITE) return nowhere(`No site answers on port ${port}`);
  const judged = listener.sites[table.site]!;
  if (judged.rules !== undefined && found !== BAD_PATH) {
    const first = table.routes.findIndex(({ siteIndex }) => siteIndex === table.site);
    const find = (path: string) => {
      const bytes = new TextEncoder().encode(path);
      return found = table.findPath(bytes, 0, bytes.length);
    };
    const authority = port === 80 ? host : `${host}:${port}`;
    const query = /\?([^#]*)/.exec(url)?.[1];
    const example = ruledExample(judged, authority, normal, query, (path) => {
      const place = find(path);
      if (place < 0) return { index: undefined, serves: false };
      const { route: { backends, match }, prefix, mapTo } = table.routes[place]!;
      const { bytes, start, end } = table.path;
      const own = new TextDecoder().decode(bytes.subarray(start, end));
      return {
        index: place - first,
        serves: backends.length > 0,
        mapped: match === undefined ? mappedPath(own, prefix, mapTo) : own,
      };
    });
    if (example.kind === "answer") return nowhere(example.reason);
    if (example.kind === "target") {
      const entry = table.routes[first + judged.routes.length + example.target]!;
      return { found: true, listener, site: judged, route: entry.route, entry, rest: example.path };
    }
  }
  if (found === NO_ROUTE) {
    return nowhere(`No route of the site for "${host}" covers "${normal}"`);
  }
  if (found === BAD_PATH) {
    return nowhere(`Cannot map the path "${normal}": the first route that matches it makes no path of it`);
  }
  const entry = table.routes[found]!;
  const { site, route, prefix, mapTo } = entry;
  if (route.backends.length === 0) {
    return nowhere(`Nobody serves "${normal}": it is left out by the route "${route.path}"`);
  }
  const { bytes, start, end } = table.path;
  const rest = mappedPath(new TextDecoder().decode(bytes.subarray(start, end)), prefix, mapTo);
  return { found: true, listener, site, route, entry, rest };
}

/**
 * The part of a path below a route's prefix, as a path of its own: `/files/a` below `/files/` is `/a`, and `/a`
 * below `/a` is `/`. It is in the normal form, as its parts are.
 *
 * @param path A normalised path that the prefix covers.
 * @param prefix The normalised prefix of the route.
 * @param mapTo What stands in place of the prefix, character by character, normalised; see `Route.mapTo`.
 * @returns The rest, always with one slash at its start.
 */
export function mappedPath(path: string, prefix: string, mapTo?: string): string {
  if (mapTo !== undefined) return mapTo + path.slice(restAt(prefix, mapTo));
  return path.slice(restAt(prefix)) || "/";
}

/**
 * Where in a path that a prefix covers the part begins that stays, behind what is mapped. Between `/base/` and what is
 * left of `/a/b` below `/a` there is one slash, as everywhere in a normal path.
 */
export function restAt(prefix: string, mapTo?: string): number {
  const { length } = prefix;
  if (mapTo === undefined) return prefix.endsWith("/") ? length - 1 : length;
  return mapTo.endsWith("/") && !prefix.endsWith("/") ? length + 1 : length;
}

/**
 * The listener that a connection to `host:port` most likely reaches. A name does not say which address it is
 * looked up to, so among several listeners on one port only an address can choose; otherwise the first one has it.
 */
function pick(listeners: readonly Listener[], host: string, port: number): Listener | undefined {
  const onPort = listeners.filter((listener) => listener.port === port);
  const address = host.replace(/^\[|\]$/g, "").toLowerCase();
  const any = host.startsWith("[") ? "::" : /^[\d.]+$/.test(host) ? "0.0.0.0" : undefined;
  return onPort.find((listener) => listener.host === address) ??
    onPort.find((listener) => listener.host === any) ?? onPort[0];
}

function others(listeners: readonly Listener[]): string {
  const ports = [...new Set(listeners.map((listener) => listener.port))].filter((port) => port !== 0);
  return ports.length === 0 ? "" : `; the configuration has ${ports.join(", ")}`;
}

function nowhere(reason: string): Resolution {
  return { found: false, reason };
}
