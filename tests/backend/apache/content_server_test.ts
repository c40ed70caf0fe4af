import assert from "node:assert/strict";
import { ContentServer } from "../../../src/backend/apache/content_server.ts";
import type { FetchHandler, RequestInfo } from "../../../src/backend/fetch/handler.ts";
import { drink } from "../../front/clients.ts";
import { type ApacheRig, testServer } from "./rig.ts";

/** A test of a handler, with what it threw and what it could not say. */
function test(
  name: string,
  handler: FetchHandler,
  body: (rig: ApacheRig<ContentServer>, told: { errors: unknown[]; unsaid: string[] }) => Promise<void>,
): void {
  const told = { errors: [] as unknown[], unsaid: [] as string[] };
  const make = () =>
    new ContentServer(handler, {
      onError: (error) => told.errors.push(error),
      onUnsaid: (what) => told.unsaid.push(what),
    });
  testServer(name, make, (rig) => body(rig, told));
}

const whole = (text: string) => ({ text, ended: "end" });

test("a text is sent as it is, and the connection ends", () => new Response("grüße"), async (rig, told) => {
  const { text, ended } = await rig.end(rig.give());
  assert.deepEqual([text.length, ended], [7, "end"]);
  assert.deepEqual(told, { errors: [], unsaid: [] });
});

test(
  "bytes, no content, and content from a stream",
  (() => {
    const responses = [
      () => new Response(new Uint8Array([65, 66])),
      () => new Response(null),
      () => new Response(ReadableStream.from([new Uint8Array([67]), new Uint8Array([68])])),
    ];
    return () => responses.shift()!();
  })(),
  async (rig, told) => {
    assert.deepEqual(await rig.end(rig.give()), whole("AB"));
    assert.deepEqual(await rig.end(rig.give()), whole(""));
    assert.deepEqual(await rig.end(rig.give()), whole("CD"));
    assert.deepEqual(told.errors, []);
  },
);

test(
  "more content than a socket takes at once",
  () => new Response(new Uint8Array(16 << 20).fill(97)),
  async (rig) => {
    assert.equal((await rig.end(rig.give())).text.length, 16 << 20);
  },
);

let seen: { request: Request; info: RequestInfo } | undefined;
test("a handler is asked for nothing in particular, by a client that it is told", (request, info) => {
  seen = { request, info };
  return new Response();
}, async (rig) => {
  const { clientPort, port } = rig.give();
  const { request, info } = await rig.until(() => seen, "the request");
  assert.deepEqual([request.method, request.url, [...request.headers], request.body], [
    "GET",
    "http://localhost/",
    [],
    null,
  ]);
  assert.deepEqual(info.remoteAddr, { transport: "tcp", hostname: "127.0.0.1", port: clientPort });
  assert.deepEqual(info.localAddr, { transport: "tcp", hostname: "127.0.0.1", port });
  assert.deepEqual([info.site, info.route, info.path, info.front], ["", "", "/", {
    name: "apache",
    process: Deno.pid,
  }]);
  let completed = false;
  void info.completed.then(() => completed = true);
  await rig.until(() => completed, "the response to be sent");
});

test(
  "what only a head could say is told once",
  () => new Response("x", { status: 404, headers: { a: "b" } }),
  async (rig, told) => {
    assert.deepEqual(await rig.end(rig.give()), whole("x"));
    assert.deepEqual(await rig.end(rig.give()), whole("x"));
    assert.deepEqual(told.unsaid, ["status 404"]);
  },
);

test("a header is something that cannot be said", () => Response.json(1), async (rig, told) => {
  assert.deepEqual(await rig.end(rig.give()), whole("1"));
  assert.deepEqual(told.unsaid, [`header "content-type"`]);
});

const FAILURES: Record<string, FetchHandler> = {
  "throws": () => {
    throw new Error("no good");
  },
  "rejects": () => Promise.reject(new Error("no good")),
  "returns no Response": () => "text" as unknown as Response,
  "returns a Response that was read": async () => {
    const response = new Response(ReadableStream.from([new Uint8Array([65])]));
    await response.text();
    return response;
  },
  "has a stream that fails": () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.error(new Error("no good"));
        },
      }),
    ),
};
for (const [what, handler] of Object.entries(FAILURES)) {
  test(`a handler that ${what} has the response broken off, not ended`, handler, async (rig, { errors }) => {
    assert.equal((await rig.end(rig.give())).ended, "reset");
    assert.equal(errors.length, 1);
  });
}

let cancelled: unknown;
let aborted = false;
test("a handler learns that its client has left", (request) => {
  request.signal.addEventListener("abort", () => aborted = true);
  return new Response(
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array([97])),
      cancel: (reason) => void (cancelled = reason),
    }),
  );
}, async (rig, { errors }) => {
  const pair = rig.give();
  await rig.until(() => drink(pair.client).text === "a", "the beginning");
  rig.resetClient(pair);
  await rig.until(() => aborted && cancelled !== undefined, "the news");
  await rig.until(() => rig.backend.active === 0, "the end");
  assert.match(String(cancelled), /the client is gone/);
  assert.deepEqual(errors, []);
});
