import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { type Config, DEFAULT_LIMITS, type Limits } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/error.ts";
import { parseJson } from "../../src/config/json/parse.ts";
import { EXAMPLE, EXAMPLE_CONFIG } from "./example.ts";

function parse(text: string): Config {
  return parseJson(text, { name: "fdpass.json", baseDirectory: "/etc/fdpass" });
}

/** A good document but for what a test adds at its top. */
function parseWith(rest: string): Config {
  return parse(`{ "listen": "8080", "sites": [{ "to": "fd:///run/app.sock" }], ${rest} }`);
}

Deno.test("parseJson() reads the example", () => {
  assert.deepEqual(parse(EXAMPLE), EXAMPLE_CONFIG);
});

Deno.test("parseJson() returns plain data that survives a structured clone, shared sites included", () => {
  const config = parse(`{ "listen": ["8080", "8081"], "sites": [{ "to": "fd:///run/app.sock" }] }`);
  const clone = structuredClone(config);
  assert.deepEqual(clone, config);
  assert.equal(clone.listeners[0]?.sites[0], clone.listeners[1]?.sites[0]);
});

Deno.test("parseJson() accepts comments, trailing commas and a byte order mark", () => {
  const config = parse(`\ufeff// The front of this host.
    { "listen": "8080", /* every address */
      "sites": [{ "to": "fd:///run/app.sock", },], }`);
  assert.equal(config.listeners[0]?.port, 8080);
});

Deno.test("parseJson() ignores $schema", () => {
  assert.equal(parseWith(`"$schema": "./fdpass.schema.json"`).listeners.length, 1);
});

Deno.test("parseJson() knows every spelling of an address", () => {
  const addresses: [string, string, number][] = [
    ["127.0.0.1:8080", "127.0.0.1", 8080],
    ["0.0.0.0:0", "0.0.0.0", 0],
    ["8081", "::", 8081],
    [":8082", "::", 8082],
    ["[::1]:8083", "::1", 8083],
    ["[2001:DB8:0::0001]:65535", "2001:db8::1", 65_535],
    ["[::ffff:127.0.0.1]:1", "::ffff:7f00:1", 1],
  ];
  const listen = JSON.stringify(addresses.map(([text]) => text));
  const { listeners } = parse(`{ "listen": ${listen}, "sites": [{ "to": "fd:///run/app.sock" }] }`);
  assert.deepEqual(listeners.map(({ host, port }) => [host, port]), addresses.map(([, ...rest]) => rest));
});

Deno.test("parseJson() gives a site the listeners it asks for, and the top-level ones otherwise", () => {
  const { listeners } = parse(`{
    "listen": ["127.0.0.1:80", "127.0.0.1:81"],
    "sites": [
      { "names": "a", "to": "fd:///a.sock" },
      { "names": "b", "listen": "127.0.0.1:81", "to": "fd:///b.sock" },
      { "names": "c", "listen": ["127.0.0.1:82", "127.0.0.1:80"], "to": "fd:///c.sock" }
    ] }`);
  const names = listeners.map(({ port, sites }) => [port, ...sites.map((site) => site.names[0])]);
  assert.deepEqual(names, [[80, "a", "c"], [81, "a", "b"], [82, "c"]]);
});

Deno.test("parseJson() lets sites on different listeners have the same names", () => {
  const { listeners } = parse(`{ "listen": "80", "sites": [
    { "names": "a", "to": "fd:///a.sock" }, { "names": "a", "listen": "81", "to": "fd:///b.sock" },
    { "to": "fd:///c.sock" }, { "listen": "81", "to": "fd:///d.sock" }] }`);
  assert.deepEqual(listeners.map(({ sites }) => sites.length), [2, 2]);
});

Deno.test("parseJson() brings names of sites into lower case", () => {
  const { listeners } = parse(`{ "listen": "80", "sites": [
    { "names": ["EXAMPLE.com", "*.Example.com", "10.0.0.1", "[::0:1]", "my_app"], "to": "fd:///a.sock" }] }`);
  const expected = ["example.com", "*.example.com", "10.0.0.1", "[::1]", "my_app"];
  assert.deepEqual(listeners[0]?.sites[0]?.names, expected);
});

Deno.test("parseJson() reads routes by expression, mapped paths, paths that nobody serves and error documents", () => {
  const config = parse(`{
    "listen": "80",
    "sites": [{
      "routes": [
        { "match": "^/ä/(.*)$", "to": "fd:///a.sock", "mapTo": "/ö/$1$$" },
        { "match": "[.]php$", "to": null },
        { "path": "/a", "inOrder": true, "to": "fd:///a.sock", "mapTo": "/base/" },
        { "path": "/a/secret/", "to": null },
      ],
      "errorDocuments": { "404": "Nothing" },
    }],
    "errorDocuments": { "404": "Nowhere", "503": "<h1>Later</h1>" } }`);
  assert.deepEqual(config.listeners[0]?.sites[0], {
    names: [],
    routes: [
      { path: "^/ä/(.*)$", match: "^/ä/(.*)$", backends: ["a"], mapTo: "/%C3%B6/$1$$" },
      { path: "[.]php$", match: "[.]php$", backends: [] },
      { path: "/a", inOrder: true, backends: ["a"], mapTo: "/base/" },
      { path: "/a/secret/", backends: [] },
    ],
    errorDocuments: { "404": "Nothing" },
  });
  assert.deepEqual(config.errorDocuments, { "404": "Nowhere", "503": "<h1>Later</h1>" });
});

Deno.test("parseJson() brings paths of routes into one spelling", () => {
  const paths = ["/", "/a", "/a/", "/%7euser", "/gr%c3%bc%c3%9f", "/größe", "/.well-known/", "/a:b@c;d=e,f"];
  const routes = paths.map((path) => ({ path, to: "fd:///a.sock" }));
  const { listeners } = parse(JSON.stringify({ listen: "80", sites: [{ routes }] }));
  assert.deepEqual(
    listeners[0]?.sites[0]?.routes.map(({ path }) => path),
    [
      ...["/", "/a", "/a/", "/~user", "/gr%C3%BC%C3%9F", "/gr%C3%B6%C3%9Fe", "/.well-known/", "/a:b@c;d=e,f"],
      "/.well-known",
    ],
  );
});

Deno.test("parseJson() leads from a path to the route of the same path with a slash, unless it has a route of its own", () => {
  const routesOf = (...routes: object[]) =>
    parse(JSON.stringify({ listen: "80", sites: [{ routes }] })).listeners[0]!.sites[0]!;
  const to = "fd:///a.sock";
  const { routes, rules } = routesOf({ path: "/", to }, { path: "/a%20b/", to }, { path: "/c/", to }, {
    path: "/c",
    to,
  });
  assert.deepEqual(routes.slice(4), [{ path: "/a%20b", backends: [] }]);
  assert.deepEqual(rules?.sections, [{
    place: { routes: [4] },
    redirects: [{ status: 301, to: "/a%20b/" }],
  }]);
  // Not to what is not served, and not before routes that have their turn in the order of the configuration.
  for (
    const route of [{ path: "/x/", to: null }, { path: "/x/", to, inOrder: true }, { match: "^/x/", to }]
  ) {
    assert.equal(routesOf(route).routes.length, 1);
  }
});

Deno.test("parseJson() finds the backend that a target means", () => {
  const { listeners, backends } = parse(`{
    "listen": "80",
    "sites": [{ "to": ["api", "fd:///run/x/../web.sock", "fd://run/old.sock", "fd:///srv/api.sock", "FD:///api"] }],
    "backends": { "web": { "socket": "/run/web.sock" }, "api": { "socket": "api.sock" } } }`);
  assert.deepEqual(listeners[0]?.sites[0]?.routes[0]?.backends, ["api", "web", "old", "api-2", "api-3"]);
  assert.deepEqual(backends.map(({ name, socket }) => [name, socket]), [
    ["web", "/run/web.sock"],
    ["api", "/etc/fdpass/api.sock"],
    ["old", "/etc/fdpass/run/old.sock"],
    ["api-2", "/srv/api.sock"],
    ["api-3", "/api"],
  ]);
});

Deno.test("parseJson() makes paths absolute and leaves URLs of modules alone", () => {
  const { backends } = parseWith(`"backends": {
    "a": { "socket": "./run/a.sock", "static": "../public/" },
    "b": { "socket": "/run//b.sock", "fetch": "app.ts", "workers": 256 },
    "c": { "socket": "c.sock", "fetch": "jsr:@acme/app@1/server" } }`);
  assert.deepEqual(backends.slice(0, 3), [
    {
      name: "a",
      socket: "/etc/fdpass/run/a.sock",
      runs: { kind: "static", directory: "/etc/public" },
      workers: 1,
    },
    { name: "b", socket: "/run/b.sock", runs: { kind: "fetch", module: "/etc/fdpass/app.ts" }, workers: 256 },
    {
      name: "c",
      socket: "/etc/fdpass/c.sock",
      runs: { kind: "fetch", module: "jsr:@acme/app@1/server" },
      workers: 1,
    },
  ]);
});

Deno.test("parseJson() asks for the base directory once, and only for relative paths", () => {
  let asked = 0;
  const baseDirectory = () => {
    asked++;
    return "/srv";
  };
  const absolute = `{ "listen": "80", "sites": [{ "to": "fd:///a.sock" }] }`;
  parseJson(absolute, { name: "f", baseDirectory });
  assert.equal(asked, 0);
  const relative = `{ "listen": "80", "sites": [{ "to": ["fd://a.sock", "fd://b.sock"] }] }`;
  assert.equal(parseJson(relative, { name: "f", baseDirectory }).backends[0]?.socket, "/srv/a.sock");
  assert.equal(asked, 1);
});

Deno.test("parseJson() reads limits with and without units", () => {
  const cases: [string, Partial<Limits>][] = [
    [`"headTimeout": 2.5`, { headTimeout: 2_500 }],
    [`"headTimeout": "500ms", "acknowledgeTimeout": "0.5s"`, { headTimeout: 500, acknowledgeTimeout: 500 }],
    [`"queueTimeout": 0, "drainTimeout": "2m"`, { queueTimeout: 0, drainTimeout: 120_000 }],
    [`"maxRequestLine": "4k", "maxHead": "64KiB"`, { requestLine: 4_096, head: 65_536 }],
    [`"maxHead": 256`, { requestLine: 256, head: 256 }],
    [`"keepAliveTimeout": "5s", "maxParked": 0, "maxRequests": 100`, {
      keepAliveTimeout: 5_000,
      parked: 0,
      requests: 100,
    }],
    [`"maxUnacknowledged": 1024, "maxQueue": 0`, { unacknowledged: 1_024, queue: 0 }],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(parseWith(text).limits, { ...DEFAULT_LIMITS, ...expected }, text);
  }
});

Deno.test("parseJson() reads the users that are allowed", () => {
  assert.deepEqual(parseWith(`"allowUsers": [1000, 33, 1000]`).allowUsers, [1000, 33]);
});

/** Every code unit, lone surrogates included; fc.string() takes seconds to get ready for those. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

/** Whatever comes in: a configuration, or problems with places inside the text. */
function mustStayCalm(text: string): void {
  try {
    parse(text);
  } catch (error) {
    assert(error instanceof ConfigError, `${error} for ${JSON.stringify(text)}`);
    const lines = error.message.split("\n");
    assert.equal(lines.length, error.problems.length);
    for (const line of lines) assert.match(line, /^fdpass\.json:[1-9]\d*:[1-9]\d*: \S/);
  }
}

Deno.test("parseJson() throws nothing but ConfigError, whatever the text", () => {
  const tokens = fc.constantFrom(
    ...`{ } [ ] , : " // /* \n \\ "listen" "sites" "to" "8080" 1e999`.split(" "),
  );
  const soup = fc.array(tokens, { maxLength: 40 }).map((parts) => "{" + parts.join(""));
  const text = fc.oneof(anyText, fc.string().map((rest) => "{" + rest), soup);
  fc.assert(fc.property(text, mustStayCalm), { numRuns: 500 });
  for (const deep of ["[", "{", '{"a":', "{[", "/*", '{"listen":['.repeat(2)]) {
    mustStayCalm(deep.repeat(50_000));
  }
});

Deno.test("parseJson() throws nothing but ConfigError, whatever the JSON value", () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const texts = [
    "8080",
    "[::1]:1",
    "/",
    "/a",
    "fd:///a.sock",
    "fd://b",
    "app",
    "http://x/",
    "10s",
    "8k",
    "*.a.b",
  ];
  const leaf = fc.oneof(fc.constantFrom(...texts), anyText, value);
  const some = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }));
  const all = (keys: readonly string[], of = some) =>
    fc.record(Object.fromEntries(keys.map((key) => [key, of])), { requiredKeys: [] });
  const routes = fc.array(fc.oneof(all(["path", "to"]), value), { maxLength: 3 });
  const site = fc.oneof(
    fc.record({ names: some, listen: some, to: some, routes }, { requiredKeys: [] }),
    value,
  );
  const backend = fc.oneof(all(["socket", "fetch", "static", "workers", "__proto__"]), value);
  const document = fc.record({
    listen: some,
    sites: fc.oneof(fc.array(site, { maxLength: 4 }), value),
    backends: fc.oneof(
      fc.dictionary(fc.oneof(fc.string(), fc.constant("app")), backend, { maxKeys: 3 }),
      value,
    ),
    headTimeout: leaf,
    maxHead: leaf,
    maxQueue: leaf,
    allowUsers: some,
  }, { requiredKeys: [] });
  const json = fc.oneof({ arbitrary: value, weight: 1 }, { arbitrary: document, weight: 4 });
  fc.assert(fc.property(json, (value) => mustStayCalm(JSON.stringify(value))), { numRuns: 500 });
});

Deno.test("parseJson() knows every spelling of what a backend waits for", () => {
  const delays: [string, number | undefined][] = [
    [`"abortDelay": 0`, 0],
    [`"abortDelay": "0ms"`, 0],
    [`"abortDelay": "250ms"`, 250],
    [`"abortDelay": 1.5`, 1_500],
    [`"abortDelay": "1440m"`, 86_400_000],
    [`"weight": 1`, undefined],
  ];
  for (const kind of [`"fetch": "./a.ts"`, `"upstream": "http://127.0.0.1:1"`]) {
    for (const [key, milliseconds] of delays) {
      const { backends } = parseWith(`"backends": { "a": { "socket": "/a.sock", ${kind}, ${key} } }`);
      assert.equal(backends.find(({ name }) => name === "a")?.abortDelay, milliseconds, key);
    }
  }
});

Deno.test("parseJson(): what lines of a log have only a dash for is a warning, and its place is said", () => {
  const { warnings } = parse(`{
    "listen": "8080",
    "accessLog": [{ "file": "a" }, { "file": "b", "format": "%h %{note}n" }],
    "sites": [{ "to": "fd:///run/app.sock", "accessLog": { "file": "c", "format": "%U %{SSL_SERVER_I_DN}x" } }]
  }`);
  const dashes = (line: number, subject: string, what: string) => ({
    sort: "none",
    source: "fdpass.json",
    line,
    subject,
    message: `lines have a dash for ${what}`,
  });
  assert.deepEqual(warnings, [
    dashes(4, "sites[0].accessLog.format", "%{SSL_SERVER_I_DN}x, variables of mod_ssl"),
    dashes(3, "accessLog[1].format", "%{note}n, notes of modules"),
  ]);
});
