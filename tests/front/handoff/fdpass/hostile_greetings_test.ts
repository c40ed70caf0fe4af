// A backend that begins wrongly, or does not begin.

import assert from "node:assert/strict";
import { BYE, BYE_TIMEOUT, HELLO } from "../../../../src/protocol/messages.ts";
import { encodeBye, encodeLoad } from "../../../../src/protocol/replies.ts";
import { noSocket, request, unconnectedTcp } from "../../clients.ts";
import { ack, byeOf, type RawChannel } from "../../raw_channel.ts";
import { test } from "../../rig.ts";
import { responseOf } from "../../scripted_backend.ts";
import { answeredByGood, concat, lend, lostReasons, raw, returning, threeOnBad, TWO } from "./hostile.ts";

/** A HELLO with everything right but for what is said here. */
function hello(magic = "fdps", window = 1): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(magic);
  return concat(raw(1, HELLO, 0, 0), text, raw(0, 1, 0, window, 0, 0, 0, 1));
}

const GREETINGS: readonly (readonly [what: string, say: (to: RawChannel) => void, reason: RegExp])[] = [
  ["a HELLO of another version", (to) => to.say(raw(2, 1, 0, 0, 0x66, 0x64, 0x70, 0x73)), /^version 2 /],
  ["a HELLO that is cut off", (to) => to.say(hello().slice(0, 15)), /^HELLO is too short$/],
  ["a HELLO with another magic", (to) => to.say(hello("http")), /^HELLO does not say fdps$/],
  ["a HELLO without a window", (to) => to.say(hello("fdps", 0)), /^HELLO allows no transfers$/],
  [
    "a HELLO with an unknown field that must not be skipped",
    (to) => to.say(concat(hello(), raw(0x80, 0, 0, 0))),
    /^field 128 is not known/,
  ],
  [
    "a HELLO with a name that is not UTF-8",
    (to) => to.say(concat(hello(), raw(1, 0, 0, 1, 0xff))),
    /^the name is not UTF-8$/,
  ],
  [
    "a HELLO with a descriptor",
    (to) => lend(noSocket(), (fd) => to.say(hello(), fd)),
    /^HELLO with 1 descriptors$/,
  ],
  ["an ACK first", (to) => to.say(ack([])), /^ACK before HELLO$/],
  ["a LOAD first", (to) => to.say(encodeLoad(3)), /^LOAD before HELLO$/],
  [
    "a RETURN first",
    (to) => lend(unconnectedTcp(), (fd) => to.say(returning(), fd)),
    /^RETURN before HELLO$/,
  ],
  ["nothing, and closes", (to) => to.close(), /^the backend closed the channel$/],
  ["BYE", (to) => to.say(encodeBye({ reason: 6, text: "go away" })), /^the backend ends it: go away$/],
];

for (const [what, say, reason] of GREETINGS) {
  test(`a backend that answers HELLO with ${what}`, TWO, (rig) => {
    const bad = rig.start("bad");
    bad.manner = "accepts";
    const client = rig.client(request());
    rig.until(() => bad.channels.length === 1, "a channel");
    bad.stopListening();
    say(bad.channel);
    const awaited = () => rig.reported("backend-awaited").filter(({ backend }) => backend === "bad");
    rig.until(() => awaited().some((report) => reason.test(report.reason)), `a report of ${reason}`);
    answeredByGood(rig, [client]);
    assert.deepEqual(lostReasons(rig), []);
  });
}

test("a backend that says HELLO twice", TWO, (rig) => {
  const { bad, clients } = threeOnBad(rig);
  bad.stopListening();
  bad.channel.say(bad.hello());
  rig.until(() => lostReasons(rig).length === 1, "the end of its channel");
  assert.deepEqual(lostReasons(rig), ["a second HELLO"]);
  answeredByGood(rig, clients);
});

test("a backend that accepts and says nothing gets as long as an acknowledgement may take", TWO, (rig) => {
  const bad = rig.start("bad");
  bad.manner = "accepts";
  rig.until(() => bad.channels.length === 1, "a channel");
  const client = rig.client(request());
  rig.settle();
  bad.stopListening();
  rig.advance(1_900);
  assert.ok(!rig.reports.some((report) => "reason" in report && report.reason.includes("accepts")));
  rig.advance(200);
  assert.ok(
    rig.reported("backend-awaited").some(({ reason }) => reason === "it accepts but does not answer"),
  );
  const last = bad.channel.hearAll().at(-1)!;
  assert.deepEqual([last.type, byeOf(last).reason], [BYE, BYE_TIMEOUT]);
  answeredByGood(rig, [client]);
});

test("a backend whose backlog is full is tried again", TWO, (rig) => {
  const bad = rig.start("bad");
  bad.manner = "asleep";
  const good = rig.start("good");
  good.manner = "serves";
  // Attempts that are given up one after another stay in the backlog of 64 until somebody accepts them.
  for (let i = 0; i < 150; i++) rig.advance(2_500);
  assert.ok(rig.reported("backend-awaited").some(({ reason }) => /backlog is full/.test(reason)));
  assert.equal(rig.answer(rig.client(request())), responseOf("good"));
  bad.manner = "serves";
  for (let i = 0; i < 4; i++) rig.advance(500);
  rig.until(() => rig.reported("backend-found").length === 2, "the backend to be found at last");
});
