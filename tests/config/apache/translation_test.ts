/** What directives mean: listeners, sites, routes, backends and limits. */

import assert from "node:assert/strict";
import type { Config, Relay, Route } from "../../../src/config/config.ts";
import { formatWarnings } from "../../../src/config/warning.ts";
import { faultsOf, parse, warningsOf } from "./parsing.ts";

/** Addresses with the names of their sites. */
function places(config: Config): string[] {
  return config.listeners.map(({ host, port, sites }) =>
    `${host} ${port}: ${sites.map(({ names }) => names.join(",") || "*").join(" | ")}`
  );
}

function routesOf(text: string): Route[] {
  return [...parse(text).listeners[0]!.sites[0]!.routes];
}

/** `path -> upstream or socket (mapTo)` */
function led(text: string): string[] {
  const config = parse(text);
  return config.listeners[0]!.sites[0]!.routes.map(({ path, backends, mapTo, match }) => {
    const to = backends.map((name) => {
      const { runs, socket } = config.backends.find((backend) => backend.name === name)!;
      return runs === undefined ? socket : (runs as Relay).upstream;
    });
    return `${match === undefined ? path : `~${match}`} ${to.join(" ") || "!"}${
      mapTo === undefined ? "" : ` as ${mapTo}`
    }`;
  });
}

Deno.test("the configuration that people have runs as it stands", () => {
  const config = parse(`LoadModule proxy_fdpass_module modules/mod_proxy_fdpass.so
<VirtualHost *:80>
    ServerName example.com
    ProxyPass / http://backend-server/
    ProxyPassReverse / http://backend-server/
</VirtualHost>`);
  assert.deepEqual(places(config), [":: 80: example.com"]);
  assert.equal(config.warnings, undefined);
  assert.deepEqual(config.backends, [{
    name: "relay-backend-server",
    socket: "/run/fdpass/relay-backend-server.sock",
    workers: 1,
    runs: {
      kind: "relay",
      upstream: "http://backend-server",
      encodedSlashes: "refuse",
      forwarded: "legacy",
      reverse: [{ path: "/", url: "http://backend-server/" }],
    },
  }]);
});

Deno.test("a server whose name has a socket in the run directory is a backend", () => {
  const text = "DefaultRuntimeDir run\nServerRoot /srv\nProxyPass / http://backend-server/";
  const { backends } = parse(text, { sockets: ["/srv/run/backend-server.sock"] });
  assert.deepEqual(backends, [
    { name: "backend-server", socket: "/srv/run/backend-server.sock", workers: 1, flusher: "flush" },
  ]);
});

Deno.test("Listen and VirtualHost: by address, by name, and the main server elsewhere", () => {
  const host = (address: string, name: string) =>
    `<VirtualHost ${address}>\nServerName ${name}\nProxyPass / fd:///a.sock\n</VirtualHost>\n`;
  const config = parse(
    "Listen 80\nListen 127.0.0.1:81\nListen 82\nProxyPass / fd:///main.sock\n" +
      host("*:80", "a") + host("_default_:80 127.0.0.1:81", "b") + host("192.0.2.1:80", "c") +
      host("*:80", "d"),
  );
  assert.deepEqual(places(config), [
    ":: 80: a | b | d",
    "127.0.0.1 81: b",
    ":: 82: *",
    "192.0.2.1 80: c",
  ]);
});

Deno.test("VirtualHost without Listen listens on its port; one that nothing listens for is told of", () => {
  assert.deepEqual(places(parse("<VirtualHost *:8080>\nProxyPass / fd:///a.sock\n</VirtualHost>")), [
    ":: 8080: *",
  ]);
  const warnings = warningsOf(
    "Listen 80\nProxyPass / fd:///a.sock\n<VirtualHost *:81>\nProxyPass / fd:///b.sock\n</VirtualHost>",
  );
  assert.match(
    warnings[0]!,
    /^site\.conf:3: VirtualHost: nothing listens where "\*:81" says; write Listen 81/,
  );
});

Deno.test("names: the first virtual host that claims one has it, wildcards included", () => {
  const host = (...lines: string[]) =>
    `<VirtualHost *:80>\n${lines.join("\n")}\nProxyPass / fd:///a.sock\n</VirtualHost>\n`;
  const config = parse(
    "Listen 80\n" + host("ServerName http://A.example:80", "ServerAlias www.a.example *.b.example") +
      host("ServerName x.b.example", "ServerAlias y.example a.example") + host("ServerName x.b.example") +
      host(),
  );
  assert.deepEqual(places(config), [":: 80: a.example,www.a.example,*.b.example | y.example"]);
  assert.equal(config.warnings!.length, 3);
});

Deno.test("names: the last ServerName counts, and a virtual host without one has that of the main server", () => {
  const host = (...lines: string[]) =>
    `<VirtualHost *:80>\n${lines.join("\n")}\nProxyPass / fd:///a.sock\n</VirtualHost>\n`;
  const text = "Listen 80\n" + host("ServerAlias b.example", "ServerName a.example", "ServerName c.example") +
    host() + "ServerName main.example";
  assert.deepEqual(places(parse(text)), [":: 80: c.example,b.example | main.example"]);
});

Deno.test("ProxyPass: the first that covers a path has it, so what stands behind a shorter one is left out", () => {
  const text =
    "Listen 80\nProxyPass /a/b http://x:1/b\nProxyPass /a http://y:2/\nProxyPass /a/c http://z:3/\nProxyPass /d !\nProxyPass / http://w:4";
  assert.deepEqual(led(text), ["/a/b http://x:1 as /b", "/a http://y:2 as /", "/d !", "/ http://w:4"]);
  assert.match(
    warningsOf(text)[0]!,
    /^site\.conf:4: ProxyPass: "\/a\/c" never takes a request, for "\/a" in line 3 comes/,
  );
});

Deno.test("ProxyPass: what is put in place of the prefix", () => {
  const mapped = (path: string, url: string) => routesOf(`Listen 80\nProxyPass ${path} ${url}`)[0]!.mapTo;
  assert.equal(mapped("/a/", "http://x/"), undefined);
  assert.equal(mapped("/a", "http://x"), undefined);
  assert.equal(mapped("/", "http://x"), undefined);
  assert.equal(mapped("/a", "http://x/"), "/");
  assert.equal(mapped("/a/", "http://x/b"), "/b");
  assert.equal(mapped("/a/", "http://x/b/"), "/b/");
});

Deno.test("Location: a later one comes first, and all of them before ProxyPass outside", () => {
  const text = `Listen 80
ProxyPass /a http://outside:1
<Location /a>
ProxyPass http://first:1
</Location>
<Location "/a/b">
ProxyPreserveHost On
ProxyPass http://second:1/x
</Location>
<Location /c>
ProxyPass !
</Location>`;
  assert.deepEqual(led(text), ["/c !", "/a/b http://second:1 as /x", "/a http://first:1"]);
  assert.equal(
    (parse(text).backends.find(({ name }) => name.includes("second"))!.runs as Relay).preserveHost,
    true,
  );
});

Deno.test("ProxyPassMatch and LocationMatch: in order with all the others", () => {
  const text = `Listen 80
ProxyPass /static !
ProxyPassMatch ^/(\\d+)/(.*)$ http://x:1/$2?/$1
ProxyPassMatch (?i)\\.php$ http://y:2
ProxyPass / http://z:3/
<LocationMatch "^/m/(.*)">
ProxyPassMatch http://m:4/$1
</LocationMatch>`.replace("?/$1", "/$1");
  assert.deepEqual(led(text), [
    "~^/m/(.*) http://m:4 as /$1",
    "/static !",
    "~^/(\\d+)/(.*)$ http://x:1 as /$2/$1",
    "~(?i:\\.php$) http://y:2",
    "/ http://z:3",
  ]);
  assert.deepEqual(routesOf(text).map(({ inOrder }) => inOrder === true), [false, true, false, false, true]);
});

Deno.test("ProxyPassMatch: without a reference the whole path goes behind the URL's", () => {
  const [route] = routesOf("Listen 80\nProxyPassMatch \\.gif$ http://x/images");
  assert.equal(
    "/a/b.gif".replace(new RegExp(route!.match!, "s"), route!.mapTo!.replace("$0", () => "$&")),
    "/images/a/b.gif",
  );
});

Deno.test("fd: the way that httpd has it, and plain", () => {
  assert.deepEqual(led('ServerRoot /srv\nProxyPassMatch "^/(.*)$" "fd://run/app.sock$2"'), [
    "~^/(.*)$ /srv/run/app.sock",
  ]);
  const [backend] = parse("ProxyPass / fd:///run/app.sock flusher=none").backends;
  assert.deepEqual(backend, { name: "app", socket: "/run/app.sock", workers: 1, flusher: "none" });
});

Deno.test("ProxyPass ~ is ProxyPassMatch", () => {
  assert.deepEqual(led("Listen 80\nProxyPass ~ ^/r(\\d) http://x:1/q$1"), ["~^/r(\\d) http://x:1 as /q$1"]);
});

Deno.test("what is said of connections to a server reaches its relay", () => {
  const text =
    "ProxyPass / http://x:1/ max=20 connectiontimeout=2 retry=0\nProxyPassReverse / fd:///a.sock\n" +
    "ProxyRequests Off\nProxyVia Off";
  const { backends } = parse(text);
  const warnings = warningsOf(text);
  const { maxUpstream, connectTimeout, reverse } = backends[0]!.runs as Relay;
  // Without ProxyPassReverse nothing is rewritten.
  assert.deepEqual([maxUpstream, connectTimeout, reverse], [20, 2_000, []]);
  assert.match(warnings[0]!, /: ProxyPass retry= \(line 1\), ProxyPassReverse of fd:\/\/ \(line 2\)$/);
});

Deno.test("balancers: members, weights, what takes nothing, and URLs of the balancer", () => {
  const text = `Listen 80
<Proxy "balancer://Pool">
BalancerMember http://a:1 loadfactor=3 route=x
BalancerMember http://b:2/base timeout=5
BalancerMember fd:///c.sock
BalancerMember http://d:4 status=D
ProxySet lbmethod=byrequests stickysession=ID
</Proxy>
ProxyPass /app/ balancer://pool/
ProxyPassReverse /app/ balancer://pool/`;
  const config = parse(text);
  assert.deepEqual(led(text), ["/app/ http://a:1 http://b:2/base /c.sock"]);
  assert.deepEqual(config.backends.map(({ weight }) => weight), [3, undefined, undefined]);
  const [a, b] = config.backends.map(({ runs }) => runs as Relay);
  assert.deepEqual(a!.reverse, [
    { path: "/app/", url: "http://a:1/" },
    { path: "/app/", url: "http://b:2/base/" },
    { path: "/app/", url: "http://d:4/" },
  ]);
  assert.equal(b!.timeout, 5_000);
  assert.equal(config.listeners[0]!.sites[0]!.routes[0]!.sticky, true);
});

Deno.test("how requests are relayed: from the place itself outwards; equal ones share a relay", () => {
  const text = `Listen 80
Timeout 100
ProxyPreserveHost On
ProxyPass /a http://x:1/a timeout=7
ProxyPass /b http://x:1/b
ProxyPass /c http://x:1/c
<Proxy "http://y:2">
ProxySet timeout=9
</Proxy>
ProxyPass /d http://y:2
ProxyPassReverseCookieDomain internal example.com
ProxyPassReverseCookiePath / /d/`;
  const { backends } = parse(text);
  assert.deepEqual(backends.map(({ name, runs }) => [name, (runs as Relay).timeout]), [
    ["relay-x-1", 7_000],
    ["relay-x-1-2", 100_000],
    ["relay-y-2", 9_000],
  ]);
  const relay = backends[2]!.runs as Relay;
  assert.equal(relay.preserveHost, true);
  assert.deepEqual(relay.cookieDomains, [{ from: "internal", to: "example.com" }]);
  assert.deepEqual(relay.cookiePaths, [{ from: "/", to: "/d/" }]);
});

Deno.test("limits, keep-alive and error documents", () => {
  const config = parse(`Listen 80
KeepAlive Off
KeepAliveTimeout 500ms
MaxKeepAliveRequests 100
RequestReadTimeout header=20-40,MinRate=500 body=20
LimitRequestLine 4000
LimitRequestFieldSize 60000
ErrorDocument 503 "<h1>Back soon</h1>"
ErrorDocument 404 /404.html
ErrorDocument 500 Sorry
ProxyPass / fd:///a.sock`);
  const { keepAliveTimeout, requests, headTimeout, requestLine, head } = config.limits;
  assert.deepEqual([keepAliveTimeout, requests, headTimeout, requestLine, head], [
    500,
    100,
    40_000,
    4_000,
    64_000,
  ]);
  assert.deepEqual(config.listeners[0]!.sites[0]!.errorDocuments, { 503: "<h1>Back soon</h1>" });
  // Before there is a site, the main server answers.
  assert.deepEqual(config.errorDocuments, { 503: "<h1>Back soon</h1>" });
  assert.equal(config.listeners[0]!.sites[0]!.routes[0]!.keepAlive, "close");
  assert.match(
    formatWarnings(config.warnings!, "site.conf").join(),
    /changes answers: ErrorDocument 500 of backends with sockets of their own \(line 10\).*RequestReadTimeout body= \(line 5\)$/,
  );
});

Deno.test("the main server's ProxyPass holds in virtual hosts too", () => {
  const text =
    "Listen 80\nProxyPass /all http://x:1\n<VirtualHost *:80>\nProxyPass /own http://y:2\n</VirtualHost>";
  assert.deepEqual(led(text), ["/all http://x:1", "/own http://y:2"]);
  assert.deepEqual(faultsOf(text), []);
});

Deno.test("paths stay as clients write them by nocanon, encoded slashes by AllowEncodedSlashes", () => {
  const config = parse(
    `Listen 80
AllowEncodedSlashes NoDecode
<VirtualHost *:80>
ProxyPassMatch ^/b/(.*)$ http://b/$1 nocanon
ProxyPass / http://a/ nocanon
</VirtualHost>
<VirtualHost *:80>
ServerName other.test
AllowEncodedSlashes Off
ProxyPass / http://c/
</VirtualHost>`,
  );
  const relays = config.backends.map(({ runs }) => runs as Relay);
  assert.deepEqual(
    relays.map(({ upstream, preservePath, encodedSlashes }) => [upstream, preservePath, encodedSlashes]),
    [["http://b", true, undefined], ["http://a", true, undefined], ["http://c", undefined, "refuse"]],
  );
  assert.deepEqual(
    config.listeners[0]!.sites[0]!.routes.map(({ preservePath }) => preservePath),
    [true, undefined],
  );
});
