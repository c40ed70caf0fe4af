/** The routes of a site in a JSON document. */

import type { KeepAlive, Route } from "../config.ts";
import type { Redirect, Section, SiteRules } from "../../rules/model.ts";
import { readExpression, readMapTo, readTemplate } from "../mapping.ts";
import { readRoutePath, type Resolve } from "../path.ts";
import { quote } from "../reading.ts";
import type { Backends } from "./backends.ts";
import { formatPath, type Path, type Report } from "./report.ts";
import { readRouteRules } from "./rules.ts";
import { TARGET } from "./schema.ts";
import { entriesOf, isObject, textsOf } from "./value.ts";

type Entry = Readonly<Record<string, unknown>>;

/**
 * Reads `routes` of a site, or the `to` that stands for them.
 *
 * @param site The site.
 * @param path Where it stands.
 * @param backends The declared backends; those that routes use besides are added.
 * @param report Where problems go.
 */
export function readRoutes(
  site: Entry,
  path: Path,
  backends: Backends,
  resolve: Resolve,
  report: Report,
): { readonly routes: Route[]; readonly rules?: SiteRules } {
  if (site.to !== undefined && site.routes !== undefined) {
    report.value(path, `Found both "routes" and "to"; keep one of them`);
  }
  if (site.to === undefined && site.routes === undefined) {
    report.value(path, `Found a site that leads nowhere; write "to" or "routes" in it`);
  }
  const routes: Route[] = [];
  const sections: Section[] = [];
  if (site.to !== undefined) {
    routes.push({ path: "/", backends: readTargets(site.to, [...path, "to"], backends, report) });
  }
  const owners = new Map<string, string>();
  for (const { value, path: at } of entriesOf(site.routes, [...path, "routes"])) {
    if (!isObject(value)) continue;
    const targets = readTargets(value.to, [...at, "to"], backends, report);
    if (value.to === undefined && value.redirect === undefined) {
      report.value([...at, "to"], `Missing; ${TARGET}`);
    }
    if (value.to !== undefined && value.redirect !== undefined) {
      report.value(at, `Found both "redirect" and "to"; keep one of them`);
    }
    const way = value.match === undefined ? readPrefix(value, at, report) : readMatch(value, at, report);
    if (way === undefined) continue;
    // An expression that stands twice is odd, and harmless: the first one has all that it matches.
    const owner = way.match === undefined ? owners.get(way.path) : undefined;
    if (owner !== undefined) {
      const message = `Cannot route ${quote(way.path)} twice, for ${owner} does; ` +
        `write one route with a list of targets`;
      report.value([...at, "path"], message);
    } else if (way.match === undefined) owners.set(way.path, formatPath(at));
    if (value.to === null || value.redirect !== undefined) refuseBeside(value, at, report);
    const section = readRouteRules(value, at, way, routes.length, resolve, report);
    if (section !== undefined) sections.push(section);
    routes.push({
      ...way,
      backends: targets,
      ...value.sticky === true ? { sticky: true } : {},
      ...isKeepAlive(value.keepAlive) ? { keepAlive: value.keepAlive } : {},
    });
  }
  const paths = new Set(routes.map(({ path }) => path));
  for (const route of routes.filter(isDirectory)) {
    const path = route.path.slice(0, -1);
    if (paths.has(path)) continue;
    paths.add(path);
    sections.push({ place: { routes: [routes.length] }, redirects: [toTheSlash(path)] });
    routes.push({ path, backends: [] });
  }
  const [name] = textsOf(site.names, []).map(({ value }) => value);
  if (sections.length === 0) return { routes };
  return {
    routes,
    rules: { sections, ...name !== undefined && !name.includes("*") && { serverName: name } },
  };
}

/** Whether a route is for what is below a path, and not for the path without its slash. */
function isDirectory({ path, match, inOrder, backends }: Route): boolean {
  return path !== "/" && path.endsWith("/") && match === undefined && !inOrder && backends.length > 0;
}

/** `/static` beside a route `/static/`: where the links in its pages lead when they are relative (RFC 3986, 5.2). */
function toTheSlash(path: string): Redirect {
  return { status: 301, to: `${path}/` };
}

/** Which paths a route takes, and what it makes of them. */
type Way = Pick<Route, "path" | "match" | "inOrder" | "mapTo">;

function readPrefix({ path: text, mapTo, inOrder }: Entry, at: Path, report: Report): Way | undefined {
  if (text === undefined) report.value([...at, "path"], `Missing; write a path such as "/"`);
  const base = typeof mapTo === "string" ? report.take(readMapTo(mapTo), [...at, "mapTo"]) : undefined;
  if (typeof text !== "string") return undefined;
  const path = report.take(readRoutePath(text), [...at, "path"]);
  if (path === undefined) return undefined;
  return {
    path,
    ...inOrder === true ? { inOrder } : {},
    ...base !== undefined ? { mapTo: base } : {},
  };
}

function readMatch({ match: text, path, mapTo, inOrder }: Entry, at: Path, report: Report): Way | undefined {
  if (path !== undefined) report.value(at, `Found both "path" and "match"; keep one of them`);
  if (inOrder !== undefined) {
    report.key([...at, "inOrder"], `Found "inOrder" beside "match", which is always in order; leave it out`);
  }
  if (typeof text !== "string") return undefined;
  const match = report.take(readExpression(text), [...at, "match"]);
  if (match === undefined) return undefined;
  const template = typeof mapTo === "string"
    ? report.take(readTemplate(mapTo, match), [...at, "mapTo"])
    : undefined;
  return { path: match, match, ...template !== undefined ? { mapTo: template } : {} };
}

/** Reports what says how a path is served that nobody serves. */
function refuseBeside(route: Entry, at: Path, report: Report): void {
  for (const key of ["mapTo", "sticky", "keepAlive"]) {
    if (route[key] === undefined) continue;
    report.key(
      [...at, key],
      `Found ${quote(key)} in a route that leads nowhere; leave it out, or write "to"`,
    );
  }
}

function isKeepAlive(value: unknown): value is KeepAlive {
  return value === "hold" || value === "return" || value === "close";
}

function readTargets(value: unknown, path: Path, backends: Backends, report: Report): string[] {
  const names = new Set<string>();
  for (const item of textsOf(value, path)) {
    const name = backends.refer(item.value, item.path);
    if (name === undefined) continue;
    if (names.has(name)) {
      report.value(item.path, `Found the backend ${quote(name)} twice in one route; write it once`);
    }
    names.add(name);
  }
  return [...names];
}
