import assert from "node:assert/strict";
import { adopt, close, type Descriptor, listenTcp, localAddress } from "../../ffi/mod.ts";
import { DEFAULT_LIMITS } from "../../src/config/config.ts";
import { NACK_DRAINING } from "../../src/protocol/messages.ts";
import { encodeDrain, encodeNack } from "../../src/protocol/replies.ts";
import { sharesProcess } from "../support/descriptors.ts";
import { Client, limitDescriptors, request } from "./clients.ts";
import { byeOf, nameOf } from "./raw_channel.ts";
import { type Rig, siteOf, test } from "./rig.ts";
import { responseOf, type ScriptedBackend } from "./scripted_backend.ts";

const states = (rig: Rig) => rig.connections.map(({ state }) => state).sort();

function found(rig: Rig, ...names: string[]): ScriptedBackend[] {
  const backends = names.map((name) => rig.start(name));
  rig.until(() => rig.reported("backend-found").length >= names.length, "the backends");
  return backends;
}

// --- channels ---------------------------------------------------------------------------------------------------------

test("a channel begins with the front's HELLO, and nothing is sent before the backend's", {}, (rig) => {
  const a = rig.start("a");
  a.manner = "accepts";
  rig.until(() => a.channels.length === 1, "a channel");
  rig.client(request());
  rig.settle();
  const came = a.channel.hearAll();
  assert.deepEqual(came.map(nameOf), ["HELLO"]);
  a.manner = "greets";
  rig.until(() => states(rig).join() === "handed", "the hand-off");
  assert.equal(a.read().length, 1);
});

test("ids are the backend's to keep apart: none is used twice, and no more are out than its window", {
  limits: { unacknowledged: 100 },
}, (rig) => {
  const a = rig.start("a", 3);
  rig.until(() => rig.reported("backend-found").length === 1, "the backend");
  for (let i = 0; i < 20; i++) rig.client(request());
  const ids = new Set<number>();
  for (let round = 0; ids.size < 20; round++) {
    assert.ok(round < 100);
    rig.until(() => a.read().length > 0, "a hand-off");
    rig.settle();
    a.read();
    assert.ok(a.held.length <= 3);
    for (const { transfer } of a.held) {
      assert.ok(!ids.has(transfer.id), `id ${transfer.id} came twice`);
      ids.add(transfer.id);
    }
    // In another order than they came.
    a.acknowledge(a.held.toReversed());
  }
});

test(
  "after DRAIN nothing is sent; what is under way is still answered; another channel is opened",
  {},
  (rig) => {
    const [a] = found(rig, "a");
    rig.client(request("/1"));
    rig.client(request("/2"));
    rig.until(() => states(rig).join() === "handed,handed", "hand-offs");
    const old = a!.channel;
    const [first, second] = a!.read();
    old.say(encodeDrain());
    rig.until(() => a!.channels.length === 2, "another channel");
    const third = rig.client(request("/3"));
    rig.until(() => states(rig).join() === "handed,handed,handed", "the third hand-off");
    assert.deepEqual(a!.read(old), []);
    assert.equal(a!.read(a!.channel).length, 1);
    assert.ok(a!.acknowledge([first!]) > 0);
    a!.forget([second!]);
    old.say(encodeNack({ id: second!.transfer.id, reason: NACK_DRAINING, text: "" }));
    a!.manner = "serves";
    a!.acknowledge(a!.held);
    assert.equal(rig.answer(third), responseOf("a"));
    for (const client of rig.clients) assert.equal(rig.answer(client), responseOf("a"));
    assert.deepEqual(rig.reported("backend-lost"), []);
    old.close();
    rig.settle();
    assert.deepEqual(rig.reported("backend-lost"), []);
  },
);

test("a successor at the same path gets what comes after DRAIN", {}, (rig) => {
  const [old] = found(rig, "a");
  old!.stopListening();
  const next = rig.start("a");
  old!.channel.say(encodeDrain());
  rig.until(() => next.channels.length === 1, "a channel to the successor");
  next.manner = "serves";
  assert.equal(rig.answer(rig.client(request())), responseOf("a"));
  assert.equal(next.served.length, 1);
});

test("a path that is no SOCK_SEQPACKET socket, or none at all, is said once with its reason", {
  backends: ["a", { name: "b", socket: "/proc/nothing" }],
}, (rig) => {
  for (let i = 0; i < 10; i++) rig.advance(500);
  assert.deepEqual(rig.reported("backend-awaited").map(({ backend, reason }) => `${backend}: ${reason}`), [
    "a: no such file or directory (ENOENT)",
    "b: no such file or directory (ENOENT)",
  ]);
});

// --- another plan -----------------------------------------------------------------------------------------------------

/** Whether somebody listens at a port. */
function listens(port: number): boolean {
  try {
    new Client(port).close();
    return true;
  } catch {
    return false;
  }
}

test("another plan adds listeners, keeps those that are in both, and closes the rest", {}, (rig) => {
  const [a] = found(rig, "a");
  a!.manner = "serves";
  const fd = listenTcp("127.0.0.1", 0);
  const port = localAddress(fd)!.port;
  const sites = [siteOf(["a"])];
  rig.apply({ listeners: [{ fd: -1, key: "one", sites }, { fd, key: "two", sites }] });
  for (const which of [rig.port, port]) {
    const client = new Client(which);
    rig.clients.push(client);
    client.send(request());
    assert.equal(rig.answer(client), responseOf("a"));
  }
  // One that has connected and is not accepted yet when its listener goes is served all the same.
  const last = rig.client(request());
  rig.apply({ listeners: [{ fd: -1, key: "two", sites }] });
  assert.equal(rig.answer(last), responseOf("a"));
  assert.deepEqual([listens(rig.port), listens(port)], [false, true]);
});

test("another plan routes those who wait, and those who have not finished asking, afresh", {
  backends: ["a", "b"],
  sites: [siteOf(["a"])],
}, (rig) => {
  const b = rig.start("b");
  const waiting = rig.client(request());
  const asking = rig.client("GET / HTTP/1.1\r\n");
  rig.until(() => states(rig).join() === "reading,waiting", "both");
  b.manner = "serves";
  rig.apply({ listeners: [{ fd: -1, key: "one", sites: [siteOf(["b"])] }] });
  asking.send("Host: a\r\n\r\n");
  for (const client of [waiting, asking]) assert.equal(rig.answer(client), responseOf("b"));
});

test("another plan answers those who wait and have no route any more", {}, (rig) => {
  const client = rig.client(request("/x"));
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  const sites = [{ names: [], routes: [{ path: "/elsewhere", backends: ["a"] }] }];
  rig.apply({ listeners: [{ fd: -1, key: "one", sites }] });
  assert.match(rig.answer(client), /^HTTP\/1\.1 404 /);
});

test("a backend that is in both plans keeps its channel, whatever else has changed", {}, (rig) => {
  const [a] = found(rig, "a");
  rig.client(request());
  rig.until(() => states(rig).join() === "handed", "a hand-off");
  const backends = [rig.backend({ name: "a", weight: 2 }), rig.backend("b")];
  rig.apply({ backends, listeners: [{ fd: -1, key: "one", sites: [siteOf(["a", "b"])] }] });
  rig.settle();
  assert.equal(a!.channels.length, 1);
  rig.client(request());
  rig.until(() => states(rig).join() === "handed,handed", "another hand-off");
  assert.deepEqual(a!.read().map(({ transfer }) => transfer.generation), [1, 2]);
  assert.deepEqual(rig.reported("backend-lost"), []);
});

test("a backend that is in no plan any more gets nothing new, is heard to the end, and is let go", {
  backends: ["a", "b"],
  sites: [siteOf(["a"])],
}, (rig) => {
  const [a, b] = found(rig, "a", "b");
  rig.client(request());
  rig.until(() => states(rig).join() === "handed", "a hand-off");
  rig.apply({ backends: [rig.backend("b")], listeners: [{ fd: -1, key: "one", sites: [siteOf(["b"])] }] });
  b!.manner = "serves";
  const client = rig.client(request());
  assert.equal(rig.answer(client), responseOf("b"));
  const held = a!.read();
  assert.equal(held.length, 1);
  a!.acknowledge(held);
  a!.serve(held[0]!);
  assert.equal(rig.answer(rig.clients[0]!), responseOf("a"));
  rig.settle();
  const last = rig.until(() => a!.channel.hearAll().at(-1), "BYE");
  assert.deepEqual([nameOf(last), byeOf(last).text], ["BYE", "stopping: not needed any more"]);
  assert.deepEqual(rig.reported("backend-lost"), []);
  for (let i = 0; i < 4; i++) rig.advance(1_000);
  assert.equal(a!.channels.length, 1, "it is not tried again");
});

test("a removed backend that refuses or dies gives its connection to those of the new plan", {
  backends: ["a", "b"],
  sites: [siteOf(["a"])],
}, (rig) => {
  const [a, b] = found(rig, "a", "b");
  const client = rig.client(request());
  rig.until(() => states(rig).join() === "handed", "a hand-off");
  b!.manner = "serves";
  rig.apply({ backends: [rig.backend("b")], listeners: [{ fd: -1, key: "one", sites: [siteOf(["b"])] }] });
  a!.close();
  assert.equal(rig.answer(client), responseOf("b"));
});

test("a backend whose path has changed is another one", {}, (rig) => {
  const [a] = found(rig, "a");
  const moved = { ...rig.backend("a"), socket: rig.path("moved") };
  rig.apply({ backends: [moved] });
  const next = rig.start("moved");
  next.manner = "serves";
  assert.equal(rig.answer(rig.client(request())), responseOf("moved"));
  const last = rig.until(() => a!.channel.hearAll().at(-1), "BYE");
  assert.equal(nameOf(last), "BYE");
});

test("limits of another plan hold from then on", {}, (rig) => {
  rig.apply({ limits: { ...DEFAULT_LIMITS, requestLine: 100, headTimeout: 50, queue: 0 } });
  assert.match(rig.answer(rig.client(request(`/${"x".repeat(100)}`))), /^HTTP\/1\.1 414 /);
  assert.match(rig.answer(rig.client(request())), /^HTTP\/1\.1 503 /);
  assert.match(rig.answer(rig.client("GET")), /^HTTP\/1\.1 408 /);
});

// --- the end ----------------------------------------------------------------------------------------------------------

test("a front that drains without connections has drained at once, and says BYE", {}, (rig) => {
  const [a] = found(rig, "a");
  rig.front.drain();
  assert.equal(rig.reported("drained").length, 1);
  const last = a!.channel.hearAll().at(-1)!;
  assert.deepEqual([nameOf(last), byeOf(last).text], ["BYE", "stopping: the front stops"]);
  assert.deepEqual(rig.reported("backend-lost"), []);
  assert.equal(listens(rig.port), false);
  rig.front.drain();
  assert.equal(rig.reported("drained").length, 1);
});

test(
  "a front that drains lets everyone who has begun to ask come to an end, and drops the others",
  {},
  (rig) => {
    const [a] = found(rig, "a");
    const idle = rig.client();
    const asking = rig.client("GET / HTTP/1.1\r\n");
    const handed = rig.client(request());
    rig.until(() => states(rig).join() === "handed,reading,reading", "all three");
    rig.settle();
    const unaccepted = rig.client(request());
    rig.front.drain();
    rig.until(() => idle.ended === "end", "the idle one to be dropped");
    assert.equal(idle.received, "");
    assert.equal(rig.reported("drained").length, 0);
    asking.send("Host: a\r\n\r\n");
    a!.manner = "serves";
    for (const client of [asking, handed, unaccepted]) assert.equal(rig.answer(client), responseOf("a"));
    rig.until(() => rig.reported("drained").length === 1, "the end");
  },
);

test(
  "a front that drains gives those who wait the time they have, and half a head its deadline",
  {},
  (rig) => {
    const waiting = rig.client(request());
    const half = rig.client("GET");
    rig.until(() => states(rig).join() === "reading,waiting", "both");
    rig.settle();
    rig.front.drain();
    rig.advance(3_001);
    assert.match(rig.answer(waiting), /^HTTP\/1\.1 503 /);
    rig.advance(7_000);
    assert.match(rig.answer(half), /^HTTP\/1\.1 408 /);
  },
);

test("a connection that comes back while the front drains is still served", {}, (rig) => {
  const [a] = found(rig, "a");
  const [first, second] = [rig.client(request()), rig.client(request())];
  rig.until(() => states(rig).join() === "handed,handed", "hand-offs");
  const [returned, kept] = a!.read();
  a!.acknowledge([returned!]);
  rig.settle();
  rig.front.drain();
  a!.sayReturn(returned!, 1);
  rig.until(() => a!.acknowledged().includes(1), "the acknowledgement");
  close(returned!.fd);
  a!.owned = [];
  a!.manner = "serves";
  a!.acknowledge([kept!, ...a!.held.filter((held) => held !== kept)]);
  for (const client of [first, second]) assert.equal(rig.answer(client), responseOf("a"));
  rig.until(() => rig.reported("drained").length === 1, "the end");
});

// --- out of descriptors -----------------------------------------------------------------------------------------------

/** Takes every number that is free, up to a limit that is set so low for the while. */
function takeAllNumbers(): Descriptor[] {
  const taken: Descriptor[] = [];
  for (;;) {
    try {
      taken.push(adopt(listenTcp("127.0.0.1", 0)));
    } catch {
      return taken;
    }
  }
}

if (!sharesProcess) {
  test("without a free descriptor the front pauses, says so once, and goes on when it can", {}, (rig) => {
    const [a] = found(rig, "a");
    a!.manner = "serves";
    const clients = [rig.client(request()), rig.client(request())];
    const restore = limitDescriptors(64);
    const taken = takeAllNumbers();
    try {
      assert.ok(taken.length > 0);
      for (let i = 0; i < 5; i++) rig.advance(150);
      assert.deepEqual(rig.reported("descriptors"), [{ type: "descriptors", exhausted: true }]);
      assert.equal(rig.counters.read().accepted, 0);
      // It sleeps meanwhile instead of being told of the same connections again and again.
      assert.equal(rig.turn(), 0);
    } finally {
      taken.forEach(close);
      restore();
    }
    rig.advance(150);
    for (const client of clients) assert.equal(rig.answer(client), responseOf("a"));
    // When there has been no shortage for a while, people are told that too.
    for (let i = 0; i < 10; i++) rig.advance(150);
    assert.deepEqual(rig.reported("descriptors").map(({ exhausted }) => exhausted), [true, false]);
  });
}
