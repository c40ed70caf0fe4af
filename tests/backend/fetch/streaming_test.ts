/** Content under way, in both directions, and clients that leave meanwhile. */

import assert from "node:assert/strict";
import { getOption, SOL_SOCKET } from "../../../ffi/mod.ts";
import type { Connection } from "../../../src/backend/connection/connection.ts";
import type { RequestInfo } from "../../../src/backend/fetch/handler.ts";
import { ExchangeInfo } from "../../../src/backend/fetch/info.ts";
import { testFetch } from "../rig.ts";
import { CLOSE, exchange, GET } from "./asking.ts";

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

/** Answers when its client has gone. */
function untilAborted(request: Request): Promise<Response> {
  aborted = undefined;
  return new Promise((resolve) =>
    request.signal.addEventListener("abort", () => {
      aborted = request.signal.reason;
      resolve(new Response("too late"));
    })
  );
}

testFetch(
  "request.signal is aborted when the client goes while the handler is at it",
  untilAborted,
  async ({ rig, give, errors }) => {
    const client = give(GET + "\r\n");
    await rig.settle();
    assert.equal(aborted, undefined);
    client.reset();
    await rig.until(() => aborted !== undefined, "the abort");
    await rig.until(() => rig.backend.active === 0, "the end");
    assert.deepEqual(errors, []);
  },
);

testFetch(
  "by itself, request.signal is not aborted at once when a client ends its side",
  untilAborted,
  async ({ rig, give }) => {
    const client = give(GET + "\r\n");
    await rig.settle();
    client.end();
    await rig.settle();
    await rig.advance(1);
    assert.equal(aborted, undefined);
    await rig.advance(250);
    assert.match(await rig.rest(client), /too late$/);
  },
);

testFetch(
  "without a delay, request.signal is aborted as soon as a client ends its side",
  untilAborted,
  async ({ rig, give }) => {
    const client = give(GET + "\r\n");
    await rig.settle();
    client.end();
    await rig.settle();
    await rig.advance(1);
    assert.notEqual(aborted, undefined);
    await rig.advance(250);
    assert.match(await rig.rest(client), /too late$/);
  },
  { abortDelay: 0 },
);

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
