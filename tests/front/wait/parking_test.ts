// Connections that come back idle, and wait in the front for their next request.
import assert from "node:assert/strict";
import { adopt, close, type Descriptor, duplicate, listenTcp } from "../../../ffi/mod.ts";
import { GENERATION, RETURN_IDLE } from "../../../src/protocol/messages.ts";
import { decodeGeneration } from "../../../src/protocol/generation.ts";
import { type Client, drink, limitDescriptors, pour, request } from "../clients.ts";
import { type Rig, siteOf, states, test } from "../rig.ts";
import { type Held, responseOf, type ScriptedBackend } from "../scripted_backend.ts";
import { sharesProcess } from "../../support/descriptors.ts";

let nextId = 0;

/** Says RETURN of a connection on which a request was answered, and closes the backend's copy when that is taken. */
function giveBack(rig: Rig, backend: ScriptedBackend, held: Held, requests = 1): void {
  const id = ++nextId;
  const transfer = { ...held.transfer, requests, detail: RETURN_IDLE };
  assert.ok(backend.sayReturn({ ...held, transfer }, id) > 0);
  rig.until(() => backend.acknowledged().includes(id), "the acknowledgement of a RETURN");
  close(held.fd);
  backend.owned = backend.owned.filter((other) => other.fd !== held.fd);
}

/** The one hand-off that comes to a backend, acknowledged, and its request read. */
function taken(rig: Rig, backend: ScriptedBackend): Held {
  const held = rig.until(() => (backend.read(), backend.held[0]), "a hand-off");
  backend.acknowledge([held]);
  drink(held.fd);
  return held;
}

/** A client that has been answered once, and whose connection is parked. */
function parked(rig: Rig, backend: ScriptedBackend, requests = 1): Client {
  const client = rig.client(request());
  const held = taken(rig, backend);
  pour(held.fd, "one answer");
  giveBack(rig, backend, held, requests);
  rig.settle();
  return client;
}

test("a parked connection is closed after its idle time, without a word", {
  limits: { keepAliveTimeout: 5_000, headTimeout: 1_000 },
}, (rig) => {
  const client = parked(rig, rig.start("a"));
  assert.deepEqual([states(rig), rig.counters.read().parked], [["parked"], 1]);
  rig.advance(4_900);
  assert.deepEqual([client.received, client.ended], ["one answer", false]);
  rig.advance(101);
  rig.until(() => client.ended, "the end");
  assert.deepEqual([client.received, client.ended], ["one answer", "end"]);
  const { parked: left, dropped } = rig.counters.read();
  assert.deepEqual([left, dropped], [0, 0]);
});

test("the next request on a parked connection is handed over with the count of those before", {}, (rig) => {
  const a = rig.start("a");
  const client = parked(rig, a, 41);
  client.send(request("/next"));
  const held = taken(rig, a);
  assert.deepEqual([held.transfer.requests, held.transfer.path, held.port], [41, "/next", client.port]);
  assert.equal(rig.counters.read().parked, 0);
});

test("from the first byte of the next request on the head's deadline runs", {
  limits: { headTimeout: 1_000 },
}, (rig) => {
  const client = parked(rig, rig.start("a"));
  rig.advance(3_000);
  client.send("GET");
  rig.settle();
  assert.deepEqual([states(rig), rig.counters.read().parked], [["reading"], 0]);
  rig.advance(1_001);
  assert.match(rig.answer(client), /^one answerHTTP\/1\.1 408 /);
});

test("a request that came while its connection travelled is handed over at once", {}, (rig) => {
  const a = rig.start("a");
  const client = rig.client(request());
  const held = taken(rig, a);
  client.send(request("/meanwhile"));
  giveBack(rig, a, held);
  assert.equal(taken(rig, a).transfer.path, "/meanwhile");
});

test("a client that leaves, or ends its side, while it is parked is let go of", {}, (rig) => {
  const a = rig.start("a");
  const clients = [parked(rig, a), parked(rig, a), parked(rig, a)];
  clients[0]!.close();
  clients[1]!.end();
  rig.until(() => clients[1]!.ended, "the end");
  rig.settle();
  clients[2]!.reset();
  rig.settle();
  assert.deepEqual([states(rig), rig.counters.read().parked], [[], 0]);
});

test("beyond the number that may be parked, the one that is idle longest goes", {
  limits: { parked: 2 },
}, (rig) => {
  const a = rig.start("a");
  const [first, second] = [parked(rig, a), parked(rig, a)];
  // Whoever asked something meanwhile is not the one that is idle longest.
  first.send(request());
  const held = taken(rig, a);
  giveBack(rig, a, held, 2);
  const third = parked(rig, a);
  rig.until(() => second.ended, "the end of one");
  assert.deepEqual([first.ended, second.ended, third.ended], [false, "end", false]);
  assert.equal(rig.counters.read().parked, 2);
});

test("where none may be parked, an idle connection that comes back is closed", {
  limits: { parked: 0 },
}, (rig) => {
  const client = parked(rig, rig.start("a"));
  rig.until(() => client.ended, "the end");
  assert.equal(client.ended, "end");
});

test("a front that drains lets go of who is parked, and of who comes back idle", {}, (rig) => {
  const a = rig.start("a");
  const client = parked(rig, a);
  const [busy, late] = [rig.client(request()), rig.client(request())];
  const held = rig.until(() => (a.read(), a.held.length === 2 && [...a.held]), "both");
  a.acknowledge([held[0]!]);
  drink(held[0]!.fd);
  rig.settle();
  rig.front.drain();
  assert.equal(client.ended, "end");
  giveBack(rig, a, held[0]!);
  const returned = held[0]!.port === busy.port ? busy : late;
  rig.until(() => returned.ended, "the end of the one that came back");
  assert.deepEqual(states(rig), ["handed"]);
  a.acknowledge([held[1]!]);
  rig.until(() => rig.reported("drained").length === 1, "the end");
});

test("a front that drains still finds the backend that somebody waits for", {}, (rig) => {
  const client = rig.client(request());
  rig.until(() => states(rig)[0] === "waiting", "it to wait");
  rig.front.drain();
  rig.start("a").manner = "serves";
  assert.equal(rig.answer(client), responseOf("a"));
  rig.until(() => rig.reported("drained").length === 1, "the end");
});

// --- generations ------------------------------------------------------------------------------------------------------

/** The numbers of the generations that a backend was told of, and the last message whole. */
function generations(backend: ScriptedBackend) {
  backend.read();
  return backend.heard.filter(({ type }) => type === GENERATION)
    .map(({ bytes }) => decodeGeneration(bytes, bytes.length)).filter((said) => typeof said !== "string");
}

test("every channel is told of the generation, at its start and whenever it changes", {
  limits: { keepAliveTimeout: 7_000, requests: 100 },
}, (rig) => {
  const a = rig.start("a");
  rig.until(() => generations(a).length === 1, "the first");
  assert.deepEqual(generations(a), [{ number: 1, idleTime: 7_000, requests: 100 }]);
  rig.apply({ limits: { ...rig.plan.limits, keepAliveTimeout: 9_000 } });
  rig.until(() => generations(a).length === 2, "the second");
  assert.deepEqual(generations(a)[1], { number: 2, idleTime: 9_000, requests: 100 });
});

test("a channel without room hears of the generation as soon as it has some", {
  limits: { unacknowledged: 1_000, queueTimeout: 60_000, acknowledgeTimeout: 60_000 },
}, (rig) => {
  const a = rig.start("a", 1_000);
  rig.until(() => rig.reported("backend-found").length === 1, "the channel");
  a.manner = "accepts";
  for (let count = 0; count < 400; count++) rig.client(request());
  rig.settle();
  assert.ok(states(rig).includes("waiting"), "the channel is full");
  rig.apply({});
  rig.apply({});
  a.manner = "serves";
  rig.until(() => a.served.length === 400, "all to be served");
  rig.settle();
  const numbers = generations(a).map(({ number }) => number);
  assert.deepEqual([numbers[0], numbers.at(-1)], [1, 3]);
});

test("a parked connection is routed by the configuration of its next request", {
  backends: ["a", "b"],
  sites: [siteOf(["a"])],
}, (rig) => {
  const [a, b] = [rig.start("a"), rig.start("b")];
  const client = parked(rig, a);
  rig.apply({ listeners: [{ fds: [], key: "one", sites: [siteOf(["b"])] }] });
  client.send(request());
  assert.equal(taken(rig, b).transfer.generation, 2);
});

test("a listener that is gone leaves its connections to another one on their address, or to none", {
  backends: ["a", "b"],
  sites: [siteOf(["a"])],
}, (rig) => {
  const [a, b] = [rig.start("a"), rig.start("b")];
  const [parkedOne, other] = [parked(rig, a), parked(rig, a)];
  const [reading, asking] = [rig.client("GET / HTTP/1.1\r\n"), rig.client(request())];
  const held = taken(rig, a);
  rig.settle();
  const renamed = adopt(duplicate(rig.plan.listeners[0]!.fds[0] as Descriptor));
  rig.apply({ listeners: [{ fds: [renamed], key: "renamed", sites: [siteOf(["b"])] }] });
  parkedOne.send(request("/parked"));
  assert.equal(taken(rig, b).transfer.path, "/parked");
  reading.send("Host: test\r\n\r\n");
  assert.equal(taken(rig, b).port, reading.port);
  // A listener elsewhere is for others: its sites may not be meant for who came in here.
  const elsewhere = listenTcp("127.0.0.1", 0);
  rig.apply({ listeners: [{ fds: [elsewhere], key: "elsewhere", sites: [siteOf(["b"])] }] });
  other.send(request());
  assert.match(rig.answer(other), /^one answerHTTP\/1\.1 404 [^]*no listener has its address any more/);
  giveBack(rig, a, held);
  asking.send(request());
  assert.match(rig.answer(asking), /^HTTP\/1\.1 404 /);
});

// --- out of descriptors -----------------------------------------------------------------------------------------------

if (!sharesProcess) {
  test("without a free descriptor those that are idle longest make room for new ones", {}, (rig) => {
    const a = rig.start("a");
    const idle = [parked(rig, a), parked(rig, a), parked(rig, a)];
    const clients = [rig.client(request()), rig.client(request())];
    const restore = limitDescriptors(64);
    const numbers: Descriptor[] = [];
    try {
      for (;;) numbers.push(adopt(listenTcp("127.0.0.1", 0)));
    } catch {
      // None is left.
    }
    try {
      rig.settle();
      assert.deepEqual(idle.map(({ ended }) => ended), ["end", "end", "end"]);
      assert.equal(rig.counters.read().accepted, 5);
      assert.deepEqual(rig.reported("descriptors"), []);
    } finally {
      numbers.forEach(close);
      restore();
    }
    a.manner = "serves";
    for (const client of clients) assert.equal(rig.answer(client), responseOf("a"));
  });
}
