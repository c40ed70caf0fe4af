// A backend that reads nothing, answers nothing, or goes in between.

import assert from "node:assert/strict";
import { close } from "../../../../ffi/mod.ts";
import { RETURN } from "../../../../src/protocol/messages.ts";
import { encodeLoad } from "../../../../src/protocol/replies.ts";
import { encodeTransfer } from "../../../../src/protocol/transfer.ts";
import { request, unconnectedTcp } from "../../clients.ts";
import { test } from "../../rig.ts";
import { responseOf } from "../../scripted_backend.ts";
import { answeredByGood, lend, lostReasons, RETURNED, returning, threeOnBad, TWO } from "./hostile.ts";

test("a backend that sends 300 messages and reads none", {
  backends: ["bad", "good"],
  limits: { unacknowledged: 1_000 },
}, (rig) => {
  const bad = rig.start("bad", 1_000);
  rig.until(() => rig.reported("backend-found").length === 1, "the bad backend's channel");
  bad.manner = "accepts";
  let said = 0;
  for (let count = 0; count < 300; count++) {
    if (bad.channel.say(encodeLoad(0)) > 0) said++;
    if (count % 100 === 99) rig.turn();
  }
  assert.equal(said, 300);
  rig.settle();
  assert.deepEqual(lostReasons(rig), []);
  // Its socket takes some hundred hand-offs; then it is full, and the others wait.
  const clients = Array.from({ length: 400 }, () => rig.client(request()));
  rig.settle();
  const states = (state: string) => rig.connections.filter((connection) => connection.state === state).length;
  assert.ok(states("handed") > 100 && states("handed") < 400, `${states("handed")} were handed over`);
  assert.equal(states("handed") + states("waiting"), 400);
  bad.stopListening();
  const waited = states("waiting");
  const good = rig.start("good");
  good.manner = "serves";
  rig.until(() => good.served.length === waited, "the good backend to take all who wait");
  rig.advance(2_100);
  rig.until(() => lostReasons(rig).length === 1, "the end of its channel");
  assert.deepEqual(lostReasons(rig), ["no acknowledgement within 2000 ms"]);
  answeredByGood(rig, clients);
});

test("a backend that gives back and reads no answer", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  bad.stopListening();
  bad.manner = "asleep";
  bad.acknowledge([held[0]!]);
  const own = held[0]!;
  let id = 0;
  rig.settle();
  // Each ACK of the front takes room in a socket that nobody empties.
  for (let round = 0; round < 1_000 && lostReasons(rig).length === 0; round++) {
    lend(unconnectedTcp(), (fd) => bad.channel.say(encodeTransfer(RETURN, { ...RETURNED, id: ++id }), fd));
    rig.turn();
  }
  assert.deepEqual(lostReasons(rig), ["a RETURN could not be acknowledged"]);
  bad.owned = [];
  close(own.fd);
  answeredByGood(rig, clients.filter(({ port }) => port !== own.port));
});

test("a RETURN of a socket that was never connected ends there, and nowhere else", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  lend(unconnectedTcp(), (fd) => bad.channel.say(returning(), fd));
  rig.settle();
  assert.deepEqual(lostReasons(rig), []);
  assert.deepEqual([rig.counters.read().returned, rig.counters.read().open], [1, 3]);
  bad.acknowledge(held);
  held.forEach((one) => bad.serve(one));
  for (const client of clients) assert.equal(rig.answer(client), responseOf("bad"));
});

test("a backend that closes with messages unread, after some ACKs", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  const more = rig.client(request());
  rig.until(() => rig.connections.length === 4, "a hand-off that it does not read");
  bad.stopListening();
  assert.ok(bad.acknowledge([held[1]!]) > 0);
  bad.channel.close();
  rig.until(() => lostReasons(rig).length === 1, "the end of its channel");
  assert.deepEqual(lostReasons(rig), ["the backend closed the channel"]);
  const own = held[1]!;
  answeredByGood(rig, [...clients.filter(({ port }) => port !== own.port), more]);
  assert.ok(bad.serve(own));
  assert.equal(rig.answer(clients.find(({ port }) => port === own.port)!), responseOf("bad"));
});

test("a backend that closes when it has read everything, after an ACK that nobody has read", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  bad.stopListening();
  assert.ok(bad.acknowledge([held[0]!, held[2]!]) > 0);
  bad.channel.close();
  rig.until(() => lostReasons(rig).length === 1, "the end of its channel");
  const own = [held[0]!, held[2]!];
  answeredByGood(rig, clients.filter(({ port }) => port === held[1]!.port));
  for (const one of own) {
    assert.ok(bad.serve(one));
    assert.equal(rig.answer(clients.find(({ port }) => port === one.port)!), responseOf("bad"));
  }
});

test("a backend that is stopped, given up, and then wakes up cannot acknowledge", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  const unread = rig.client(request());
  rig.until(() => rig.connections.length === 4, "a hand-off that it does not read");
  bad.stopListening();
  bad.manner = "asleep";
  rig.advance(2_100);
  answeredByGood(rig, [...clients, unread]);
  // The unread one is still in its queue, and it reads it: too late.
  const late = bad.read();
  assert.equal(late.length, 1);
  assert.equal(bad.acknowledge(held), -32, "EPIPE");
  assert.equal(bad.acknowledge(late), -32, "EPIPE");
  assert.equal(bad.owned.length, 0);
});
