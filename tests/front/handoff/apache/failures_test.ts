// Where a hand-off in Apache's protocol goes wrong.

import assert from "node:assert/strict";
import { close, libc, settle, unixSocket } from "../../../../ffi/mod.ts";
import { sharesProcess } from "../../../support/descriptors.ts";
import { drink, limitDescriptors, request } from "../../clients.ts";
import { PlainReceiver } from "../../plain_receiver.ts";
import { type Rig, states, test } from "../../rig.ts";
import { answer, FLUSH, heard, RESPONSE_HEAD, taken } from "./receiving.ts";

/** A receiver whose socket the kernel gives no descriptors; undefined where it cannot be told so. */
function unwilling(rig: Rig): PlainReceiver | undefined {
  const receiver = new PlainReceiver(rig.path("a"));
  if (receiver.takesDescriptors(false)) return receiver;
  receiver[Symbol.dispose]();
  return undefined;
}

const knowsPassRights = (() => {
  const socket = unixSocket(1);
  const result = settle(libc.setsockopt(socket, 1, 83, new Int32Array([1]), 4));
  close(socket);
  return result === 0;
})();
const LEFT_OUT = knowsPassRights ? "" : " (left out: this kernel has no SO_PASSRIGHTS)";

test(`what the kernel does not take is still the front's: it waits, then 503${LEFT_OUT}`, {
  limits: { queueTimeout: 500 },
}, (rig) => {
  using receiver = unwilling(rig);
  if (receiver === undefined) return;
  rig.until(() => rig.reported("backend-found").length > 0, "the backend");
  const client = rig.client(request());
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  for (let i = 0; i < 30; i++) rig.advance(20);
  assert.match(rig.answer(client), /^HTTP\/1\.1 503 /);
  assert.equal(rig.counters.read().handedOver, 0);
});

test(
  `a response that has begun is gone on with by whoever comes in time, and its head sent once${LEFT_OUT}`,
  FLUSH,
  (rig) => {
    using receiver = unwilling(rig);
    if (receiver === undefined) return;
    const client = rig.client(request("/x") + "behind");
    heard(rig, client);
    rig.until(() => states(rig).join() === "waiting", "it to wait");
    rig.advance(20);
    receiver.stop();
    using next = new PlainReceiver(rig.path("a"));
    const fd = taken(rig, next);
    assert.equal(drink(fd).text, "behind");
    answer(fd, "hello");
    rig.until(() => client.ended, "the end");
    assert.equal(client.ended, "end");
    assert.match(client.received.replace(/hello$/, ""), RESPONSE_HEAD);
  },
);

test(`a response that has begun and that nobody goes on with is broken off by a reset${LEFT_OUT}`, {
  ...FLUSH,
  limits: { queueTimeout: 500 },
}, (rig) => {
  using receiver = unwilling(rig);
  if (receiver === undefined) return;
  const client = rig.client(request());
  heard(rig, client);
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  for (let i = 0; i < 30; i++) rig.advance(20);
  assert.equal(rig.until(() => client.ended, "the end"), "reset");
  assert.equal(rig.reported("response-broken-off").length, 1);
  assert.equal(rig.reported("request-refused").length, 0);
});

test(`a response that has begun is nothing for a backend of the other protocol${LEFT_OUT}`, {
  ...FLUSH,
  limits: { queueTimeout: 500 },
}, (rig) => {
  using receiver = unwilling(rig);
  if (receiver === undefined) return;
  const client = rig.client(request());
  heard(rig, client);
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  receiver.stop();
  const ours = rig.start("a");
  ours.manner = "serves";
  rig.until(() => rig.reported("backend-found").length === 2, "the other backend");
  for (let i = 0; i < 30; i++) rig.advance(20);
  assert.equal(rig.until(() => client.ended, "the end"), "reset");
  assert.equal(ours.served.length, 0);
});

test("a client that resets its connection costs nothing, with flush as well", FLUSH, (rig) => {
  const client = rig.client(request());
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  client.reset();
  using receiver = new PlainReceiver(rig.path("a"));
  rig.until(() => rig.connections.length === 0, "it to go");
  for (let i = 0; i < 5; i++) assert.equal(receiver.take(), undefined);
  assert.ok(receiver.accepted <= 1, "it is not tried again and again");
});

if (!sharesProcess) {
  test("a front that is out of descriptors can still hand over", FLUSH, (rig) => {
    using receiver = new PlainReceiver(rig.path("a"));
    rig.until(() => rig.reported("backend-found").length > 0, "the backend");
    const client = rig.client(request());
    const other = rig.client(request());
    // Numbers for the two connections that are accepted, none for another socket.
    const probe = unixSocket(1);
    close(probe);
    const restore = limitDescriptors(probe + 2);
    try {
      rig.until(() => rig.counters.read().handedOver === 2, "the hand-offs");
    } finally {
      restore();
    }
    for (const each of [client, other]) assert.match(heard(rig, each), RESPONSE_HEAD);
    taken(rig, receiver);
    taken(rig, receiver);
  });
}

test("what it is told of changes with the configuration: weight, flusher", {}, (rig) => {
  using receiver = new PlainReceiver(rig.path("a"));
  rig.client(request("/1"));
  assert.equal(drink(taken(rig, receiver)).text, request("/1"));
  rig.apply({ backends: [rig.backend({ name: "a", flusher: "flush" })] });
  const client = rig.client(request("/2"));
  assert.equal(drink(taken(rig, receiver)).text, "");
  assert.match(heard(rig, client), RESPONSE_HEAD);
  assert.equal(rig.reported("backend-found").length, 1, "it is the same backend");
  rig.apply({ backends: [], listeners: [{ ...rig.plan.listeners[0]!, sites: [{ names: [], routes: [] }] }] });
});
