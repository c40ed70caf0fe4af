/** The room again, as short as strings and arrays allow: what the property tests compare with. */

import type { Route, Site } from "../../src/config/config.ts";

/** A site with the given names and one route per path. */
export function site(names: readonly string[], ...paths: readonly string[]): Site {
  return { names, routes: paths.map((path): Route => ({ path, backends: ["any"] })) };
}

export function naiveNormalize(path: string): string | undefined {
  if (path === "" || path === "*") return "/";
  if (!path.startsWith("/") || /%(?![0-9a-f]{2})|%00|\\|\0/i.test(path)) return undefined;
  const merged = path
    .replace(/["<>^`{|}]|[^!-~]/g, (odd) => "%" + odd.charCodeAt(0).toString(16).padStart(2, "0"))
    .replace(/%../g, (triple) => {
      const character = String.fromCharCode(parseInt(triple.slice(1), 16));
      return /[\w.~-]/.test(character) ? character : triple.toUpperCase();
    })
    .replace(/\/+/g, "/");
  const kept: string[] = [];
  const segments = merged.slice(1).split("/");
  for (const [index, segment] of segments.entries()) {
    const isDots = segment === "." || segment === "..";
    if (segment === ".." && kept.pop() === undefined) return undefined;
    if (!isDots) kept.push(segment);
    else if (index === segments.length - 1) kept.push("");
  }
  return "/" + kept.join("/");
}

export function naiveSite(sites: readonly Site[], hostValue: string): number {
  const host = hostValue.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
  const exact = sites.findIndex(({ names }) => names.includes(host));
  if (exact >= 0) return exact;
  const [longest] = sites
    .flatMap(({ names }, index) => names.map((name) => ({ index, suffix: name.slice(1), name })))
    .filter(({ name, suffix }) => name.startsWith("*.") && host.endsWith(suffix) && host !== suffix)
    .sort((a, b) => b.suffix.length - a.suffix.length);
  if (longest !== undefined) return longest.index;
  const nameless = sites.findIndex(({ names }) => names.length === 0);
  return nameless >= 0 ? nameless : sites.length > 0 ? 0 : -1;
}

/** What RouteTable.find returns. */
export function naiveFind(sites: readonly Site[], host: string, path: string): number {
  const siteIndex = naiveSite(sites, host);
  if (siteIndex < 0) return -1;
  const normal = naiveNormalize(path);
  if (normal === undefined) return -3;
  const first = sites.slice(0, siteIndex).reduce((count, { routes }) => count + routes.length, 0);
  const { routes } = sites[siteIndex]!;
  for (const [index, { path, match, inOrder, mapTo }] of routes.entries()) {
    if (inOrder && naiveCovers(naiveNormalize(path)!, normal)) return first + index;
    const found = match === undefined ? null : new RegExp(match, "s").exec(naiveDecode(normal));
    if (found === null) continue;
    return mapTo === undefined || naiveFill(mapTo, found) !== undefined ? first + index : -3;
  }
  const [longest] = routes
    .map((route, index) => ({ ...route, index, prefix: naiveNormalize(route.path)! }))
    .filter(({ match, inOrder, prefix }) => !match && !inOrder && naiveCovers(prefix, normal))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return longest === undefined ? -2 : first + longest.index;
}

function naiveCovers(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** Exact for paths whose encodings are of letters, and of a slash. */
export function naiveDecode(normal: string): string {
  return normal.replace(/(%(?!2F)..)+/g, decodeURIComponent);
}

function naiveFill(template: string, found: RegExpExecArray): string | undefined {
  const path = template.replace(/\$(\d)/g, (_, group) => found[group] ?? "") || "/";
  // On what is decoded, which is as good for the paths that are tried.
  return path.startsWith("/") && !/\/\.\.?(\/|$)/.test(path) ? path.replace(/\/+/g, "/") : undefined;
}

/** The path that a backend gets; for a route that {@linkcode naiveFind} has found. */
export function naiveMap({ path: prefix, match, mapTo }: Route, path: string): string {
  const normal = naiveNormalize(path)!;
  if (match !== undefined) {
    if (mapTo === undefined) return normal;
    const found = new RegExp(match, "s").exec(naiveDecode(normal))!;
    return naiveFill(mapTo, found)!.replace(/[^!-~]+/gu, encodeURIComponent);
  }
  const normalPrefix = naiveNormalize(prefix)!;
  if (mapTo !== undefined) return (mapTo + normal.slice(normalPrefix.length)).replace(/\/+/g, "/");
  return normal.slice(normalPrefix.replace(/\/$/, "").length) || "/";
}

/** Bytes of `before`, `host`, `between`, `path`, `after`, and where host and path are among them. */
export function place(
  host: string,
  path: string,
): { bytes: Uint8Array; hostStart: number; hostEnd: number; pathStart: number; pathEnd: number } {
  // What is around them would change the answer if it were read.
  const [before, between, after] = ["a.", ".com:8/b/%", "2e/a%2"];
  const bytes = Uint8Array.from(before + host + between + path + after, (c) => c.charCodeAt(0));
  const hostStart = before.length;
  const hostEnd = hostStart + host.length;
  const pathStart = hostEnd + between.length;
  return { bytes, hostStart, hostEnd, pathStart, pathEnd: pathStart + path.length };
}
