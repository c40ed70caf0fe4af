// A front that comes to its end.

import assert from "node:assert/strict";
import { close } from "../../ffi/mod.ts";
import { Client, request } from "./clients.ts";
import { byeOf, nameOf } from "./raw_channel.ts";
import { type Rig, states, test } from "./rig.ts";
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
