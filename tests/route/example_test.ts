import { strict as assert } from "node:assert";
import type { Route } from "../../src/config/config.ts";
import { parseJson } from "../../src/config/json/parse.ts";
import { describeMappings, exampleOf } from "../../src/route/example.ts";

const CASES: readonly [way: Partial<Route>, path: string | undefined, mapped?: string][] = [
  [{ path: "/f3", mapTo: "/" }, "/f3/example", "/example"],
  [{ path: "/a/", mapTo: "/x" }, "/a/example", "/xexample"],
  [{ path: "/a/", mapTo: "/base/", inOrder: true }, "/a/example", "/base/example"],
  [{ match: "^/pub(.*)$", mapTo: "/$1" }, "/pub/example", "/example"],
  [{ match: "^/img/(.*)[.]html$", mapTo: "/$1" }, "/img/example.html", "/example"],
  [{ match: "^/a/([0-9]+)/(.*)$", mapTo: "/$2/$1" }, "/a/1/example", "/example/1"],
  [{ match: "^/users?/(.*)$", mapTo: "/$1" }, "/user/example", "/example"],
  [{ match: "^/x(.*)$", mapTo: "$1" }, "/x/example", "/example"],
  [{ match: "^/x/(.*)$", mapTo: "$1" }, "/x/example"],
  [{ match: "^/[0-9a-f]{40}$", mapTo: "/$0" }, undefined],
];

for (const [way, path, mapped] of CASES) {
  Deno.test(`exampleOf() finds ${path ?? "none"} for ${way.match ?? way.path} mapped to ${way.mapTo}`, () => {
    const route: Route = { path: "/", backends: [], ...way };
    assert.deepEqual(exampleOf(route), path === undefined ? undefined : { path, mapped });
  });
}

Deno.test("describeMappings() says what a mapping makes of an example", () => {
  const text = `{ "listen": "80", "sites": [{ "names": "a.test", "routes": [
    { "path": "/f3", "to": "fd:///run/a.sock", "mapTo": "/" },
    { "match": "^/pub(.*)$", "to": "fd:///run/a.sock", "mapTo": "/$1" },
    { "match": "^/[0-9a-f]{40}$", "to": "fd:///run/a.sock", "mapTo": "/$0" },
    { "path": "/", "to": "fd:///run/a.sock" }
  ] }] }`;
  const config = parseJson(text, { name: "fdpass.json", baseDirectory: "/" });
  assert.equal(
    describeMappings(config),
    `
Mapped paths
  a.test  /f3                  /f3/example becomes /example
  a.test  ~ "^/pub(.*)$"       /pub/example becomes /example
  a.test  ~ "^/[0-9a-f]{40}$"  /$0; see what becomes of one of your paths with --route
`,
  );
});
