import { strict as assert } from "node:assert";
import fc from "../support/properties.ts";
import type { Site } from "../../src/config/config.ts";
import { BAD_PATH, NO_ROUTE, NO_SITE, RouteTable } from "../../src/route/route_table.ts";
import { naiveFind, place, site } from "./naive.ts";

function find(sites: readonly Site[] | RouteTable, host: string, path: string): number {
  const table = sites instanceof RouteTable ? sites : new RouteTable(sites);
  const { bytes, hostStart, hostEnd, pathStart, pathEnd } = place(host, path);
  return table.find(bytes, hostStart, hostEnd, pathStart, pathEnd);
}

const SITES = [
  //                     0       1    2     3        4      5
  site(["a.com"], "/files/", "/", "/a", "/a/b/", "/a/b", "/a/b/c"),
  //                       6     7      8        9
  site(["*.b.com"], "/x", "/y/", "/a%2fb", "/%7euser//"),
  site(["none.com"]),
  //                  10       11
  site(["c.com"], "/same", "/same"),
];

const CASES: readonly [host: string, path: string, route: number][] = [
  ["a.com", "/", 1],
  ["a.com", "", 1],
  ["a.com", "*", 1],
  ["a.com", "/other", 1],
  ["a.com:80", "/files/", 0],
  ["A.com.", "/files/x/y", 0],
  ["a.com", "/files", 1],
  ["a.com", "/filesx", 1],
  ["a.com", "/Files/", 1],
  ["a.com", "//files//x", 0],
  ["a.com", "/%66iles/x", 0],
  ["a.com", "/files%2Fx", 1],
  ["a.com", "/files/..", 1],
  ["a.com", "/files/../files/", 0],
  ["a.com", "/files/../a", 2],
  ["a.com", "/x/%2e%2e/files/", 0],
  ["a.com", "/a", 2],
  ["a.com", "/a/", 2],
  ["a.com", "/ab", 1],
  ["a.com", "/a/x", 2],
  ["a.com", "/a/b", 4],
  ["a.com", "/a/b/", 3],
  ["a.com", "/a/b/x", 3],
  ["a.com", "/a/bx", 2],
  ["a.com", "/a/b/c", 5],
  ["a.com", "/a/b/c/", 5],
  ["a.com", "/a/b/c/d", 5],
  ["a.com", "/a/b/cd", 3],
  ["a.com", "/a/b/cd/e", 3],
  ["a.com", "/a.b", 1],
  ["a.com", "/..", BAD_PATH],
  ["a.com", "/files/%", BAD_PATH],
  ["unknown.com", "/a", 2],
  ["w.b.com", "/x", 6],
  ["w.b.com", "/x/", 6],
  ["w.b.com", "/xy", NO_ROUTE],
  ["w.b.com", "/y", NO_ROUTE],
  ["w.b.com", "/y/", 7],
  ["w.b.com", "/", NO_ROUTE],
  ["w.b.com", "", NO_ROUTE],
  ["w.b.com", "/files/", NO_ROUTE],
  ["w.b.com", "/a%2Fb/c", 8],
  ["w.b.com", "/a%2fb", 8],
  ["w.b.com", "/a/b", NO_ROUTE],
  ["w.b.com", "/~user/", 9],
  ["w.b.com", "/%7Euser/x", 9],
  ["none.com", "/", NO_ROUTE],
  ["none.com", "/../", BAD_PATH],
  ["c.com", "/same", 10],
  ["c.com", "/same/x", 10],
];

for (const [host, path, expected] of CASES) {
  Deno.test(`RouteTable.find gives ${expected} for "${host}" and "${path}"`, () => {
    assert.equal(find(SITES, host, path), expected);
    assert.equal(naiveFind(SITES, host, path), expected);
  });
}

Deno.test("RouteTable.find has no site where there are none, whatever the path", () => {
  assert.equal(find([], "a.com", "/"), NO_SITE);
  assert.equal(find([], "a.com", "/.."), NO_SITE);
});

Deno.test("RouteTable.find tells paths with one hash apart", () => {
  // FNV-1a of 32 bits is the same for these words, and for what follows them.
  const sites = [site([], "/costarring/x", "/liquid")];
  assert.equal(find(sites, "", "/costarring/x"), 0);
  assert.equal(find(sites, "", "/liquid/x"), 1);
  assert.equal(find(sites, "", "/costarring"), NO_ROUTE);
});

Deno.test("RouteTable.find keeps the normalised path", () => {
  const table = new RouteTable([site([], "/a")]);
  assert.equal(find(table, "", "/a//b/./c"), 0);
  const { bytes, start, end } = table.path;
  assert.equal(new TextDecoder().decode(bytes.subarray(start, end)), "/a/b/c");
});

Deno.test("RouteTable.routes has every route with site, normalised prefix and scope", () => {
  const sites = [site(["a.com"], "/a//", "/%61"), site(["b.com"], "/")];
  const { routes } = new RouteTable(sites);
  assert.deepEqual(
    routes.map(({ siteIndex, prefix, scope }) => [siteIndex, prefix, scope.reach, ...scope.except]),
    [[0, "/a/", "host"], [0, "/a", "host", "/a/"], [1, "/", "host"]],
  );
  assert.equal(routes[1]!.site, sites[0]);
  assert.equal(routes[1]!.route, sites[0]!.routes[1]);
});

Deno.test("RouteTable refuses a route whose path is bad", () => {
  assert.throws(() => new RouteTable([site([], "/100%")]), { message: 'Cannot route the path "/100%"' });
});

Deno.test("RouteTable.find finds each of 2,000 routes on 200 sites", () => {
  const sites = Array.from({ length: 200 }, (_, index) => {
    const paths = Array.from({ length: 10 }, (_, path) => `/deep/${path % 3}/r${path}${path % 2 ? "/" : ""}`);
    return site([`h${index}.example.com`], ...paths);
  });
  const table = new RouteTable(sites);
  for (const [index, { site, route }] of table.routes.entries()) {
    assert.equal(find(table, site.names[0]!, route.path), index);
  }
});

const segment = fc.constantFrom("a", "b", "ab", "c", "%2F", "%61", "costarring", "liquid");
const routePath = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom("", "/"))
  .map(([segments, end]) => "/" + segments.join("/") + (segments.length > 0 ? end : ""));
const names = fc.array(fc.constantFrom("a.com", "b.com", "*.com", "*.b.com", "com"), { maxLength: 2 });
const sites = fc.array(
  fc.tuple(names, fc.array(routePath, { maxLength: 6 })).map(([names, paths]) => site(names, ...paths)),
  { maxLength: 4 },
);
const host = fc.constantFrom("a.com", "B.com:80", "c.b.com.", "com", "x.com", "");
const requestPath = fc.oneof(
  routePath,
  routePath.map((path) => path + "/a"),
  fc.array(fc.oneof(segment, fc.constantFrom(".", "..", "", "%2e%2e", "%zz")), { maxLength: 7 })
    .map((segments) => "/" + segments.join("/")),
  fc.constant(""),
);

Deno.test("RouteTable.find agrees with a search through strings", () => {
  fc.assert(
    fc.property(sites, fc.array(fc.tuple(host, requestPath), { maxLength: 8 }), (sites, requests) => {
      const table = new RouteTable(sites);
      for (const [host, path] of requests) {
        assert.equal(find(table, host, path), naiveFind(sites, host, path), `${host} ${path}`);
      }
    }),
    { numRuns: 1_000 },
  );
});
