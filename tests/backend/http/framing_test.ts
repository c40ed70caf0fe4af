/** How responses are framed. */

import assert from "node:assert/strict";
import type { Exchange } from "../../../src/backend/http/exchange.ts";
import type { RequestHandler } from "../../../src/backend/http/http_server.ts";
import { bytes, testHttp } from "../rig.ts";
import { CLOSE, content, END, exchange, GET } from "./exchanges.ts";
import { promised } from "../../../src/loop/course.ts";

async function stream(exchange: Exchange): Promise<void> {
  await promised(exchange.start(200, [], undefined));
  if (exchange.contentless) return;
  await promised(exchange.write(bytes("one")));
  await promised(exchange.write(bytes("")));
  await promised(exchange.write(bytes("two")));
  await promised(exchange.finish());
}

interface Framing {
  readonly what: string;
  readonly handler: RequestHandler["handle"];
  readonly request: string;
  readonly response: string;
}

const FRAMINGS: readonly Framing[] = [
  {
    what: "content has its length",
    handler: (it) => it.respond(200, [["X-A", "1"]], content),
    request: GET + END,
    response: "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello",
  },
  {
    what: "no content has the length 0",
    handler: (it) => it.respond(200, [], bytes("")),
    request: GET + END,
    response: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  },
  {
    what: "the answer to HEAD says the length and has no content",
    handler: (it) => it.respond(200, [], content),
    request: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
  },
  {
    what: "204 has neither length nor content",
    handler: (it) => it.respond(204, [], content),
    request: GET + END,
    response: "HTTP/1.1 204 No Content\r\n\r\n",
  },
  {
    // A length there would be that of the content that a GET gets (RFC 9110, 8.6).
    what: "304 has no content, and no length",
    handler: (it) => it.respond(304, [["ETag", '"1"']], bytes("")),
    request: GET + END,
    response: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
  },
  {
    what: "a stream is chunked, without empty chunks",
    handler: stream,
    request: GET + END,
    response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
  },
  {
    what: "a stream for HEAD has a head alone",
    handler: stream,
    request: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    response: "HTTP/1.1 200 OK\r\n\r\n",
  },
  {
    what: "a stream for HTTP/1.0 ends with the connection",
    handler: stream,
    request: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    response: `HTTP/1.1 200 OK\r\n${CLOSE}\r\nonetwo`,
  },
  {
    what: "HTTP/1.0 closes unless it asks otherwise",
    handler: (it) => it.respond(200, [], content),
    request: "GET / HTTP/1.0\r\n\r\n",
    response: `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${CLOSE}\r\nhello`,
  },
  {
    what: "HTTP/1.0 is kept where it asks for it",
    handler: (it) => it.respond(200, [], content),
    request: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
  },
  {
    what: "framing fields of a handler are not its to say",
    handler: (it) =>
      it.respond(200, [
        ["Content-Length", "99"],
        ["Transfer-Encoding", "gzip"],
        ["Connection", "upgrade"],
        ["Keep-Alive", "x"],
      ], content),
    request: GET + END,
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  },
  {
    what: "an offer to upgrade is named as for the next hop only",
    handler: (it) => it.respond(426, [["Upgrade", "websocket"]], content),
    request: GET + END,
    response:
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 5\r\nConnection: upgrade\r\n\r\nhello",
  },
  {
    what: "what is not read of a request is read away",
    handler: (it) => it.respond(200, [], content),
    request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  },
];

for (const { what, handler, request, response } of FRAMINGS) {
  testHttp(what, handler, async (http) => {
    assert.equal(await exchange(http, request), response);
    assert.deepEqual(http.errors, []);
  });
}

testHttp("a Date is added unless there is one", (it) => {
  return it.respond(200, it.path === "/own" ? [["date", "today"]] : [], content);
}, async ({ rig, give }) => {
  const client = give(GET.replace("/", "/own") + END + GET + CLOSE + END);
  const text = await rig.rest(client);
  assert.match(
    text,
    /^HTTP\/1\.1 200 OK\r\ndate: today\r\nContent-Length: 5\r\n\r\nhelloHTTP\/1\.1 200 OK\r\nContent-Length: 5\r\nDate: \w{3}, /,
  );
  assert.equal(text.split(/date: /i).length, 3);
});

testHttp("a large response arrives whole, and joined or not makes no difference", (it) => {
  const size = Number(it.query);
  return it.respond(200, [], new Uint8Array(size).fill(0x61));
}, async ({ rig, give }) => {
  for (const size of [65_000, 65_536, 1_000_000]) {
    const client = give(`GET /?${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const text = await rig.rest(client);
    assert.equal(text.length - text.indexOf("\r\n\r\n") - 4, size);
  }
});
