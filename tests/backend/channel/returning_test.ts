/** Connections that go back to the front. */

import assert from "node:assert/strict";
import { EPIPE } from "../../../ffi/mod.ts";
import { NACK, RETURN_IDLE } from "../../../src/protocol/messages.ts";
import { drink, pour, request } from "../../front/clients.ts";
import { ack } from "../../front/raw_channel.ts";
import { test } from "../rig.ts";
import { raw } from "./hostile_front.ts";

test("a connection that is given back is the front's after its ACK, and stays the backend's otherwise", async (rig) => {
  const front = await rig.front();
  const clients = [1, 2, 3].map(() => front.give(request()));
  await rig.until(() => front.acknowledged.length === 3, "the hand-offs");
  const [first, second, third] = rig.server.connections;
  for (const connection of rig.server.connections) {
    assert.ok(
      connection.channel.giveBack({ connection, requests: 1, reason: RETURN_IDLE, preread: raw(0x47) }),
    );
  }
  await rig.until(() => front.returned.length === 3, "the RETURNs");
  const [one, two] = front.returned;
  assert.deepEqual([one!.transfer.requests, one!.transfer.detail, [...one!.transfer.preread]], [
    1,
    RETURN_IDLE,
    [0x47],
  ]);
  assert.equal(drink(one!.fd).text, request());
  front.channel.say(ack([one!.transfer.id]));
  await rig.until(() => first!.closed, "the first to be let go");
  front.channel.say(raw(1, NACK, 0, 1, 0, 0, 0, two!.transfer.id));
  await rig.until(() => rig.server.failedReturns.length === 1, "the second to come back");
  assert.equal(rig.server.failedReturns[0], second);
  front.channel.close();
  await rig.until(() => rig.server.failedReturns.length === 2, "the third to come back");
  assert.equal(rig.server.failedReturns[1], third);
  assert.equal(rig.backend.active, 2);
  // Given back, its closing here has ended nothing.
  pour(one!.fd, "still here");
  assert.deepEqual([clients[0]!.received, clients[0]!.ended], ["still here", false]);
});

test("an ACK that the front sent before it closed still counts", async (rig) => {
  const front = await rig.front();
  const client = front.give(request());
  await rig.until(() => front.acknowledged.length === 1, "the hand-off");
  const [connection] = rig.server.connections;
  connection!.channel.giveBack({ connection: connection!, requests: 1, reason: RETURN_IDLE, preread: raw() });
  await rig.until(() => front.returned.length === 1, "the RETURN");
  front.channel.say(ack([front.returned[0]!.transfer.id]));
  front.channel.close();
  await rig.until(() => rig.lost.length === 1, "the end of the channel");
  assert.deepEqual([connection!.closed, rig.server.failedReturns.length, client.ended], [true, 0, false]);
});

test("no more are on their way back than the front's window takes", async (rig) => {
  const front = await rig.front("small", 2);
  for (let i = 0; i < 5; i++) front.give(request());
  await rig.until(() => front.acknowledged.length === 5, "the hand-offs");
  for (const connection of rig.server.connections) {
    assert.ok(connection.channel.giveBack({ connection, requests: 1, reason: RETURN_IDLE, preread: raw() }));
  }
  await rig.settle();
  assert.equal(front.returned.length, 2);
  front.channel.say(ack(front.returned.map(({ transfer }) => transfer.id)));
  await rig.until(() => front.returned.length === 4, "two more");
  front.channel.say(ack(front.returned.slice(2).map(({ transfer }) => transfer.id)));
  await rig.until(() => front.returned.length === 5, "the last");
});

test("a channel that the backend ends can say nothing more", async (rig) => {
  const front = await rig.front();
  front.channel.say(raw(1, 77, 0, 0));
  await rig.until(() => front.read() && front.ended, "the end");
  assert.equal(front.handOff(front.accept(request()).fd), -EPIPE);
});

test("a front that answers no RETURN has its time, and then the connections are the backend's again", async (rig) => {
  const front = await rig.front("stopped", 2);
  for (let i = 0; i < 3; i++) front.give(request());
  await rig.until(() => front.acknowledged.length === 3, "the hand-offs");
  const back = () => {
    for (const connection of rig.server.connections) {
      connection.channel.giveBack({ connection, requests: 1, reason: RETURN_IDLE, preread: raw() });
    }
  };
  back();
  await rig.until(() => front.returned.length === 2, "as many RETURNs as the window takes");
  rig.clock.now += 9_000;
  await rig.settle();
  // One that is answered gives the others their time again.
  front.channel.say(ack([front.returned[0]!.transfer.id]));
  await rig.until(() => front.returned.length === 3, "the third RETURN");
  rig.clock.now += 9_000;
  await rig.settle();
  assert.deepEqual([rig.lost, rig.server.failedReturns], [[], []]);
  rig.clock.now += 2_000;
  await rig.until(() => rig.lost.length === 1, "the end of the channel");
  assert.match(rig.lost[0]!, /does not take connections back/);
  assert.equal(rig.server.failedReturns.length, 2);
});

test("a front that has answered every RETURN may be silent", async (rig) => {
  const front = await rig.front();
  front.give(request());
  await rig.until(() => front.acknowledged.length === 1, "the hand-off");
  const [connection] = rig.server.connections;
  connection!.channel.giveBack({ connection: connection!, requests: 1, reason: RETURN_IDLE, preread: raw() });
  await rig.until(() => front.returned.length === 1, "the RETURN");
  front.channel.say(ack([front.returned[0]!.transfer.id]));
  await rig.until(() => connection!.closed, "the connection to be let go");
  rig.clock.now += 60_000;
  await rig.settle();
  assert.deepEqual(rig.lost, []);
});
