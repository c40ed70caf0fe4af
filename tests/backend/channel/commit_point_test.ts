/** What was not acknowledged was not touched, whatever becomes of the channel. */

import assert from "node:assert/strict";
import { ACK } from "../../../src/protocol/messages.ts";
import { drink, noSocket, pour, request } from "../../front/clients.ts";
import { openDescriptors, sharesProcess } from "../../support/descriptors.ts";
import { type Recorder, type Rig, test } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";
import { assertWorks, handoff, lend } from "./hostile_front.ts";

test("a channel that has ended before the ACK leaves the connection untouched and with the front", async (rig) => {
  const front = await rig.front();
  const handed = Array.from({ length: 3 }, () => front.accept(request()));
  for (const { fd } of handed) front.handOff(fd);
  // It was sent, and cannot be called back: but no ACK can follow.
  front.channel.shutdown();
  await rig.until(() => rig.lost.length > 0, "the end of the channel");
  assert.equal(rig.server.connections.length, 0);
  assert.equal(rig.backend.active, 0);
  for (const { client, fd } of handed) {
    assert.deepEqual([client.received, client.ended], ["", false]);
    assert.equal(drink(fd).text, request());
    pour(fd, "served elsewhere");
    assert.equal(client.received, "served elsewhere");
  }
});

test("the same when the front closes", async (rig) => {
  const front = await rig.front();
  const { client, fd } = front.accept(request());
  front.handOff(fd);
  front.channel.close();
  await rig.until(() => rig.lost.length > 0, "the end of the channel");
  assert.equal(rig.server.connections.length, 0);
  assert.deepEqual([client.ended, drink(fd).text], [false, request()]);
});

test("hand-offs that are read together are acknowledged together, before any is served", async (rig) => {
  const front = await rig.front();
  const ids = Array.from({ length: 20 }, () => front.handOff(front.accept(request()).fd));
  await rig.until(() => front.acknowledged.length === 20, "the acknowledgements");
  const acks = front.heard.filter(({ type }) => type === ACK);
  assert.ok(acks.length <= 2, `${acks.length} ACKs`);
  assert.deepEqual(front.acknowledged, ids);
  assert.equal(new DataView(acks.at(-1)!.bytes.buffer).getUint32(4), 20);
});

test("a front that never reads: the backend stops reading, serves nothing unacknowledged, and does not grow", async (rig) => {
  const front = await rig.front();
  const { client, fd } = front.accept(request());
  // Refusals with their texts fill the socket's buffer.
  let sent = 0;
  const flood = async () => {
    for (let more = 0; more < 200; more++) {
      const said = lend(noSocket(), (pipe) => front.channel.say(handoff(front), pipe));
      if (said < 0) return true;
      sent++;
      if (more % 20 === 19) await rig.turn();
    }
    return false;
  };
  let full = false;
  for (let round = 0; round < 20 && !full; round++) full = await flood();
  assert.ok(full, `the backend has read ${sent} messages that it could not answer`);
  assert.ok(sent < 2_000);
  await rig.settle();
  // One that is good, behind all that.
  const before = openDescriptors().size;
  let id = -1;
  // Room comes only as the front reads.
  await rig.until(() => {
    if (id < 0) {
      const message = front.channel.hear();
      assert.ok(message !== "end");
      id = front.handOff(fd);
    }
    return id >= 0;
  }, "room for one more");
  if (!sharesProcess) assert.ok(openDescriptors().size <= before + 1);
  assert.equal(rig.server.connections.length, 0);
  assert.equal(client.ended, false);
  await rig.until(() => front.acknowledged.includes(id), "its acknowledgement, once the front reads");
  assert.equal(rig.server.connections.length, 1);
});

/** Makes the backend say more than the channel takes from it: refusals that the front does not read. */
async function blockAnswers(rig: Rig<Recorder>, front: ScriptedFront): Promise<void> {
  for (let count = 0; count < 2_000; count++) {
    const room = lend(noSocket(), (pipe) => front.channel.say(handoff(front), pipe)) > 0;
    if (!room) return await rig.settle();
    if (count % 20 === 0) await rig.turn();
  }
  assert.fail("the backend reads on without end");
}

test("a front that shuts the channel down while answers to it wait", async (rig) => {
  const front = await rig.front();
  await blockAnswers(rig, front);
  await rig.settle();
  assert.equal(rig.lost.length, 0);
  front.channel.shutdown();
  // Nothing else than the end of the channel may follow, in particular not an endless wake-up for nothing.
  await rig.until(() => rig.lost.length === 1, "the end of the channel");
  await rig.settle();
  assert.equal(rig.backend.channels.size, 0);
  await assertWorks(rig);
});

test("a front that closes while answers to it wait", async (rig) => {
  const front = await rig.front();
  await blockAnswers(rig, front);
  front.channel.close();
  await rig.until(() => rig.lost.length === 1, "the end of the channel");
  await assertWorks(rig);
});
