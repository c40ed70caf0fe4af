/**
 * A backend that breaks the protocol after HELLO. The front closes the channel, says why, keeps what was not
 * acknowledged, and goes on with another backend; no descriptor that came in stays open.
 */

import assert from "node:assert/strict";
import { BYE } from "../../../../src/protocol/messages.ts";
import { byeReason, encodeBye } from "../../../../src/protocol/replies.ts";
import { request } from "../../clients.ts";
import { ack, byeOf } from "../../raw_channel.ts";
import { portOf, type Rig, test } from "../../rig.ts";
import { responseOf } from "../../scripted_backend.ts";
import { answeredByGood, CLIENTS, concat, lostReasons, raw, threeOnBad, TWO } from "./hostile.ts";
import { FAULTS } from "./faults.ts";

for (const { what, say, reason, bye, taken = 0 } of FAULTS) {
  test(`a backend that sends ${what}`, TWO, (rig) => {
    const { bad, clients, held } = threeOnBad(rig);
    bad.stopListening();
    bad.manner = "accepts";
    const { channel } = bad;
    say(channel, held);
    rig.until(() => lostReasons(rig).length > 0, "the end of its channel");
    const [told, ...more] = lostReasons(rig);
    if (typeof reason === "string") assert.equal(told, reason);
    else assert.match(told!, reason);
    assert.deepEqual(more, []);
    // The last thing it hears is why.
    const last = channel.hearAll().at(-1);
    if (bye === undefined) assert.equal(last, undefined);
    else assert.deepEqual([last!.type, byeOf(last!).reason], [BYE, bye]);
    assert.equal(channel.say(ack([])) < 0, true, "it can still send");
    // What it has acknowledged is its own, and nobody else serves that.
    const own = held.filter(({ port }) => !rig.connections.some((other) => portOf(other.client) === port));
    assert.equal(own.length, taken);
    const rest = clients.filter(({ port }) => !own.some((one) => one.port === port));
    bad.forget(held.filter((one) => !own.includes(one)));
    answeredByGood(rig, rest);
    for (const one of own) {
      bad.held = bad.held.filter((other) => other !== one);
      bad.owned.push(one);
      assert.ok(bad.serve(one));
      assert.equal(rig.answer(clients.find(({ port }) => port === one.port)!), responseOf("bad"));
    }
    assert.equal(rig.counters.read().reclaimed, CLIENTS - taken);
  });
}

test("a backend that ends with BYE, whatever the reason, is shown with it", TWO, (rig) => {
  const bad = rig.start("bad");
  const good = rig.start("good");
  good.manner = "serves";
  for (const reason of [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 10, 65_535]) {
    const before = lostReasons(rig).length;
    rig.until(() => bad.channels.length > 0 && bad.channel.closed === false && isReady(rig), "a channel");
    bad.channel.say(encodeBye({ reason, text: "" }));
    rig.until(() => lostReasons(rig).length > before, "the end of its channel");
    assert.equal(lostReasons(rig).at(-1), `the backend ends it: ${byeReason(reason)}`);
    bad.channel.close();
    rig.advance(500);
  }
  const long = "x".repeat(2_000);
  rig.until(() => !bad.channel.closed && isReady(rig), "a channel");
  bad.channel.say(concat(raw(1, BYE, 0, 9), new TextEncoder().encode(long)));
  rig.until(() => lostReasons(rig).length === 13, "the end of its channel");
  assert.equal(lostReasons(rig).at(-1), `the backend ends it: ${long}`);
  assert.equal(rig.answer(rig.client(request())), responseOf("good"));
});

/** The bad backend has been found again since it was lost. */
function isReady(rig: Rig): boolean {
  const found = rig.reported("backend-found").filter(({ backend }) => backend === "bad").length;
  return found === lostReasons(rig).length + 1;
}
