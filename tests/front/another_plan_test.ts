// A front that goes on by another plan.

import assert from "node:assert/strict";
import { listenTcp, localAddress } from "../../ffi/mod.ts";
import { DEFAULT_LIMITS } from "../../src/config/config.ts";
import { Client, request } from "./clients.ts";
import { byeOf, nameOf } from "./raw_channel.ts";
import { type Rig, siteOf, states, test } from "./rig.ts";
import { responseOf, type ScriptedBackend } from "./scripted_backend.ts";

function found(rig: Rig, ...names: string[]): ScriptedBackend[] {
  const backends = names.map((name) => rig.start(name));
  rig.until(() => rig.reported("backend-found").length >= names.length, "the backends");
  return backends;
}

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
  rig.apply({ listeners: [{ fds: [], key: "one", sites }, { fds: [fd], key: "two", sites }] });
  for (const which of [rig.port, port]) {
    const client = new Client(which);
    rig.clients.push(client);
    client.send(request());
    assert.equal(rig.answer(client), responseOf("a"));
  }
  // One that has connected and is not accepted yet when its listener goes is served all the same.
  const last = rig.client(request());
  rig.apply({ listeners: [{ fds: [], key: "two", sites }] });
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
  rig.apply({ listeners: [{ fds: [], key: "one", sites: [siteOf(["b"])] }] });
  asking.send("Host: a\r\n\r\n");
  for (const client of [waiting, asking]) assert.equal(rig.answer(client), responseOf("b"));
});

test("another plan answers those who wait and have no route any more", {}, (rig) => {
  const client = rig.client(request("/x"));
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  const sites = [{ names: [], routes: [{ path: "/elsewhere", backends: ["a"] }] }];
  rig.apply({ listeners: [{ fds: [], key: "one", sites }] });
  assert.match(rig.answer(client), /^HTTP\/1\.1 404 /);
});

test("a backend that is in both plans keeps its channel, whatever else has changed", {}, (rig) => {
  const [a] = found(rig, "a");
  rig.client(request());
  rig.until(() => states(rig).join() === "handed", "a hand-off");
  const backends = [rig.backend({ name: "a", weight: 2 }), rig.backend("b")];
  rig.apply({ backends, listeners: [{ fds: [], key: "one", sites: [siteOf(["a", "b"])] }] });
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
  rig.apply({ backends: [rig.backend("b")], listeners: [{ fds: [], key: "one", sites: [siteOf(["b"])] }] });
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
  rig.apply({ backends: [rig.backend("b")], listeners: [{ fds: [], key: "one", sites: [siteOf(["b"])] }] });
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
