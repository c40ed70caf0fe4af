import { strict as assert } from "node:assert";
import fc from "../support/properties.ts";
import type { Route, Site } from "../../src/config/config.ts";
import { BAD_PATH, NO_ROUTE, RouteTable } from "../../src/route/route_table.ts";
import { mappedPath } from "../../src/route/resolve_url.ts";
import { naiveFind, naiveMap, place } from "./naive.ts";

/** A route to anybody. */
function route(way: Partial<Route>): Route {
  return { path: way.match ?? "/", backends: ["any"], ...way };
}

/** The route of a request, and the path that a backend would get. */
function find(table: RouteTable, path: string, host = ""): [route: number, mapped?: string] {
  const { bytes, hostStart, hostEnd, pathStart, pathEnd } = place(host, path);
  const index = table.find(bytes, hostStart, hostEnd, pathStart, pathEnd);
  if (index < 0) return [index];
  const { prefix, mapTo } = table.routes[index]!;
  const { path: { bytes: normal, start, end } } = table;
  return [index, mappedPath(new TextDecoder().decode(normal.subarray(start, end)), prefix, mapTo)];
}

const SITE: Site = {
  names: [],
  routes: [
    route({ match: "^/img/([^/]*)/(.*)[.]png$", mapTo: "/pictures/$2/$1" }), // 0
    route({ path: "/img/", inOrder: true }), // 1
    route({ match: "secret", backends: [] }), // 2
    route({ match: "^/up/(.*)/(.*)$", mapTo: "/$1$2/x" }), // 3
    route({ match: "^/group/(a)?(.*)$", mapTo: "$2" }), // 4
    route({ match: "[.]php$" }), // 5
    route({ match: "ä|%2F|\n", mapTo: "/$$/$0" }), // 6
    route({ path: "/long/path/" }), // 7
    route({ path: "/long/", mapTo: "/base/" }), // 8
    route({ path: "/img/deep/", mapTo: "/never" }), // 9
    route({ match: "^/half(.)(.*)$", mapTo: "/$2/$1" }), // 10
    route({ match: "^/dots/(.)-(.)$", mapTo: "/a/$1$2" }), // 11
  ],
};

const CASES: readonly [path: string, route: number, mapped?: string][] = [
  ["/img/a/b.png", 0, "/pictures/b/a"],
  ["/img/a/b/c.png", 0, "/pictures/b/c/a"],
  ["/img/%C3%A4/%20.png", 0, "/pictures/%20/%C3%A4"],
  ["/img/a%2fb/c.png", 0, "/pictures/c/a%2Fb"],
  ["/img/a.gif", 1, "/a.gif"],
  ["/img/deep/a.gif", 1, "/deep/a.gif"],
  ["/img", NO_ROUTE],
  ["/a/%73ecret", 2, "/a/secret"],
  ["/img/secret", 1, "/secret"],
  ["/up/./a/b", 3, "/ab/x"],
  ["/up/.%2f/b", 3, "/.%2Fb/x"],
  ["/up/.a/b", 3, "/.ab/x"],
  ["/group/", 4, "/"],
  ["/group/a/b", 4, "/b"],
  ["/group/b", BAD_PATH],
  ["/group/a/x/..", 4, "/"],
  ["/x.php", 5, "/x.php"],
  ["//y//x.php", 5, "/y/x.php"],
  ["/long/%c3%a4", 6, "/$/%C3%A4"],
  ["/long/a%2Fb", 6, "/$/%2F"],
  ["/long/%0A", 6, "/$/%0A"],
  ["/long/path/x", 7, "/x"],
  ["/long/x", 8, "/base/x"],
  ["/half%c3x", 10, "/x/%C3"],
  ["/half%F0%9F%98%80x", 10, "/x/%F0%9F%98%80"],
  ["/dots/a-b", 11, "/a/ab"],
  ["/dots/.-.", BAD_PATH],
  ["/..", BAD_PATH],
];

for (const [path, index, mapped] of CASES) {
  Deno.test(`RouteTable with ordered routes gives ${index} and "${mapped ?? ""}" for "${path}"`, () => {
    const expected = mapped === undefined ? [index] : [index, mapped];
    assert.deepEqual(find(new RouteTable([SITE]), path), expected);
  });
}

Deno.test("RouteTable gives every route of a site with ordered ones the scope of one request", () => {
  const table = new RouteTable([SITE, { names: ["b"], routes: [route({ path: "/" })] }]);
  const reaches = table.routes.map(({ scope }) => scope.reach);
  assert.deepEqual(new Set(reaches.slice(0, -1)), new Set(["request"]));
  assert.equal(reaches.at(-1), "host");
});

Deno.test("RouteTable never says that all of a connection is for one whose paths have another base", () => {
  const { routes: [entry] } = new RouteTable([{
    names: [],
    routes: [route({ path: "/", mapTo: "/base/" })],
  }]);
  assert.deepEqual(entry!.scope, { reach: "host", except: [] });
});

Deno.test("RouteTable refuses a path that another base, or a template, makes longer than a hand-off carries", () => {
  const grown = "/" + "b".repeat(1_000);
  const table = new RouteTable([{
    names: [],
    routes: [route({ path: "/a/", mapTo: grown }), route({ match: "^/d(.*)$", mapTo: "/$1$1" })],
  }]);
  const fits = "x".repeat(65_535 - grown.length);
  assert.equal(find(table, `/a/${fits}`)[0], 0);
  assert.equal(find(table, `/a/${fits}x`)[0], BAD_PATH);
  assert.equal(find(table, `/d${"x".repeat(32_767)}`)[0], 1);
  assert.equal(find(table, `/d${"x".repeat(32_768)}`)[0], BAD_PATH);
});

Deno.test("RouteTable remembers the site of the last request", () => {
  const table = new RouteTable([SITE, { names: ["b"], routes: [] }]);
  find(table, "/", "b");
  assert.equal(table.site, 1);
  find(table, "/..", "a");
  assert.equal(table.site, 0);
});

const segment = fc.constantFrom("a", "b", "ab", "%C3%A4", "%2F", "%61", ".", "..", ".b");
const path = fc.array(segment, { maxLength: 5 }).map((segments) => "/" + segments.join("/"));
const prefix = fc.tuple(fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 2 }), fc.constantFrom("", "/"))
  .map(([segments, end]) => "/" + segments.join("/") + (segments.length > 0 ? end : ""));
const prefixRoute = fc.record({
  path: prefix,
  inOrder: fc.constantFrom(true as const, undefined),
  mapTo: fc.constantFrom(undefined, undefined, "/", "/x", "/x/"),
});
const matchRoute = fc.record({
  match: fc.constantFrom(
    "a",
    "^/a",
    "b$",
    "^/(.*)/(.*)$",
    "ä(.*)",
    "^/(a|b)(/.*)?$",
    "%2F",
    "^(.*)$",
    "([.])",
  ),
  mapTo: fc.constantFrom(undefined, "/", "/$1", "$1", "/x/$2", "/$1$1/$2", "/x$0"),
});
const backends = fc.constantFrom([], ["any"]);
const routes = fc.array(
  fc.tuple(fc.oneof(prefixRoute, matchRoute), backends).map(([way, backends]): Route => {
    const given = Object.fromEntries(Object.entries(way).filter(([, value]) => value !== undefined));
    return { ...route(given), backends };
  }),
  { maxLength: 5 },
);
const site = fc.tuple(fc.constantFrom([], ["b"]), routes)
  .map(([names, routes]): Site => ({ names, routes }));

Deno.test("RouteTable finds and maps as a walk through strings does, with prefixes and expressions in any order", () => {
  let [found, mapped, ordered] = [0, 0, 0];
  fc.assert(
    fc.property(fc.array(site, { maxLength: 2 }), fc.array(path, { maxLength: 8 }), (sites, paths) => {
      const table = new RouteTable(sites);
      for (const path of paths) {
        const [index, rest] = find(table, path, "b");
        assert.equal(index, naiveFind(sites, "b", path), path);
        if (rest === undefined) continue;
        const { route } = table.routes[index]!;
        assert.equal(rest, naiveMap(route, path), path);
        // Nothing leads out of where it is mapped to.
        assert.doesNotMatch(rest, /\/[.]{1,2}(\/|$)/);
        assert.match(rest, /^\//);
        found++;
        if (route.mapTo !== undefined) mapped++;
        if (route.match !== undefined) ordered++;
      }
    }),
    { numRuns: 3_000 },
  );
  // Otherwise it has compared next to nothing.
  assert.ok(found > 3_000 && mapped > 1_000 && ordered > 1_000, `${found} ${mapped} ${ordered}`);
});
