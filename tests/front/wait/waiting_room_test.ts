import assert from "node:assert/strict";
import { NACK_FULL, NACK_REFUSED } from "../../../src/protocol/messages.ts";
import { encodeNack } from "../../../src/protocol/replies.ts";
import { request } from "../clients.ts";
import { portOf, states, test } from "../rig.ts";
import { responseOf } from "../scripted_backend.ts";

test("a connection that waits is handed over as soon as a backend appears", {}, (rig) => {
  const client = rig.client(request("/first"));
  rig.until(() => rig.connections[0]?.state === "waiting", "the connection to wait");
  rig.start("a").manner = "serves";
  assert.equal(rig.answer(client), responseOf("a"));
});

test("a backend that appears late is used within a second, even without anybody who waits", {}, (rig) => {
  for (let i = 0; i < 20; i++) rig.advance(1_000);
  rig.start("a").manner = "serves";
  rig.advance(500);
  rig.until(() => rig.reported("backend-found").length === 1, "the backend to be found");
});

test(
  "those who wait are handed over in the order in which they came",
  { limits: { unacknowledged: 1 } },
  (rig) => {
    const clients = Array.from({ length: 12 }, () => {
      const client = rig.client(request());
      rig.until(() => rig.connections.some((connection) => portOf(connection.client) === client.port), "it");
      return client;
    });
    // Someone in the middle goes: its place is closed up.
    clients[5]!.reset();
    const backend = rig.start("a");
    backend.manner = "serves";
    for (const client of clients) if (!client.closed) rig.answer(client);
    const order = clients.map(({ port }) => port).filter((_, index) => index !== 5);
    assert.deepEqual(backend.served.filter((port) => port !== clients[5]!.port), order);
  },
);

test("who has waited as long as is allowed gets 503 with Retry-After, and no reset", {
  limits: { queueTimeout: 1_000 },
}, (rig) => {
  // A body that nobody has read is in the socket: closing at once would reset the connection.
  const client = rig.client(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n${"x".repeat(5_000)}`);
  const head = rig.client("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  rig.until(() => states(rig).join() === "waiting,waiting", "both to wait");
  rig.advance(900);
  assert.deepEqual(states(rig), ["waiting", "waiting"]);
  rig.advance(101);
  assert.match(
    rig.answer(client),
    /^HTTP\/1\.1 503 [^]*\r\nRetry-After: 1\r\n[^]*no backend took the connection/,
  );
  assert.match(rig.answer(head), /^HTTP\/1\.1 503 [^]*\r\n\r\n$/);
  assert.deepEqual([client.ended, head.ended], ["end", "end"]);
});

test("who comes back from a backend that died does not start to wait afresh", {
  limits: { queueTimeout: 60_000 },
}, (rig) => {
  const client = rig.client(request());
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  rig.advance(40_000);
  const backend = rig.start("a");
  rig.until(() => states(rig).join() === "handed", "it to be handed over");
  backend.close();
  rig.until(() => states(rig).join() === "waiting", "it to wait again");
  rig.advance(10_000);
  assert.equal(client.received, "");
  rig.advance(11_000);
  assert.match(rig.answer(client), /^HTTP\/1\.1 503 /);
});

test("beyond the length of the line it is 503 at once", { limits: { queue: 2 } }, (rig) => {
  const first = [rig.client(request()), rig.client(request())];
  rig.until(() => rig.counters.read().waiting === 2, "two to wait");
  const third = rig.client(request());
  assert.match(rig.answer(third), /^HTTP\/1\.1 503 [^]*too many connections wait/);
  rig.start("a").manner = "serves";
  for (const client of first) assert.equal(rig.answer(client), responseOf("a"));
});

test("who is refused by every backend gets 503 at once", { backends: ["a", "b"] }, (rig) => {
  const backends = [rig.start("a"), rig.start("b")];
  rig.until(() => rig.reported("backend-found").length === 2, "both");
  const client = rig.client(request());
  for (let refusals = 0; refusals < 2;) {
    rig.until(() => states(rig).join() !== "reading", "a hand-off");
    for (const backend of backends) {
      for (const held of backend.read()) {
        refusals++;
        backend.forget([held]);
        backend.channel.say(encodeNack({ id: held.transfer.id, reason: NACK_REFUSED, text: "" }));
      }
    }
  }
  assert.match(rig.answer(client), /^HTTP\/1\.1 503 [^]*every backend refuses/);
});

test("who is refused by one backend waits for another that is away", { backends: ["a", "b"] }, (rig) => {
  const a = rig.start("a");
  const client = rig.client(request());
  rig.until(() => states(rig).join() === "handed", "a hand-off");
  const [held] = a.read();
  a.forget([held!]);
  a.channel.say(encodeNack({ id: held!.transfer.id, reason: NACK_REFUSED, text: "" }));
  rig.until(() => states(rig).join() === "waiting", "it to wait for the other one");
  rig.start("b").manner = "serves";
  assert.equal(rig.answer(client), responseOf("b"));
});

test("who waits for one backend only does not hold up those behind who take any", {
  backends: ["a", "b"],
  limits: { unacknowledged: 1 },
}, (rig) => {
  const a = rig.start("a");
  const picky = rig.client(request());
  rig.until(() => states(rig).join() === "handed", "a hand-off");
  const [held] = a.read();
  a.forget([held!]);
  a.channel.say(encodeNack({ id: held!.transfer.id, reason: NACK_REFUSED, text: "" }));
  rig.until(() => states(rig).join() === "waiting", "it to wait for b");
  const others = Array.from({ length: 4 }, () => rig.client(request()));
  rig.until(() => states(rig).join() === "handed,waiting,waiting,waiting,waiting", "the others to come");
  a.manner = "serves";
  a.acknowledge(a.read());
  for (const client of others) assert.equal(rig.answer(client), responseOf("a"));
  assert.deepEqual(states(rig), ["waiting"]);
  rig.start("b").manner = "serves";
  assert.equal(rig.answer(picky), responseOf("b"));
});

test("a backend that says it is full gets nothing for a moment, then gets it again", {}, (rig) => {
  const a = rig.start("a");
  const client = rig.client(request());
  rig.until(() => states(rig).join() === "handed", "a hand-off");
  const [held] = a.read();
  a.forget([held!]);
  a.channel.say(encodeNack({ id: held!.transfer.id, reason: NACK_FULL, text: "" }));
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  rig.advance(25);
  rig.until(() => states(rig).join() === "handed", "another hand-off");
  a.acknowledge(a.read());
  a.serve(a.owned[0]!);
  assert.equal(rig.answer(client), responseOf("a"));
});

test("a client that has gone while it waited holds nobody up", {}, (rig) => {
  const gone = rig.client(request());
  const ended = rig.client(request());
  rig.until(() => rig.counters.read().waiting === 2, "both to wait");
  gone.reset();
  ended.end();
  rig.start("a").manner = "serves";
  assert.equal(rig.answer(ended), responseOf("a"));
  rig.until(() => rig.front.pool.open === 0, "the other to be let go");
});
