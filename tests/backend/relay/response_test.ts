import assert from "node:assert/strict";
import { head, testRelay, undated } from "./rig.ts";

const GET = head("GET / HTTP/1.1");
const CLOSE = "Connection: close\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";

interface Case {
  readonly what: string;
  readonly request?: string;
  readonly response: string;
  readonly end?: "end" | "reset";
  readonly client: string;
}

const CASES: readonly Case[] = [
  {
    what: "content has its length",
    response: "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello",
    client: "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello",
  },
  {
    what: "a status and a reason phrase of the upstream's own stay",
    response: "HTTP/1.1 299 Fine By Me\r\nContent-Length: 0\r\n\r\n",
    client: "HTTP/1.1 299 Fine By Me\r\nContent-Length: 0\r\n\r\n",
  },
  {
    what: "chunks are framed anew, and extensions and trailer fields stay behind",
    response: `HTTP/1.1 200 OK\r\n${CHUNKED}Trailer: X\r\n\r\n3;a=b\r\none\r\n3\r\ntwo\r\n0\r\nX: y\r\n\r\n`,
    client: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n6\r\nonetwo\r\n0\r\n\r\n`,
  },
  {
    what: "chunks without content are an empty content",
    response: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n0\r\n\r\n`,
    client: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n0\r\n\r\n`,
  },
  {
    what: "content up to the end of the connection becomes chunks",
    response: "HTTP/1.1 200 OK\r\n\r\nhello",
    end: "end",
    client: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n5\r\nhello\r\n0\r\n\r\n`,
  },
  {
    what: "HTTP/1.0 upstreams are understood",
    response: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    end: "end",
    client: "HTTP/1.1 200 OK\r\nVia: 1.0 fdpass\r\nContent-Length: 5\r\n\r\nhello",
  },
  {
    what: "HTTP/1.0 clients get chunks as content up to the end",
    request: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    response: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n`,
    client: `HTTP/1.1 200 OK\r\n${CLOSE}\r\nonetwo`,
  },
  {
    what: "HEAD has a length and no content",
    request: head("HEAD / HTTP/1.1"),
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    client: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
  },
  {
    what: "HEAD with chunks has no content",
    request: head("HEAD / HTTP/1.1"),
    response: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n`,
    client: "HTTP/1.1 200 OK\r\n\r\n",
  },
  {
    what: "204 has no content",
    response: "HTTP/1.1 204 No Content\r\n\r\n",
    client: "HTTP/1.1 204 No Content\r\n\r\n",
  },
  {
    what: "304 has no content, and the length that there would be",
    response: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 5\r\n\r\n',
    client: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 5\r\n\r\n',
  },
  {
    what: "fields for one hop stay behind, those that Connection names included",
    response:
      "HTTP/1.1 200 OK\r\nConnection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\n" +
      "Proxy-Connection: x\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
    client: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  },
  {
    what: "whitespace before a colon is taken away",
    response: "HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n",
    client: "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n",
  },
  {
    what: "bytes beyond ASCII stay",
    response: "HTTP/1.1 200 OK\r\nX-A: \u00e4\r\nContent-Length: 0\r\n\r\n",
    client: "HTTP/1.1 200 OK\r\nX-A: \u00c3\u00a4\r\nContent-Length: 0\r\n\r\n",
  },
  {
    what: "early hints are passed on",
    response: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    client: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  },
  {
    what: "HTTP/1.0 clients are not told of early hints",
    request: "GET / HTTP/1.0\r\n\r\n",
    response: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    client: `HTTP/1.1 204 No Content\r\n${CLOSE}\r\n`,
  },
  {
    what: "100 that nobody asked for is not passed on",
    response: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    client: "HTTP/1.1 204 No Content\r\n\r\n",
  },
  {
    what: "what lies behind a response belongs to nobody",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad",
    client: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
  },
];

for (const { what, request = GET, response, end, client } of CASES) {
  testRelay(`a response: ${what}`, async (it) => {
    assert.equal(await it.answered(request, response, end), client);
    assert.deepEqual(it.errors, []);
  });
  testRelay(`a response byte by byte: ${what}`, async (it) => {
    const asking = it.give(request);
    asking.end();
    const peer = await it.request();
    for (const byte of new TextEncoder().encode(response)) {
      if (peer.send(new Uint8Array([byte])) < 0) break; // it has all that it wants
      await it.rig.turn();
    }
    if (end === "end") peer.close();
    // Chunks may be cut anywhere: they are put together before they are compared.
    const joined = (text: string) => {
      const [first, ...rest] = text.split(CHUNKED);
      return first +
        rest.map((part) => part.replaceAll(/[0-9a-f]+\r\n([^\r]+)\r\n(?=[0-9a-f])/g, "$1")).join();
    };
    assert.equal(joined(undated(await it.rig.rest(asking))), joined(client));
  });
}

const MALFORMED: readonly (readonly [what: string, response: string])[] = [
  ["no HTTP", "hello\r\n\r\n"],
  ["HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"],
  ["bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
  ["a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
  ["a length that is a list", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello"],
  [
    "a length and chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  [
    "a change of protocol that was not asked for",
    "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  ],
  ["a head without end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}`],
];

for (const [what, response] of MALFORMED) {
  testRelay(`${what} from the upstream is 502, and the connection is not used again`, async (it) => {
    const client = it.give(GET);
    const peer = await it.request();
    peer.send(response);
    const answer = await it.gets(client, "gave no valid response.\n");
    assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
    assert.equal(answer.includes("Connection: close"), false, "the client's connection goes on");
    await it.rig.until(() => peer.ended, "the end of the upstream's connection");
    assert.equal(it.handler.idle, 0);
    assert.equal(it.events.length, 1);
    client.send(GET);
    const second = await it.request(1);
    second.send("HTTP/1.1 204 No Content\r\n\r\n");
    await it.gets(client, "HTTP/1.1 204 No Content");
  });
}

const LOCATIONS: readonly (readonly [name: string, from: string, to: string])[] = [
  ["Location", "http://upstream:PORT/v1/a?b#c", "/api/a?b#c"],
  ["Location", "HTTP://UPSTREAM:PORT/v1", "/api/"],
  ["Location", "//upstream:PORT/v1/a", "/api/a"],
  ["Location", "/v1/a", "/api/a"],
  ["Location", "/v1?x", "/api/?x"],
  ["Location", "/v1//evil.example/", "/api//evil.example/"],
  ["Location", "/v1\\evil.example/", "/v1\\evil.example/"],
  ["Location", "http://upstream:PORT/v1/\\evil.example/", "/api/%5Cevil.example/"],
  ["Location", "http://upstream:PORT\\evil.example/", "http://upstream:PORT\\evil.example/"],
  ["Location", "/v10/a", "/v10/a"],
  ["Location", "/login", "/login"],
  ["Location", "next", "next"],
  ["Location", "../v1/next", "../v1/next"],
  ["Location", "https://upstream:PORT/v1/a", "https://upstream:PORT/v1/a"],
  ["Location", "http://other.example/v1/a", "http://other.example/v1/a"],
  ["Location", "http://upstream.example:PORT/v1/a", "http://upstream.example:PORT/v1/a"],
  ["Content-Location", "http://upstream:PORT/v1/a.en", "/api/a.en"],
  ["URI", "/v1/a", "/api/a"],
  ["X-Location", "/v1/a", "/v1/a"],
];

testRelay("URLs of the upstream's own become the client's", async (it) => {
  const own = (text: string) => text.replace("PORT", String(it.upstream.port));
  for (const [name, from, to] of LOCATIONS) {
    const client = it.give(GET, { route: "/api/", path: "/" });
    const peer = await it.request();
    peer.take();
    peer.send(`HTTP/1.1 302 Found\r\n${name}: ${own(from)}\r\nContent-Length: 1\r\n\r\n.`);
    const answer = await it.gets(client, "\r\n\r\n.");
    assert.ok(answer.includes(`\r\n${name}: ${own(to)}\r\n`), `${from} -> ${to}: ${answer}`);
  }
}, { base: "/v1" });

testRelay("with the client's Host, its own name is the upstream's, too", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  assert.match(peer.received, /^GET \/ HTTP\/1\.1\r\nHost: site\.example\r\n/);
  peer.send("HTTP/1.1 302 Found\r\nLocation: http://site.example/a\r\nContent-Length: 0\r\n\r\n");
  assert.match(await it.gets(client, "\r\n\r\n"), /\r\nLocation: \/a\r\n/);
}, { preserveHost: true });
