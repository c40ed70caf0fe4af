import assert from "node:assert/strict";
import { getOption, SOL_SOCKET } from "../../../ffi/mod.ts";
import type { Connection } from "../../../src/backend/connection/connection.ts";
import type { FetchHandler, RequestInfo } from "../../../src/backend/fetch/handler.ts";
import { ExchangeInfo } from "../../../src/backend/fetch/info.ts";
import { handlersOf, loadHandlers } from "../../../src/backend/fetch/module.ts";
import { type HttpRig, testFetch } from "../rig.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n";
const CLOSE = "Connection: close\r\n\r\n";

function undated(text: string): string {
  return text.replaceAll(/date: [^\r]*\r\n/gi, "");
}

async function exchange({ rig, give }: HttpRig, text = GET + CLOSE, change = {}): Promise<string> {
  const client = give(text, change);
  return undated(await rig.rest(client));
}

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

testFetch("a body streams in as the handler reads it, and no faster", async (request) => {
  const reader = request.body!.getReader();
  const first = await reader.read();
  await reader.cancel();
  return new Response(`${first.value!.length > 0}`);
}, async ({ rig, give }) => {
  const client = give("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n");
  const piece = new Uint8Array(60_000);
  let sent = 0;
  await rig.until(() => {
    sent += Math.max(0, client.send(piece));
    return client.ended !== false;
  }, "the end");
  assert.match(client.received, /true$/);
});

// --- when the client goes, or does not read ---------------------------------------------------------------------------

let pulled = 0;
let cancelled: unknown;
let completed = "";

function endless(_request: Request, info: RequestInfo): Response {
  pulled = 0;
  cancelled = undefined;
  completed = "";
  info.completed.then(() => completed = "resolved", () => completed = "rejected");
  return new Response(
    new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(65_536));
      },
      cancel(reason) {
        cancelled = reason;
      },
    }),
  );
}

testFetch(
  "an endless stream is pulled only as far as the client reads, and cancelled when it goes",
  endless,
  async ({
    rig,
    give,
  }) => {
    const client = give(GET + "\r\n");
    await rig.until(() => pulled > 10, "the stream to begin");
    await rig.settle();
    const before = pulled;
    await rig.settle();
    assert.equal(pulled, before, "it is pulled although nobody reads");
    assert.ok(pulled < 200, `${pulled} pieces of 64 KiB were pulled`);
    await rig.until(
      () => client.received.length > 20_000_000 && pulled > before,
      "more when the client reads",
    );
    client.reset();
    await rig.until(() => cancelled !== undefined, "the stream to be cancelled");
    await rig.until(() => completed === "rejected", "completed to be settled");
    assert.equal(rig.backend.active, 0);
  },
);

testFetch("HEAD cancels a stream that has its length, without pulling it through", (request, info) => {
  const response = endless(request, info);
  response.headers.set("content-length", "65536");
  return response;
}, async (http) => {
  const text = await exchange(http, `HEAD / HTTP/1.1\r\nHost: a\r\n${CLOSE}`);
  assert.match(text, /content-length: 65536\r\nconnection: close\r\n\r\n$/);
  assert.ok(pulled < 5);
});

let aborted: unknown;

testFetch("request.signal is aborted when the client goes while the handler is at it", (request) => {
  aborted = undefined;
  return new Promise((resolve) =>
    request.signal.addEventListener("abort", () => {
      aborted = request.signal.reason;
      resolve(new Response("too late"));
    })
  );
}, async ({ rig, give, errors }) => {
  const client = give(GET + "\r\n");
  await rig.settle();
  assert.equal(aborted, undefined);
  client.reset();
  await rig.until(() => aborted !== undefined, "the abort");
  await rig.until(() => rig.backend.active === 0, "the end");
  assert.deepEqual(errors, []);
});

testFetch("a client that has only ended its side still gets its answer", async (request) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return new Response(`${request.signal.aborted}`);
}, async ({ rig, give }) => {
  const client = give(GET + "\r\n");
  client.end();
  assert.match(await rig.rest(client), /false$/);
});

let goOn = () => {};
let late: unknown;

testFetch(
  "a handler that reads a body after its connection has ended gets nothing of another's",
  (request) => {
    if (request.method === "GET") return new Response("other");
    const { promise, resolve } = Promise.withResolvers<void>();
    goOn = resolve;
    late = undefined;
    void promise.then(() => request.text()).then((text) => late = text, (error) => late = error);
    return new Response("early");
  },
  async ({ rig, give }) => {
    const first = give(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n${CLOSE}`);
    first.end();
    assert.match(await rig.rest(first), /early$/);
    await rig.until(() => rig.backend.active === 0, "the end");
    const others = Array.from({ length: 5 }, () => give("GET / HTTP/1.1\r\n"));
    await rig.until(() => rig.backend.active === 5, "other connections");
    for (const other of others) other.send("X: ");
    goOn();
    await rig.until(() => late !== undefined, "the late read");
    assert.ok(late instanceof Error, `it has read ${late}`);
    for (const other of others) {
      other.send(`y\r\nHost: a\r\n${CLOSE}`);
      assert.match(await rig.rest(other), /other$/);
    }
  },
);

// --- modules ----------------------------------------------------------------------------------------------------------

Deno.test("handlersOf() takes a function, or an object whose fetch keeps its this", async () => {
  const plain = () => new Response("plain");
  assert.equal(handlersOf(plain, "x").fetch, plain);
  const object = {
    text: "mine",
    fetch() {
      return new Response(this.text);
    },
  };
  const response = await handlersOf(object, "x").fetch!(new Request("http://a/"), {} as RequestInfo);
  assert.equal(await response.text(), "mine");
  for (const nothing of [undefined, null, 3, {}, { fetch: 1 }]) {
    assert.throws(
      () => handlersOf(nothing, "app.ts"),
      /Cannot use the module "app\.ts": it has no default export/,
    );
  }
});

Deno.test("loadHandlers() names a module that cannot be loaded", async () => {
  await assert.rejects(
    loadHandlers("/no/such/module.ts"),
    /Cannot load the module "\/no\/such\/module\.ts": /,
  );
  const { fetch: handler } = await loadHandlers(
    "data:text/javascript,export default () => new Response('data')",
  );
  const response = await handler!(new Request("http://a/"), {} as RequestInfo);
  assert.equal(await response.text(), "data");
});

/** Why streams were cancelled, the connections on which they were sent, and what makes them go on. */
const reasons: string[] = [];
const served: Connection[] = [];
const sources: ReadableStreamDefaultController<Uint8Array>[] = [];

testFetch("a client that is gone ends a stream that has nothing to send", (_, info) => {
  served.push(ExchangeInfo.exchange(info as ExchangeInfo).connection);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      sources.push(controller);
      controller.enqueue(new TextEncoder().encode("first"));
    },
    cancel(reason) {
      reasons.push(String(reason));
    },
  });
  return new Response(body);
}, async ({ rig, give, errors }) => {
  const clients = [give(GET + CLOSE), give(GET + CLOSE), give(GET + CLOSE)] as const;
  await rig.until(() => clients.every(({ received }) => received.includes("first")), "the streams");
  const [reset, closed, ended] = clients;
  reset.reset();
  await rig.until(() => reasons.length === 1, "the end of the first");
  assert.equal(reasons[0], "resource closed");
  closed.close();
  await rig.until(() => reasons.length === 2, "the end of the second");
  // One that has only ended its side may still read: it is asked for signs of life, and gets what comes.
  ended.end();
  const SO_KEEPALIVE = 9;
  const left = served.find(({ closed }) => !closed);
  await rig.until(() => getOption(left!.fd, SOL_SOCKET, SO_KEEPALIVE) === 1, "the question");
  await rig.until(() => ended.received.endsWith("first\r\n0"), "the byte that says nothing");
  const source = sources[served.indexOf(left!)]!;
  source.enqueue(new TextEncoder().encode("second"));
  source.close();
  assert.ok((await rig.rest(ended)).endsWith("5\r\nfirst\r\n06\r\nsecond\r\n0\r\n\r\n"));
  assert.deepEqual([reasons.length, errors], [2, []]);
});
