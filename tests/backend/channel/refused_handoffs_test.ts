/** Hand-offs that a backend cannot take: it says so, has touched nothing, and the channel goes on. */

import assert from "node:assert/strict";
import {
  close,
  type Descriptor,
  listenTcp,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  unixSocketPair,
} from "../../../ffi/mod.ts";
import {
  DRAIN,
  NACK_DESCRIPTOR,
  NACK_DRAINING,
  NACK_FULL,
  NACK_REFUSED,
  NACK_UNSUPPORTED,
  SIZE_TRANSFER,
} from "../../../src/protocol/messages.ts";
import { drink, limitDescriptors, noSocket, request, udp, unconnectedTcp } from "../../front/clients.ts";
import { openDescriptors, sharesProcess } from "../../support/descriptors.ts";
import { test } from "../rig.ts";
import { assertWorks, concat, handoff, lend, raw } from "./hostile_front.ts";

const DESCRIPTORS: readonly (readonly [what: string, make: () => Descriptor])[] = [
  ["a pipe", noSocket],
  ["a listening socket", () => listenTcp("127.0.0.1", 0)],
  ["a UDP socket", udp],
  ...[SOCK_STREAM, SOCK_SEQPACKET].map((type) =>
    [`a Unix socket of type ${type}`, () => {
      const pair = unixSocketPair(type as typeof SOCK_STREAM);
      close(pair[1]);
      return pair[0];
    }] as const
  ),
];

for (const [what, make] of DESCRIPTORS) {
  test(`a HANDOFF of ${what} is refused, and the channel goes on`, async (rig) => {
    const front = await rig.front();
    const id = lend(make(), (fd) => front.handOff(fd));
    await rig.until(() => front.refused.length > 0, "the refusal");
    assert.deepEqual(front.refused, [[id, NACK_DESCRIPTOR]]);
    const { fd } = front.accept(request());
    const next = front.handOff(fd);
    await rig.until(() => front.acknowledged.includes(next), "the next one's acknowledgement");
    assert.deepEqual(front.acknowledged, [next]);
  });
}

test("a HANDOFF of the channel itself is refused", async (rig) => {
  const front = await rig.front();
  const id = front.handOff(front.channel.fd);
  await rig.until(() => front.refused.length > 0, "the refusal");
  assert.deepEqual(front.refused, [[id, NACK_DESCRIPTOR]]);
});

const MALFORMED:
  readonly (readonly [what: string, message: (good: Uint8Array) => Uint8Array<ArrayBuffer>])[] = [
    ["that ends behind its id", (good) => new Uint8Array(good.slice(0, 8))],
    ["that is one byte short", (good) => new Uint8Array(good.slice(0, SIZE_TRANSFER - 1))],
    ["with a field that is cut off", (good) => concat(good, raw(0x81, 0, 0, 9, 1))],
    ["with half a field's head", (good) => concat(good, raw(5, 0))],
    ["with a field twice", (good) => concat(good, raw(4, 0, 0, 1, 0x2f))],
    ["with an unknown field that must not be skipped", (good) => concat(good, raw(0xff, 0, 0, 0))],
    [
      "with a path that is not UTF-8",
      (good) => concat(good.subarray(0, SIZE_TRANSFER), raw(4, 0, 0, 1, 0xc0)),
    ],
    ["with an address of no known family", (good) => concat(good.subarray(0, 8), raw(7), good.subarray(9))],
  ];

for (const [what, message] of MALFORMED) {
  test(`a HANDOFF ${what} is refused untouched, and the channel goes on`, async (rig) => {
    const front = await rig.front();
    const { client, fd } = front.accept(request());
    front.channel.say(message(handoff(front)), fd);
    await rig.until(() => front.refused.length > 0, "the refusal");
    assert.deepEqual(front.refused, [[77, NACK_UNSUPPORTED]]);
    assert.equal(rig.server.connections.length, 0);
    assert.equal(drink(fd).text, request());
    assert.equal(client.ended, false);
  });
}

test("an unknown field that may be skipped is skipped, however often it is there", async (rig) => {
  const front = await rig.front();
  const { fd } = front.accept(request());
  front.channel.say(concat(handoff(front), raw(0x7f, 0, 0, 1, 9), raw(0x7f, 0, 0, 0)), fd);
  await rig.until(() => front.acknowledged.length > 0, "the acknowledgement");
  assert.deepEqual(front.acknowledged, [77]);
});

test("a socket that was never connected is acknowledged at worst, and harms nobody", async (rig) => {
  const front = await rig.front();
  const id = lend(unconnectedTcp(), (fd) => front.handOff(fd));
  await rig.until(() => front.acknowledged.length + front.refused.length > 0, "an answer");
  assert.deepEqual([...front.acknowledged, ...front.refused.map(([refused]) => refused)], [id]);
  await assertWorks(rig);
});

test("a client that has gone already is a connection like any other", async (rig) => {
  const front = await rig.front();
  const { client, fd } = front.accept(request());
  client.reset();
  const id = front.handOff(fd);
  await rig.until(() => front.acknowledged.includes(id), "the acknowledgement");
});

test("beyond its limit of connections a backend refuses, and takes again when one has ended", async (rig) => {
  const front = await rig.front();
  const ids = Array.from({ length: 5 }, () => front.handOff(front.accept(request()).fd));
  await rig.until(() => front.acknowledged.length + front.refused.length === 5, "five answers");
  assert.deepEqual(front.acknowledged, ids.slice(0, 2));
  assert.deepEqual(front.refused, ids.slice(2).map((id) => [id, NACK_FULL]));
  rig.server.connections[0]!.close();
  const next = front.handOff(front.accept(request()).fd);
  await rig.until(() => front.acknowledged.includes(next), "the next");
}, { maxConnections: 2 });

test("a backend that drains refuses what comes, and serves what it has", async (rig) => {
  const front = await rig.front();
  const first = front.handOff(front.accept(request()).fd);
  await rig.until(() => front.acknowledged.includes(first), "the first");
  let drained = false;
  const done = rig.backend.drain().then(() => drained = true);
  const id = front.handOff(front.accept(request()).fd);
  await rig.until(() => front.refused.length > 0, "the refusal");
  assert.deepEqual(front.refused, [[id, NACK_DRAINING]]);
  assert.ok(front.heard.some(({ type }) => type === DRAIN));
  assert.equal(drained, false);
  rig.server.connections[0]!.close();
  await rig.until(() => drained, "the end");
  await done;
  front.read();
  assert.equal(front.ended, true);
});

if (!sharesProcess) {
  test("without a descriptor number free the hand-off is refused as full, and nothing is lost", async (rig) => {
    const front = await rig.front();
    const { client, fd } = front.accept(request());
    const taken: Descriptor[] = [];
    const highest = Math.max(...openDescriptors().keys());
    const restore = limitDescriptors(highest + 20);
    try {
      const id = front.handOff(fd);
      for (;;) {
        try {
          taken.push(unconnectedTcp());
        } catch {
          break;
        }
      }
      await rig.until(() => front.refused.length > 0, "the refusal");
      assert.deepEqual(front.refused, [[id, NACK_FULL]]);
    } finally {
      restore();
      taken.forEach(close);
    }
    assert.deepEqual(rig.events.filter(({ type }) => type === "descriptors").length, 1);
    assert.equal(client.ended, false);
    const again = front.handOff(fd);
    await rig.until(() => front.acknowledged.includes(again), "the acknowledgement");
  });

  test("a descriptor that is kept from the backend while numbers are free is refused, and told as that", async (rig) => {
    const front = await rig.front();
    const { client, fd } = front.accept(request());
    // As a security module leaves it: the kernel delivers the bytes alone, and afterwards there are numbers enough.
    const { reader } = rig.backend;
    const receive = reader.receive.bind(reader);
    reader.receive = (from) => {
      const restore = limitDescriptors(0);
      try {
        return receive(from);
      } finally {
        restore();
      }
    };
    const ids = [front.handOff(fd), front.handOff(fd)];
    await rig.until(() => front.refused.length > 1, "the refusals");
    assert.deepEqual(front.refused, ids.map((id) => [id, NACK_REFUSED]));
    reader.receive = receive;
    assert.deepEqual(rig.events.filter(({ type }) => type === "descriptors"), [{
      type: "descriptors",
      why: "forbidden",
    }]);
    assert.equal(client.ended, false);
    await assertWorks(rig);
  });
}
