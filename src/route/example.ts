/** What a route makes of an example path: for people who read `fdpass check`. */

import type { Config, Route } from "../config/config.ts";
import { columns, describePaths, sitesOf } from "../config/describe.ts";
import { mappedPath } from "./resolve_url.ts";
import { BAD_PATH, RouteTable } from "./route_table.ts";

/**
 * Says what routes with `mapTo` make of an example path.
 *
 * @param config The configuration.
 * @returns Lines of text as `describe()` has them; empty where nothing is mapped.
 */
export function describeMappings(config: Config): string {
  const rows = [...sitesOf(config).keys()].flatMap(({ names, routes }) =>
    routes.filter(({ mapTo }) => mapTo !== undefined).map((route) => {
      const example = exampleOf(route);
      const made = example === undefined
        ? `${route.mapTo}; see what becomes of one of your paths with --route`
        : `${example.path} becomes ${example.mapped ?? "no path, and clients get 400"}`;
      return [names[0] ?? "(every Host)", describePaths(route), made];
    })
  );
  return rows.length === 0 ? "" : `\nMapped paths\n${columns(rows).join("\n")}\n`;
}

/** A path that a route takes, and what it makes of it. */
export interface Example {
  readonly path: string;
  /** What backends get; undefined where the route makes no path of it, and clients get 400. */
  readonly mapped: string | undefined;
}

/** What may stand behind the literal beginning of an expression. */
const ENDINGS = [
  "/example",
  "example",
  "",
  "/example.html",
  "example.html",
  "/1/example",
  "1/example",
  "/1",
  "1",
];

/**
 * Finds an example of what a route maps. For an expression it is a path that begins as that does.
 *
 * @param route One with `mapTo`.
 * @returns Undefined where none is found: an expression can ask for anything.
 */
export function exampleOf(route: Route): Example | undefined {
  const table = new RouteTable([{ names: [], routes: [{ ...route, backends: ["any"] }] }]);
  for (const path of candidates(route)) {
    const bytes = new TextEncoder().encode(path);
    const found = table.find(bytes, 0, 0, 0, bytes.length);
    if (found === BAD_PATH) return { path, mapped: undefined };
    if (found < 0) continue;
    const { prefix, mapTo } = table.routes[found]!;
    const { bytes: normal, start, end } = table.path;
    return { path, mapped: mappedPath(new TextDecoder().decode(normal.subarray(start, end)), prefix, mapTo) };
  }
  return undefined;
}

function candidates({ path, match }: Route): string[] {
  if (match === undefined) return [path.endsWith("/") ? `${path}example` : `${path}/example`];
  // Up to the first character that is not itself, and without one that a quantifier is about.
  const [, literal = "", quantifier] = /^\^?([\w\-/~%]*)([*?{]?)/.exec(match)!;
  const start = quantifier ? literal.slice(0, -1) : literal;
  const beginning = start.startsWith("/") ? start : `/${start}`;
  return ENDINGS.map((ending) => (beginning + ending).replace(/\/{2,}/, "/"));
}
