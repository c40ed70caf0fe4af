import { strict as assert } from "node:assert";
import fc from "../support/properties.ts";
import { RouteTable } from "../../src/route/route_table.ts";
import { scopesOf } from "../../src/route/scope.ts";
import { site } from "./naive.ts";

type Expected = readonly [reach: string, ...except: string[]];

const CASES: readonly [description: string, prefixes: string[], alone: boolean, ...Expected[]][] = [
  ["one route for all of the one site", ["/"], true, ["connection"]],
  ["one route for all of one of several sites", ["/"], false, ["host"]],
  ["one route for a part", ["/files/"], true, ["host"]],
  ["a route below another", ["/", "/files/"], true, ["host", "/files/"], ["host"]],
  ["routes beside each other", ["/a", "/b", "/ab"], true, ["host"], ["host"], ["host"]],
  ["a path with and without its slash", ["/a/", "/a"], true, ["host"], ["host", "/a/"]],
  ["three storeys", ["/", "/a/b", "/a"], false, ["host", "/a", "/a/b"], ["host"], ["host", "/a/b"]],
];

for (const [description, prefixes, alone, ...expected] of CASES) {
  Deno.test(`scopesOf() for ${description}`, () => {
    assert.deepEqual(scopesOf(prefixes, alone).map(({ reach, except }) => [reach, ...except]), expected);
  });
}

Deno.test("a route with too many below it has the scope of one request", () => {
  const many = (count: number) => ["/", ...Array.from({ length: count }, (_, index) => `/a${index}`)];
  assert.deepEqual([64, 65].map((count) => scopesOf(many(count), true)[0]!.reach), ["host", "request"]);
  assert.equal(scopesOf(many(65), true)[7]!.reach, "host");
});

Deno.test("the scopes of ten thousand routes are found without comparing each with each", () => {
  const prefixes = Array.from({ length: 10_000 }, (_, index) => `/a/${index}`);
  let looks = 0;
  const counted = prefixes.map((prefix) =>
    Object.assign(Object(prefix), { startsWith: (other: string) => (looks++, prefix.startsWith(other)) })
  ) as string[];
  assert.equal(scopesOf(counted, true).length, 10_000);
  assert.ok(looks < 100_000, `${looks} looks`);
});

Deno.test("routes of a table have the scopes of their sites", () => {
  const table = new RouteTable([site(["a.test"], "/", "/x/../files"), site([], "/")]);
  assert.deepEqual(table.routes.map(({ scope }) => scope), [
    { reach: "host", except: ["/files"] },
    { reach: "host", except: [] },
    { reach: "host", except: [] },
  ]);
});

// Whether the guard, in the backend, and the table, in the front, mean the same: tests/backend/http/scope_guard_test.ts.
Deno.test("no route excepts itself or what is not below it", () => {
  const prefix = fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 })
    .chain((parts) => fc.constantFrom("/" + parts.join("/"), "/" + [...parts, ""].join("/")))
    .map((path) => path.replace("//", "/"));
  fc.assert(fc.property(fc.uniqueArray(prefix, { minLength: 1, maxLength: 6 }), (prefixes) => {
    scopesOf(prefixes, false).forEach(({ except }, index) => {
      for (const other of except) assert.ok(other !== prefixes[index] && other.startsWith(prefixes[index]!));
    });
  }));
});
