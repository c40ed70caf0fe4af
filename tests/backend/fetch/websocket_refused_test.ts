/** WebSockets that do not come about, and those that are open when their backend ends. */

import assert from "node:assert/strict";
import { upgradeWebSocket } from "../../../src/backend/fetch/deno_websocket.ts";
import { testFetch } from "../rig.ts";
import { CLOSE, closeFrame } from "./frames.ts";
import { closed, ending, events, frames, handshake, opened, serving } from "./websocket_client.ts";

/** Requests that are no handshake. */
const REFUSED: readonly (readonly [what: string, request: string, why: RegExp])[] = [
  ["another method", handshake({}, "POST / HTTP/1.1"), /a WebSocket begins with GET/],
  ["HTTP/1.0", handshake({}, "GET / HTTP/1.0"), /HTTP\/1\.0/],
  ["no Upgrade field", handshake({ Upgrade: undefined }), /with an Upgrade field/],
  ["another protocol", handshake({ Upgrade: "h2c" }), /does not name websocket/],
  ["no Connection field", handshake({ Connection: undefined }), /no "Connection: Upgrade"/],
  ["no key", handshake({ "Sec-WebSocket-Key": undefined }), /Sec-WebSocket-Key/],
  ["a key that is too short", handshake({ "Sec-WebSocket-Key": "YQ==" }), /Sec-WebSocket-Key/],
  [
    "another version",
    handshake({ "Sec-WebSocket-Version": "8" }),
    /^Sec-WebSocket-Version: 13\r$[^]*is not 13/m,
  ],
  [
    "no subprotocol where one is named",
    handshake({ "Sec-WebSocket-Protocol": "a,,b" }),
    /not a list of names/,
  ],
  ["content", handshake({ "Content-Length": "1" }) + "x", /content that nobody has read/],
];

for (const [what, request, why] of REFUSED) {
  testFetch(`no handshake: ${what}: 400, and nobody is to blame`, serving(), async (http) => {
    const client = http.give(request);
    await http.rig.until(() => /\r\n\r\n.*\n/.test(client.received), "the answer");
    assert.match(client.received, /^HTTP\/1\.1 400 /);
    assert.match(client.received, why);
    assert.deepEqual(http.errors, []);
  });
}

testFetch("options that make no sense are the handler's fault", (_, info) => {
  for (
    const options of [{ idleTimeout: -1 }, { idleTimeout: Infinity }, { maxPayload: 0 }, { maxPayload: 1.5 }]
  ) {
    assert.throws(() => info.upgradeWebSocket(options), RangeError);
  }
  return new Response("fine");
}, async (http) => {
  const client = http.give(handshake());
  await http.rig.until(() => client.received.endsWith("fine"), "the response");
});

for (
  const [what, respond, status] of [
    ["responds otherwise", () => new Response("no", { status: 403 }), 403],
    ["fails", () => {
      throw new Error("mine");
    }, 500],
  ] as const
) {
  testFetch(
    `a handler that asks for a WebSocket and then ${what}: there is none, and the socket says so`,
    (request) => {
      serving()(request, {} as never);
      return respond();
    },
    async (http) => {
      const client = http.give(handshake());
      await http.rig.until(() => client.received.includes("\r\n\r\n"), "the response");
      assert.match(client.received, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(events.length, 3);
      assert.match(events[1]!, /^error Cannot open the WebSocket: the handler has/);
      assert.equal(events[2], "close 1006  false 3");
    },
  );
}

testFetch(
  "a client that leaves before the response: there is none, and nobody is to blame",
  async (request) => {
    const response = serving()(request, {} as never);
    await new Promise((resolve) => setTimeout(resolve, 10));
    return response;
  },
  async (http) => {
    const client = http.give(handshake());
    await http.rig.until(() => events.length > 0, "the handler");
    client.reset();
    await closed(http);
    assert.equal(events.at(-1), "close 1006  false 3");
    assert.deepEqual(http.errors, []);
  },
);

testFetch(
  "at the end of a backend, WebSockets say that they go away, and others do not hold it up",
  (request, info) => {
    if (request.url.endsWith("/raw")) {
      const { socket, response } = info.upgrade();
      socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
      return response;
    }
    return serving()(request, info);
  },
  async (http) => {
    const { rig } = http;
    const client = await opened(http);
    const raw = http.give(handshake({}, "GET /raw HTTP/1.1"));
    await rig.until(() => raw.received !== "", "the other upgrade");
    let left = false;
    const leaving = rig.backend.takeLeave(60_000).then(() => left = true);
    assert.deepEqual(await frames(http, client, CLOSE), ["1001 Server shutting down"]);
    assert.equal(left, false);
    client.send(closeFrame(1001));
    await ending(http, client);
    await rig.until(() => left, "the end of the WebSocket");
    await leaving;
    assert.equal(rig.backend.active, 1);
    // One that does not answer is not waited for.
    await opened(http);
    await rig.backend.takeLeave(10);
  },
);

Deno.test("upgradeWebSocket() is Deno's for requests that are not this backend's", () => {
  assert.throws(() => upgradeWebSocket(new Request("http://a/")), TypeError);
});
