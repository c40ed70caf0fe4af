/** A front that does everything wrong. The backend ends the channel, keeps no descriptor, and serves others. */

import assert from "node:assert/strict";
import type { Descriptor } from "../../../ffi/mod.ts";
import {
  BYE,
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_TIMEOUT,
  BYE_UNKNOWN_ID,
  BYE_UNKNOWN_TYPE,
  BYE_VERSION,
  DRAIN,
  HANDOFF,
  LOAD,
  MAX_MESSAGE,
  NACK,
  RETURN,
} from "../../../src/protocol/messages.ts";
import { encodeBye } from "../../../src/protocol/replies.ts";
import { drink, noSocket, pour, request, unconnectedTcp } from "../../front/clients.ts";
import { ack, byeOf, nameOf } from "../../front/raw_channel.ts";
import { test } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";
import { assertWorks, concat, handoff, hello, lend, raw } from "./hostile_front.ts";

/** The reader has room for one byte more than the longest message, and sees no more of a longer one. */
const TOO_LONG = new RegExp(`^a message of ${MAX_MESSAGE + 1} bytes$`);

type Say = (front: ScriptedFront) => unknown;

const ENDS: readonly (readonly [what: string, say: Say, bye: number | undefined, reason: RegExp])[] = [
  ["version 2", (front) => front.channel.say(raw(2, 2, 0, 0)), BYE_VERSION, /^version 2 /],
  [
    "text",
    (front) => front.channel.say(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")),
    BYE_VERSION,
    /^version 71 /,
  ],
  ["an empty message", (front) => front.channel.say(raw()), undefined, /^the front closed the channel$/],
  [
    "an empty message with a descriptor",
    (front) => lend(noSocket(), (fd) => front.channel.say(raw(), fd)),
    undefined,
    /^the front closed the channel$/,
  ],
  ["three bytes", (front) => front.channel.say(raw(1, 2, 0)), BYE_MALFORMED, /3 bytes/],
  [
    "a message that is too long",
    (front) => front.channel.say(concat(raw(1, HANDOFF), new Uint8Array(MAX_MESSAGE))),
    BYE_MALFORMED,
    TOO_LONG,
  ],
  [
    "a message that is too long, with a descriptor",
    (front) =>
      lend(
        unconnectedTcp(),
        (fd) => front.channel.say(concat(raw(1, HANDOFF), new Uint8Array(MAX_MESSAGE)), fd),
      ),
    BYE_MALFORMED,
    TOO_LONG,
  ],
  ["an unknown type", (front) => front.channel.say(raw(1, 77, 0, 0)), BYE_UNKNOWN_TYPE, /^type 77 /],
  ...[RETURN, DRAIN, LOAD].map((type) =>
    [
      `type ${type}, which goes the other way`,
      (front: ScriptedFront) => front.channel.say(raw(1, type, 0, 0, 0, 0, 0, 0)),
      BYE_UNKNOWN_TYPE,
      / is not known$/,
    ] as const
  ),
  ["a second HELLO", (front) => front.channel.say(hello()), BYE_MALFORMED, /^a second HELLO$/],
  [
    "a HANDOFF without a descriptor",
    (front) => front.channel.say(handoff(front)),
    BYE_DESCRIPTORS,
    /with 0 desc/,
  ],
  [
    "a HANDOFF with two descriptors",
    (front) => {
      const { fd } = front.accept(request());
      front.channel.say(handoff(front), fd, fd);
    },
    BYE_DESCRIPTORS,
    /^HANDOFF with 2 descriptors$/,
  ],
  [
    "a HANDOFF with 253 descriptors",
    (front) =>
      lend(noSocket(), (fd) => front.channel.say(handoff(front), ...new Array<Descriptor>(253).fill(fd))),
    BYE_DESCRIPTORS,
    /^HANDOFF with 253 descriptors$/,
  ],
  [
    "a HANDOFF too short to have an id",
    (front) => lend(unconnectedTcp(), (fd) => front.channel.say(raw(1, HANDOFF, 0, 0, 0, 0, 0), fd)),
    BYE_MALFORMED,
    /short|HANDOFF/,
  ],
  [
    "an ACK with a descriptor",
    (front) => lend(noSocket(), (fd) => front.channel.say(ack([]), fd)),
    BYE_DESCRIPTORS,
    /^ACK with 1 descriptors$/,
  ],
  ["an ACK that is cut off", (front) => front.channel.say(ack([1]).slice(0, 9)), BYE_MALFORMED, /^ACK has/],
  ["an ACK for nothing", (front) => front.channel.say(ack([1, 2])), BYE_UNKNOWN_ID, /^ACK for 2 /],
  ["a short NACK", (front) => front.channel.say(raw(1, NACK, 0, 1)), BYE_MALFORMED, /^NACK is too short$/],
  [
    "a NACK for nothing",
    (front) => front.channel.say(raw(1, NACK, 0, 1, 0, 0, 0, 9)),
    BYE_UNKNOWN_ID,
    /^NACK for 9/,
  ],
  [
    "BYE",
    (front) => front.channel.say(encodeBye({ reason: 9, text: "enough" })),
    undefined,
    /^the front ends it: enough$/,
  ],
];

for (const [what, say, bye, reason] of ENDS) {
  test(`a front that sends ${what}`, async (rig) => {
    const front = await rig.front();
    say(front);
    await rig.until(() => {
      front.read();
      return front.ended;
    }, "the end of the channel");
    assert.equal(rig.lost.length, 1);
    assert.match(rig.lost[0]!, reason);
    const last = front.heard.at(-1)!;
    assert.deepEqual(
      [nameOf(last), last.type === BYE ? byeOf(last).reason : undefined],
      bye === undefined ? ["HELLO", undefined] : ["BYE", bye],
    );
    assert.equal(rig.backend.channels.size, 0);
    assert.equal(rig.server.connections.length, 0);
    await assertWorks(rig);
  });
}

test("what came before the fault in the same read is not served, and is the front's to hand on", async (rig) => {
  const front = await rig.front();
  const { client, fd } = front.accept(request());
  front.handOff(fd);
  front.channel.say(raw(1, 77, 0, 0));
  await rig.until(() => front.read().length > 0 && front.ended, "the end of the channel");
  assert.deepEqual(front.acknowledged, []);
  assert.equal(rig.server.connections.length, 0);
  pour(fd, "from the front");
  assert.equal(client.received, "from the front");
  assert.equal(drink(fd).text, request());
});

// --- before HELLO -----------------------------------------------------------------------------------------------------

const GREETINGS: readonly (readonly [what: string, message: () => Uint8Array<ArrayBuffer>, bye: number])[] = [
  ["HELLO of another version", () => concat(raw(9), hello().subarray(1)), BYE_VERSION],
  ["HELLO with another magic", () => hello("http"), BYE_MALFORMED],
  ["HELLO that is cut off", () => hello().slice(0, 15), BYE_MALFORMED],
  ["HELLO that takes nothing back", () => hello("fdps", 0), BYE_MALFORMED],
  [
    "HELLO with an unknown field that must not be skipped",
    () => concat(hello(), raw(0x99, 0, 0, 0)),
    BYE_MALFORMED,
  ],
  ["ACK", () => ack([]), BYE_MALFORMED],
];

for (const [what, message, bye] of GREETINGS) {
  test(`a front whose first message is ${what}`, async (rig) => {
    const front = rig.rawFront();
    front.channel.say(message());
    await rig.until(() => front.read().length > 0 || front.ended, "BYE");
    assert.deepEqual(front.heard.map((heard) => [nameOf(heard), byeOf(heard).reason]), [["BYE", bye]]);
    await assertWorks(rig);
  });
}

test("a front whose first message is a HANDOFF", async (rig) => {
  const front = rig.rawFront();
  const { client, fd } = front.accept(request());
  front.handOff(fd);
  await rig.until(() => front.read().length > 0, "BYE");
  assert.equal(byeOf(front.heard[0]!).reason, BYE_MALFORMED);
  assert.equal(client.ended, false);
  await assertWorks(rig);
});

test("a front that connects and says nothing", async (rig) => {
  const front = rig.rawFront();
  await rig.settle();
  await rig.advance(500);
  assert.deepEqual(front.read(), []);
  await rig.advance(2_100);
  front.read();
  assert.deepEqual(front.heard.map((heard) => byeOf(heard).reason), [BYE_TIMEOUT]);
  await assertWorks(rig);
});

test("fronts that connect and go at once", async (rig) => {
  for (let i = 0; i < 100; i++) rig.rawFront(i % 2 === 0).channel.close();
  await rig.settle();
  assert.equal(rig.backend.channels.size, 0);
  await assertWorks(rig);
});
