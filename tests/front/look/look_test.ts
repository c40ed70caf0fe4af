// Peeking: what is read of a request, and when.

import assert from "node:assert/strict";
import { drink, request } from "../clients.ts";
import { type Rig, test } from "../rig.ts";
import { type Held, responseOf, type ScriptedBackend } from "../scripted_backend.ts";

const LIMITS = { requestLine: 300, head: 1_000, headTimeout: 5_000 };

/** The next hand-off, read and not acknowledged. */
function handed(rig: Rig, backend: ScriptedBackend): Held {
  return rig.until(() => backend.read()[0], "a hand-off");
}

test("the front takes nothing out of the socket: the backend reads from the first byte", {}, (rig) => {
  const a = rig.start("a");
  const text = `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\nsomething`;
  const client = rig.client(text);
  const held = handed(rig, a);
  assert.equal(held.transfer.preread.length, 0);
  a.acknowledge([held]);
  client.send(" more");
  let got = "";
  rig.until(() => (got += drink(held.fd).text).length >= text.length + 5, "all of it");
  assert.equal(got, `${text} more`);
});

test(
  "a head that comes byte by byte is handed over with its last byte, not before",
  { limits: LIMITS },
  (rig) => {
    const a = rig.start("a");
    rig.until(() => rig.reported("backend-found").length === 1, "the backend");
    const text = request("/slowly", "a", "X-One: 1\r\nX-Two: \r\n");
    const client = rig.client();
    for (const character of text.slice(0, -1)) {
      client.send(character);
      rig.settle();
      assert.equal(rig.connections[0]!.state, "reading");
    }
    assert.equal(rig.counters.read().sent, 0);
    client.send("\n");
    a.acknowledge([handed(rig, a)]);
    a.serve(a.owned[0]!);
    assert.equal(rig.answer(client), responseOf("a"));
  },
);

test("two requests in one piece are one hand-off, with both in the socket", {}, (rig) => {
  const a = rig.start("a");
  rig.client(request("/1") + request("/2"));
  const held = handed(rig, a);
  assert.equal(drink(held.fd).text, request("/1") + request("/2"));
  a.acknowledge([held]);
  rig.settle();
  assert.equal(rig.counters.read().sent, 1);
});

test("empty lines before a request are no request", {}, (rig) => {
  const a = rig.start("a");
  const client = rig.client("\r\n");
  rig.settle();
  assert.equal(rig.connections[0]!.state, "reading");
  client.send(request());
  assert.equal(handed(rig, a).transfer.path, "/");
});

test(
  "a head that grows too long is refused when it does, byte by byte as well",
  { limits: LIMITS },
  (rig) => {
    const line = rig.client("GET /");
    const head = rig.client("GET / HTTP/1.1\r\nHost: a\r\nA: ");
    rig.settle();
    for (let sent = 0; sent < 1_200 && (line.ended === false || head.ended === false); sent++) {
      if (line.ended === false) line.send("x");
      if (head.ended === false) head.send("x");
      rig.turn();
      const { refused } = rig.counters.read();
      if (sent < 290) assert.equal(refused, 0);
    }
    assert.match(rig.answer(line), /^HTTP\/1\.1 414 /);
    assert.match(rig.answer(head), /^HTTP\/1\.1 431 /);
  },
);

test("a client that goes without a word is dropped without an answer", {}, (rig) => {
  const [closed, ended, reset] = [rig.client(), rig.client(), rig.client()];
  rig.until(() => rig.connections.length === 3, "three connections");
  closed.close();
  ended.end();
  reset.reset();
  rig.until(() => rig.front.pool.open === 0, "them to be dropped");
  assert.equal(ended.received, "");
  assert.deepEqual([rig.counters.read().dropped, rig.counters.read().refused], [3, 0]);
});

test("a client that ends in the middle of a head gets 400", {}, (rig) => {
  const [client, late] = [rig.client("GET / HT"), rig.client("GET / HT")];
  client.end();
  rig.until(() => rig.connections.length >= 1, "it");
  rig.settle();
  late.end();
  for (const one of [client, late]) {
    assert.match(rig.answer(one), /^HTTP\/1\.1 400 [^]*the request ends in its head/);
  }
});

test("a whole request from a client that has ended its side is handed over", {}, (rig) => {
  const client = rig.client(request());
  client.end();
  rig.start("a").manner = "serves";
  assert.equal(rig.answer(client), responseOf("a"));
});

test("half a head gets 408 at its deadline, which more of it does not move; nothing at all gets nothing", {
  limits: LIMITS,
}, (rig) => {
  const [half, nothing] = [rig.client("GET / HTTP/1.1\r\n"), rig.client()];
  rig.until(() => rig.connections.length === 2, "both");
  rig.advance(4_000);
  half.send("Host: a\r\n");
  rig.settle();
  rig.advance(900);
  assert.deepEqual(rig.connections.map(({ state }) => state), ["reading", "reading"]);
  rig.advance(200);
  assert.match(rig.answer(half), /^HTTP\/1\.1 408 /);
  assert.deepEqual([rig.answer(nothing), nothing.ended], ["", "end"]);
});

test("nothing watches a connection that waits, or is handed over", { backends: ["a", "b"] }, (rig) => {
  rig.client(request());
  const slow = rig.client("GET / ");
  rig.until(() => rig.connections.length === 2, "both");
  rig.settle();
  slow.send("HTTP/1.1\r\nHost: a\r\n\r\n");
  rig.until(() => rig.connections.every(({ state }) => state === "waiting"), "both to wait");
  assert.deepEqual(rig.connections.map(({ watched }) => watched), [false, false]);
  const a = rig.start("a");
  rig.until(() => rig.connections.every(({ state }) => state === "handed"), "both to be handed over");
  assert.deepEqual(rig.connections.map(({ watched }) => watched), [false, false]);
  // The proof: bytes that come now wake nobody here, though both processes have the socket.
  slow.send("more");
  rig.settle();
  assert.equal(rig.turn(), 0);
  a.acknowledge(a.read());
});
