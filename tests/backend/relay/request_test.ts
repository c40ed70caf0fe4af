import { withoutNumbers } from "./trace.ts";
import assert from "node:assert/strict";
import { clientReference } from "../../../src/backend/relay/response_fields.ts";
import { head, testRelay, undated } from "./rig.ts";

const NONE = "HTTP/1.1 204 No Content\r\n\r\n";

interface Case {
  readonly what: string;
  readonly request: string;
  /** Lines that the upstream gets, without Host and those that every request gets. */
  readonly upstream: string;
  readonly route?: string;
  readonly path?: string;
}

const CASES: readonly Case[] = [
  {
    what: "a path is put below the base",
    request: head("GET /a HTTP/1.1"),
    upstream: "GET /base/a HTTP/1.1",
  },
  {
    what: "the route's prefix is taken off, and the query stays",
    request: head("GET /api/a/b?c=d?e HTTP/1.1"),
    route: "/api/",
    path: "/a/b",
    upstream: "GET /base/a/b?c=d?e HTTP/1.1",
  },
  {
    what: "an empty query stays one",
    request: head("GET /a? HTTP/1.1"),
    path: "/a",
    upstream: "GET /base/a? HTTP/1.1",
  },
  {
    what: "no path leads out of the base",
    request: head("GET /a/../../%2e%2e/b HTTP/1.1"),
    path: "/b",
    upstream: "GET /base/b HTTP/1.1",
  },
  {
    what: "a URL is a path",
    request: head("GET http://site.example/a HTTP/1.1"),
    upstream: "GET /base/a HTTP/1.1",
  },
  { what: "* stays", request: head("OPTIONS * HTTP/1.1"), upstream: "OPTIONS * HTTP/1.1" },
  {
    what: "Max-Forwards of OPTIONS is counted down",
    request: head("OPTIONS /a HTTP/1.1", "Max-Forwards: 3"),
    upstream: "OPTIONS /base/a HTTP/1.1\r\nMax-Forwards: 2",
  },
  {
    what: "Max-Forwards of other methods stays",
    request: head("GET /a HTTP/1.1", "Max-Forwards: 0"),
    upstream: "GET /base/a HTTP/1.1\r\nMax-Forwards: 0",
  },
  {
    what: "Max-Forwards that is no number stays",
    request: head("OPTIONS /a HTTP/1.1", "Max-Forwards: few"),
    upstream: "OPTIONS /base/a HTTP/1.1\r\nMax-Forwards: few",
  },
  {
    what: "HTTP/1.0 becomes 1.1",
    request: "GET /a HTTP/1.0\r\n\r\n",
    upstream: "GET /base/a HTTP/1.1",
  },
  {
    what: "fields stay in their order and spelling",
    request: head("GET /a HTTP/1.1", "X-B:  1 ", "x-a: \u00e4", "X-B: 2"),
    upstream: "GET /base/a HTTP/1.1\r\nX-B: 1\r\nx-a: \u00c3\u00a4\r\nX-B: 2",
  },
  {
    what: "fields for one hop stay behind, those that Connection names included",
    request: head(
      "GET /a HTTP/1.1",
      "Connection: x-secret, Keep-Alive",
      "X-Secret: 1",
      "Keep-Alive: 5",
      "TE: gzip",
      "Trailer: x",
      "Proxy-Connection: keep-alive",
      "Proxy-Authorization: Basic eDp5",
      "Upgrade: websocket",
      "Authorization: Basic eDp5",
    ),
    upstream: "GET /base/a HTTP/1.1\r\nAuthorization: Basic eDp5",
  },
  {
    what: "trailer fields are welcome where the client says so, for this hop as for its own",
    request: head("GET /a HTTP/1.1", "TE: gzip;q=0.5, Trailers", "Connection: TE"),
    upstream: "GET /base/a HTTP/1.1\r\nTE: trailers\r\nConnection: TE",
  },
  {
    what: "HTTP/1.0 has none",
    request: "GET /a HTTP/1.0\r\nTE: trailers\r\n\r\n",
    upstream: "GET /base/a HTTP/1.1",
  },
  {
    what: "HTTP/2 is not asked for",
    request: head(
      "GET /a HTTP/1.1",
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: x",
    ),
    upstream: "GET /base/a HTTP/1.1",
  },
  {
    what: "a change of protocol is asked for",
    request: head("GET /a HTTP/1.1", "Connection: keep-alive, Upgrade", "Upgrade: h2c, websocket"),
    upstream: "GET /base/a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket",
  },
  {
    what: "HTTP/1.0 cannot ask for it",
    request: "GET /a HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    upstream: "GET /base/a HTTP/1.1",
  },
  {
    what: "a body without content has a length",
    request: head("POST /a HTTP/1.1", "Content-Length: 0"),
    upstream: "POST /base/a HTTP/1.1\r\nContent-Length: 0",
  },
];

const EVERY = /^(?:Host|Forwarded|X-Forwarded-[A-Za-z]+|X-Request-Id|Traceparent|Via): /;

for (const { what, request, upstream, route = "/", path = "/a" } of CASES) {
  testRelay(`a request: ${what}`, async (it) => {
    const client = it.give(request, { route, path });
    const peer = await it.request();
    const lines = peer.received.trimEnd().split("\r\n").filter((line) => !EVERY.test(line));
    assert.equal(lines.join("\r\n"), upstream);
    assert.equal(peer.received.match(/^Host: [^\r]*/gm)?.join(), `Host: upstream:${it.upstream.port}`);
    peer.send(NONE);
    await it.gets(client, "204 No Content");
  }, { base: "/base" });
}

testRelay("the upstream is told who asks, for what, and by which way", async (it) => {
  const client = it.give(head("GET / HTTP/1.1"));
  const fields = async (index: number) =>
    (await it.request(index)).received.split("\r\n").slice(1, -2).map(withoutNumbers);
  const hostname = "127.0.0.1";
  assert.deepEqual(await fields(0), [
    `Host: upstream:${it.upstream.port}`,
    `X-Forwarded-For: ${hostname}`,
    "X-Forwarded-Proto: http",
    "X-Forwarded-Host: site.example",
    `Forwarded: for=${hostname};host="site.example";proto=http`,
    "X-Request-Id: hex-hex.1",
    "Traceparent: 00-hex-hex-01",
    "Via: 1.1 fdpass",
  ]);
  client.close();
  it.give([
    "GET / HTTP/1.0",
    "X-Forwarded-For: 192.0.2.1",
    "x-forwarded-for: 192.0.2.2",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: forged.example",
    "Forwarded: for=192.0.2.1",
    "Via: 1.1 a, 1.1 b",
    // Whoever is asked first must not be made to believe that nobody was before.
    "Connection: X-Forwarded-For, Via",
    "",
    "",
  ].join("\r\n"));
  assert.deepEqual(await fields(1), [
    `Host: upstream:${it.upstream.port}`,
    `X-Forwarded-For: 192.0.2.1, 192.0.2.2, ${hostname}`,
    "X-Forwarded-Proto: http",
    `Forwarded: for=192.0.2.1, for=${hostname};proto=http`,
    "X-Request-Id: hex-hex.1",
    "Traceparent: 00-hex-hex-01",
    "Via: 1.1 a, 1.1 b, 1.0 fdpass",
  ]);
});

const SMUGGLED: readonly (readonly [what: string, request: string])[] = [
  ["a length and chunks", head("POST / HTTP/1.1", "Content-Length: 6", "Transfer-Encoding: chunked")],
  ["chunks and a length", head("POST / HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 6")],
  ["two lengths", head("POST / HTTP/1.1", "Content-Length: 6", "Content-Length: 5")],
  ["a length with a sign", head("POST / HTTP/1.1", "Content-Length: +6")],
  ["a hidden coding", head("POST / HTTP/1.1", "Transfer-Encoding: xchunked")],
  ["chunks twice", head("POST / HTTP/1.1", "Transfer-Encoding: chunked, chunked")],
  ["a space before the colon", head("POST / HTTP/1.1", "Transfer-Encoding : chunked")],
  ["a folded line", head("POST / HTTP/1.1", "X: a", " Transfer-Encoding: chunked")],
  ["a bare LF", head("POST / HTTP/1.1", "X: a\nTransfer-Encoding: chunked")],
];

for (const [what, request] of SMUGGLED) {
  testRelay(`a request with ${what} does not reach the upstream`, async (it) => {
    const client = it.give(request + "0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n");
    client.end();
    assert.match(await it.rig.rest(client), /^HTTP\/1\.1 (400|501) [^]*\r\nConnection: close\r\n/);
    assert.equal(it.upstream.accept().length, 0);
  });
}

const TRICKS = [
  "Proxy: http://evil.example/",
  "pROXY: x",
  "X_Forwarded_For: 192.0.2.1",
  "x-forwarded_host: evil.example",
  "X_Token: 1",
  "_: 1",
];

testRelay(
  "what programs would take for a proxy, or for what the relay says, does not reach the upstream",
  async (it) => {
    const client = it.give(
      head(
        "POST / HTTP/1.1",
        ...TRICKS,
        "X-Token: 2",
        "Transfer-Encoding: chunked",
        "Trailer: X_Sum, X-Sum, Proxy",
      ) +
        "0\r\nX_Sum: 1\r\nProxy: x\r\nX-Sum: 2\r\n\r\n",
    );
    const peer = await it.request();
    const got = await it.hears(peer, "X-Sum: 2\r\n\r\n");
    assert.doesNotMatch(got, /_|^proxy/im);
    assert.match(got, /\r\nX-Token: 2\r\n/);
    peer.send(NONE);
    await it.gets(client, "204");
  },
);

testRelay("names with underscores go on where that is wanted, and Proxy never", async (it) => {
  const client = it.give(head("GET / HTTP/1.1", ...TRICKS));
  const peer = await it.request();
  const got = await it.hears(peer, "\r\n\r\n");
  for (const line of TRICKS) assert.equal(got.includes(`\r\n${line}\r\n`), line.includes("_"), line);
  peer.send(NONE);
  await it.gets(client, "204");
}, { underscoresInHeaders: true });

testRelay("what Connection names cannot take the framing away", async (it) => {
  const client = it.give(
    head("POST / HTTP/1.1", "Connection: Content-Length, Host", "Content-Length: 5") + "hello",
  );
  const peer = await it.request();
  const got = await it.hears(peer, "hello");
  assert.match(got, /\r\nContent-Length: 5\r\n\r\nhello$/);
  assert.match(got, /^POST \/ HTTP\/1\.1\r\nHost: /);
  peer.send(NONE);
  await it.gets(client, "204");
});

testRelay(
  "a chunk's extension, and trailer fields that belong into the head, do not reach the upstream",
  async (it) => {
    const client = it.give(
      head("POST / HTTP/1.1", "Transfer-Encoding: chunked") +
        "5;x=y\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n",
    );
    const peer = await it.request();
    assert.match(
      await it.hears(peer, "0\r\n\r\n"),
      /Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/,
    );
    peer.send(NONE);
    await it.gets(client, "204");
  },
);

testRelay("OPTIONS that is to go no further is answered here", async (it) => {
  const client = it.give(head("OPTIONS * HTTP/1.1", "Max-Forwards: 0"));
  client.end();
  assert.equal(undated(await it.rig.rest(client)), "HTTP/1.1 204 No Content\r\n\r\n");
  assert.equal(it.upstream.accept().length, 0);
});

testRelay("a request that goes round in circles is 508; a chain of relays is none", async (it) => {
  const via = (count: number) => `Via: ${Array(count).fill("1.1 fdpass, 1.0 other (fdpass)").join(", ")}`;
  const client = it.give(head("GET / HTTP/1.1", via(15)));
  const peer = await it.request();
  peer.send(NONE);
  await it.gets(client, "204");
  client.send(head("GET / HTTP/1.1", via(8), via(8)));
  assert.match(await it.gets(client, "circles"), /HTTP\/1\.1 508 Loop Detected\r\n/);
});

for (const method of ["TRACE", "CONNECT"]) {
  testRelay(`${method} is not relayed`, async (it) => {
    const target = method === "CONNECT" ? "site.example:80" : "/";
    const client = it.give(head(`${method} ${target} HTTP/1.1`));
    client.end();
    assert.match(undated(await it.rig.rest(client)), /^HTTP\/1\.1 501 Not Implemented\r\n/);
    assert.equal(it.upstream.accept().length, 0);
  });
}

Deno.test("clientReference() leads back from where a prefix is mapped to", () => {
  const upstream = { at: { host: "u", port: 80 }, authority: "u", base: "/v1" };
  const seen = (reference: string, prefix: string, mapTo: string) =>
    clientReference(reference, { upstream, authority: "u", prefix, mapTo });
  assert.equal(seen("http://u/v1/base/a?b", "/a/", "/base/"), "/a/a?b");
  assert.equal(seen("/v1/xfoo", "/a/", "/x"), "/a/foo");
  assert.equal(seen("/v1/x", "/a", "/x"), "/a");
  assert.equal(seen("/v1/x/b", "/a", "/x"), "/a/b");
  assert.equal(seen("/v1/xb", "/a", "/x"), "/v1/xb");
  assert.equal(seen("/v1/base", "/a/", "/base/"), "/v1/base");
  assert.equal(seen("/base/a", "/a/", "/base/"), "/base/a");
  assert.equal(seen("/v1/x//evil.example", "/", "/x/"), "/evil.example");
  assert.equal(seen("/v1/base/a", "/a", "/base/"), "/a/a");
  assert.equal(seen("http://u/v1/a", "~ ^/(.*)$", ""), "http://u/v1/a");
});

Deno.test("clientReference() makes no other host of a path", () => {
  const upstream = { at: { host: "127.0.0.1", port: 80 }, authority: "u", base: "/v1" };
  const view = { upstream, authority: "u", prefix: "/" };
  assert.equal(clientReference("/v1//evil.example/a", view), "/evil.example/a");
  assert.equal(clientReference("http://u:80/v1/a", view), "/a");
  assert.equal(clientReference("http://u", { ...view, upstream: { ...upstream, base: "" } }), "/");
});
