import { strict as assert } from "node:assert";
import type { Listener } from "../../src/config/config.ts";
import { mappedPath, resolve } from "../../src/route/resolve_url.ts";
import { site } from "./naive.ts";

const LISTENERS: readonly Listener[] = [
  { host: "127.0.0.1", port: 8080, sites: [site(["a.com"], "/files/", "/"), site(["*.b.com"], "/app")] },
  { host: "::1", port: 8080, sites: [site([], "/v6")] },
  { host: "0.0.0.0", port: 80, sites: [site([], "/web/")] },
  { host: "127.0.0.1", port: 9090, sites: [] },
];

const FOUND: readonly [url: string, listener: number, site: number, path: string, rest: string][] = [
  ["http://a.com:8080/files/a/b", 0, 0, "/files/", "/a/b"],
  ["http://a.com:8080/files", 0, 0, "/", "/files"],
  ["http://A.com:8080", 0, 0, "/", "/"],
  ["HTTP://a.com:8080/?q=/files/", 0, 0, "/", "/"],
  ["http://a.com:8080?/files/", 0, 0, "/", "/"],
  ["http://a.com:8080/files/#x", 0, 0, "/files/", "/"],
  ["http://unknown:8080/x/../files/y", 0, 0, "/files/", "/y"],
  ["http://www.b.com:8080/app", 0, 1, "/app", "/"],
  ["http://www.b.com:8080/app/x", 0, 1, "/app", "/x"],
  ["http://127.0.0.1:8080/files/ä", 0, 0, "/files/", "/%C3%A4"],
  ["http://[::1]:8080/v6/x", 1, 0, "/v6", "/x"],
  ["http://10.0.0.1/web/", 2, 0, "/web/", "/"],
  ["http://x:/web/", 2, 0, "/web/", "/"],
];

for (const [url, listener, siteIndex, path, rest] of FOUND) {
  Deno.test(`resolve sends ${url} to the route "${path}"`, () => {
    const result = resolve(LISTENERS, url);
    assert.ok(result.found);
    assert.equal(result.listener, LISTENERS[listener]);
    assert.equal(result.site, LISTENERS[listener]!.sites[siteIndex]);
    assert.equal(result.route.path, path);
    assert.equal(result.rest, rest);
    assert.equal(result.entry.route, result.route);
  });
}

const NOT_FOUND: readonly [url: string, reason: string][] = [
  ["http://a.com:81/", "Nothing listens on port 81; the configuration has 8080, 80, 9090"],
  ["http://a.com:9090/", "No site answers on port 9090"],
  ["http://a.com/x", 'No route of the site for "a.com" covers "/x"'],
  [
    "http://a.com:8080/..",
    'Cannot route the path "/..": it has a bad percent-encoding or climbs above the root',
  ],
  ["http://a.com:65536/", "Cannot use the port 65536: ports are 1 to 65535"],
  ["http://a.com:0/", "Cannot use the port 0: ports are 1 to 65535"],
];
const UNREADABLE = [
  "",
  "/x",
  "a.com:80/x",
  "https://a.com/",
  "http://",
  "http://u@a.com/",
  "http://a.com:x/",
  "http://a b/",
];

for (const url of UNREADABLE) {
  Deno.test(`resolve cannot read the URL "${url}"`, () => {
    const reason = `Cannot read the URL "${url}": write it as http://host:port/path`;
    assert.deepEqual(resolve(LISTENERS, url), { found: false, reason });
  });
}

for (const [url, reason] of NOT_FOUND) {
  Deno.test(`resolve says why ${url} goes nowhere`, () => {
    assert.deepEqual(resolve(LISTENERS, url), { found: false, reason });
  });
}

const MAPPING: readonly Listener[] = [{
  host: "127.0.0.1",
  port: 8080,
  sites: [{
    names: [],
    routes: [
      { path: "name", match: "^/img/([^/]*)(/.*)?$", backends: ["a"], mapTo: "/i/$1$2" },
      { path: "/bad", match: "^/bad/(.*)$", backends: ["a"], mapTo: "$1" },
      { path: "/secret/", backends: [] },
      { path: "/a/", backends: ["a"], mapTo: "/x" },
    ],
  }],
}];

for (
  const [url, rest] of [
    ["http://a:8080/img/%C3%A4", "/i/%C3%A4"],
    ["http://a:8080/img/%2F/b", "/i/%2F/b"],
    ["http://a:8080/a/foo", "/xfoo"],
    ["http://a:8080/a/", "/x"],
  ] as const
) {
  Deno.test(`resolve maps ${url} to "${rest}"`, () => {
    const result = resolve(MAPPING, url);
    assert.ok(result.found);
    assert.equal(result.rest, rest);
  });
}

Deno.test("resolve says of a path that is left out, or mapped to none, that it is", () => {
  assert.deepEqual(resolve(MAPPING, "http://a:8080/secret/x"), {
    found: false,
    reason: `Nobody serves "/secret/x": it is left out by the route "/secret/"`,
  });
  assert.deepEqual(resolve(MAPPING, "http://a:8080/bad/x"), {
    found: false,
    reason: `Cannot map the path "/bad/x": the first route that matches it makes no path of it`,
  });
});

Deno.test("resolve says that nothing listens where nothing does", () => {
  assert.deepEqual(resolve([], "http://a.com/"), { found: false, reason: "Nothing listens on port 80" });
});

const MAPPED: readonly [path: string, prefix: string, rest: string, mapTo?: string][] = [
  ["/files/a/b", "/files/", "/a/b"],
  ["/files/", "/files/", "/"],
  ["/a", "/a", "/"],
  ["/a/", "/a", "/"],
  ["/a/b", "/a", "/b"],
  ["/", "/", "/"],
  ["/x/y", "/", "/x/y"],
  ["/a/foo", "/a/", "/xfoo", "/x"],
  ["/a/foo", "/a", "/x/foo", "/x/"],
  ["/a", "/a", "/x", "/x"],
  ["/a/foo", "/a", "/foo", "/"],
  ["/a", "/a", "/", "/"],
  ["/a/", "/a", "/", "/"],
  ["/foo", "/", "/base/foo", "/base/"],
];

for (const [path, prefix, expected, mapTo] of MAPPED) {
  const base = mapTo === undefined ? "" : ` mapped to "${mapTo}"`;
  Deno.test(`mappedPath gives "${expected}" for "${path}" below "${prefix}"${base}`, () => {
    assert.equal(mappedPath(path, prefix, mapTo), expected);
  });
}
