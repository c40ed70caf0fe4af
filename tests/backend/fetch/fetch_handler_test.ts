import assert from "node:assert/strict";
import type { FetchHandler } from "../../../src/backend/fetch/handler.ts";
import { testFetch } from "../rig.ts";
import { CLOSE, exchange, GET } from "./asking.ts";

/** What a handler's response is on the wire, behind its Connection field. */
const RESPONSES: readonly (readonly [what: string, handler: FetchHandler, response: RegExp])[] = [
  [
    "text",
    () => new Response("hello", { headers: { "x-a": "1" } }),
    /^HTTP\/1\.1 200 OK\r\nx-a: 1\r\nContent-Type: text\/plain;charset=UTF-8\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello$/,
  ],
  ["a promise of text", async () => await Promise.resolve(new Response("later")), /\r\n\r\nlater$/],
  [
    "no body",
    () => new Response(null, { status: 404 }),
    /^HTTP\/1\.1 404 Not Found\r\ncontent-length: 0\r\n/,
  ],
  ["an empty body", () => new Response(""), /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 0\r\n[^]*\r\n\r\n$/],
  [
    "a reason phrase",
    () => new Response("x", { status: 299, statusText: "Fine Enough" }),
    /^HTTP\/1\.1 299 Fine Enough\r\n/,
  ],
  [
    "204",
    () => new Response(null, { status: 204 }),
    /^HTTP\/1\.1 204 No Content\r\nconnection: close\r\n\r\n$/,
  ],
  [
    "cookies, one field each",
    () => {
      const headers = new Headers();
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      return new Response(null, { headers });
    },
    /set-cookie: a=1\r\nset-cookie: b=2\r\n/,
  ],
  [
    "a stream",
    () => new Response(ReadableStream.from(slowly("one", "two")).pipeThrough(new TextEncoderStream())),
    /transfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/,
  ],
  [
    "a stream with its length",
    () =>
      new Response(ReadableStream.from(slowly("one", "two")).pipeThrough(new TextEncoderStream()), {
        headers: { "content-length": "6" },
      }),
    /content-length: 6\r\nconnection: close\r\n\r\nonetwo$/,
  ],
  [
    "a stream that is empty",
    () => new Response(ReadableStream.from([])),
    /transfer-encoding: chunked\r\n[^]*\r\n\r\n0\r\n\r\n$/,
  ],
  [
    "a redirect",
    () => Response.redirect("http://b.test/x", 307),
    /^HTTP\/1\.1 307 [^]*Location: http:\/\/b\.test\/x\r\n/,
  ],
  ["JSON", () => Response.json({ a: 1 }), /Content-Type: application\/json\r\n[^]*\r\n\r\n\{"a":1\}$/],
];

async function* slowly(...texts: string[]) {
  for (const text of texts) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    yield text;
  }
}

for (const [what, handler, response] of RESPONSES) {
  testFetch(`a handler's response: ${what}`, handler, async (http) => {
    assert.match(await exchange(http), response);
    assert.deepEqual(http.errors, []);
  });
}

const FAULTS: readonly (readonly [what: string, handler: FetchHandler, error: RegExp])[] = [
  [
    "throws",
    () => {
      throw new Error("mine");
    },
    /mine/,
  ],
  ["rejects", () => Promise.reject(new Error("mine")), /mine/],
  ["returns nothing", () => undefined as unknown as Response, /returned no Response/],
  ["returns Response.error()", () => Response.error(), /Response\.error\(\)/],
  [
    "returns a response that was read",
    async () => {
      const response = new Response("x");
      await response.text();
      return response;
    },
    /has been read already/,
  ],
];

for (const [what, handler, error] of FAULTS) {
  testFetch(`a handler that ${what}: 500`, handler, async (http) => {
    assert.match(await exchange(http), /^HTTP\/1\.1 500 /);
    assert.equal(http.errors.length, 1);
    assert.match(String(http.errors[0]), error);
  });
}

for (
  const [what, declared, pieces] of [
    ["longer", "3", ["abc", "d"]],
    ["shorter", "9", ["abc", "d"]],
  ] as const
) {
  testFetch(`content that is ${what} than its length breaks the connection off`, () => {
    const body = ReadableStream.from(slowly(...pieces)).pipeThrough(new TextEncoderStream());
    return new Response(body, { headers: { "content-length": declared } });
  }, async (http) => {
    const text = await exchange(http, GET + "\r\n");
    assert.ok(text.endsWith(what === "longer" ? "\r\n\r\nabc" : "\r\n\r\nabcd"), text);
    assert.match(String(http.errors[0]), /its Content-Length is/);
  });
}

testFetch("a stream that fails in the middle breaks the connection off, without an end", () => {
  return new Response(
    new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (controller.desiredSize === 1) controller.enqueue(new TextEncoder().encode("begun"));
        controller.error(new Error("mine"));
      },
    }),
  );
}, async (http) => {
  const text = await exchange(http, GET + "\r\n");
  assert.ok(!text.includes("0\r\n\r\n"));
  assert.match(String(http.errors[0]), /mine/);
});

// --- what handlers see ------------------------------------------------------------------------------------------------

testFetch("a handler sees the request as the client sent it, and where it came in", async (request, info) => {
  const { remoteAddr, localAddr, site, route, path, front } = info;
  return Response.json({
    method: request.method,
    url: request.url,
    header: request.headers.get("x-a"),
    body: await request.text(),
    remoteAddr,
    localAddr,
    site,
    route,
    path,
    front,
  });
}, async (http) => {
  const client = http.give(
    `PUT /app/x%20y?q=1 HTTP/1.1\r\nHost: a.test:8080\r\nX-A: b\r\nContent-Length: 5\r\n${CLOSE}12345`,
    { site: "a.test", route: "/app/", path: "/x%20y" },
  );
  const text = await http.rig.rest(client);
  const seen = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4));
  assert.deepEqual(seen, {
    method: "PUT",
    url: "http://a.test:8080/app/x%20y?q=1",
    header: "b",
    body: "12345",
    remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: client.port },
    localAddr: { transport: "tcp", hostname: "127.0.0.1", port: http.front.port },
    site: "a.test",
    route: "/app/",
    path: "/x%20y",
    front: { name: "scripted", process: 99 },
  });
});

testFetch(
  "a request without Host has the address it came to in its URL",
  (request) => new Response(request.url),
  async (
    http,
  ) => {
    const text = await exchange(http, "GET /x HTTP/1.0\r\n\r\n");
    assert.ok(text.endsWith(`http://127.0.0.1:${http.front.port}/x`));
  },
);

for (
  const [line, expected] of [["TRACE /", "TRACE http://a.test/"], ["CONNECT b:81", "CONNECT http://b:81/"]]
) {
  const refuse = ({ method, url }: Request) => new Response(`${method} ${url}`, { status: 405 });
  testFetch(`the handler answers ${line}`, refuse, async (http) => {
    const text = await exchange(http, `${line} HTTP/1.1\r\nHost: a.test\r\n${CLOSE}`);
    assert.match(text, /^HTTP\/1\.1 405 /);
    assert.ok(text.endsWith(`\r\n\r\n${expected}`), text);
  });
}

testFetch(
  "what follows CONNECT is not read as a request",
  () => new Response("no", { status: 405 }),
  async (http) => {
    const text = await exchange(http, "CONNECT b:81 HTTP/1.1\r\nHost: b:81\r\n\r\n" + GET + CLOSE);
    assert.equal(text.split("HTTP/1.1 ").length, 2, text);
    assert.match(text, /\r\nconnection: close\r\n/);
  },
);

for (
  const [what, body] of [
    [
      "fails before its first piece",
      () => new ReadableStream({ start: (it) => it.error(new Error("mine")) }),
    ],
    ["has something in it that is no bytes", () => ReadableStream.from(["text"])],
  ] as const
) {
  testFetch(`a stream that ${what} breaks the response off`, () => {
    return new Response(body() as ReadableStream<unknown> as ReadableStream<Uint8Array>);
  }, async (http) => {
    assert.match(await exchange(http, GET + "\r\n"), /^HTTP\/1\.1 200 OK\r\n.*chunked\r\n\r\n$/);
    assert.equal(http.errors.length, 1);
  });
}
