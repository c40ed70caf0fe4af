// A channel from its HELLO to its end.

import assert from "node:assert/strict";
import { NACK_DRAINING } from "../../../../src/protocol/messages.ts";
import { encodeDrain, encodeNack } from "../../../../src/protocol/replies.ts";
import { request } from "../../clients.ts";
import { nameOf } from "../../raw_channel.ts";
import { type Rig, states, test } from "../../rig.ts";
import { responseOf, type ScriptedBackend } from "../../scripted_backend.ts";

function found(rig: Rig, ...names: string[]): ScriptedBackend[] {
  const backends = names.map((name) => rig.start(name));
  rig.until(() => rig.reported("backend-found").length >= names.length, "the backends");
  return backends;
}

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
