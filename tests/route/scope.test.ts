import { strict as assert } from "node:assert";
import type { Site } from "../../src/config/config.ts";
import { type Scope, scopeOf } from "../../src/route/scope.ts";
import { site } from "./naive.ts";

const CASES: readonly [description: string, sites: readonly Site[], index: [number, number], scope: Scope][] =
  [
    ["one site, one route for all", [site([], "/")], [0, 0], "connection"],
    ["one named site, one route for all", [site(["a.com"], "/")], [0, 0], "connection"],
    ["one site, one route for a part", [site([], "/files/")], [0, 0], "host"],
    ["one site, two routes", [site([], "/", "/files/")], [0, 0], "request"],
    ["one site, two routes, the second", [site([], "/", "/files/")], [0, 1], "request"],
    ["two sites, one route for all", [site(["a.com"], "/"), site([], "/")], [0, 0], "host"],
    ["two sites, the nameless one", [site(["a.com"], "/"), site([], "/")], [1, 0], "host"],
    ["two sites, the one with two routes", [site(["a.com"], "/", "/x"), site([], "/")], [0, 1], "request"],
    ["two sites, the other without routes", [site(["a.com"], "/"), site([])], [0, 0], "host"],
    ["a site that does not exist", [], [0, 0], "request"],
  ];

for (const [description, sites, [siteIndex, routeIndex], expected] of CASES) {
  Deno.test(`scopeOf is "${expected}" for ${description}`, () => {
    assert.equal(scopeOf(sites, siteIndex, routeIndex), expected);
  });
}
