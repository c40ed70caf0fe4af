// A backend that refuses all that it gets.

import assert from "node:assert/strict";
import {
  NACK_DESCRIPTOR,
  NACK_DRAINING,
  NACK_FULL,
  NACK_REFUSED,
  NACK_UNSUPPORTED,
} from "../../../../src/protocol/messages.ts";
import { encodeNack } from "../../../../src/protocol/replies.ts";
import { test } from "../../rig.ts";
import { answeredByGood, lostReasons, threeOnBad, TWO } from "./hostile.ts";

for (
  const [name, reason, refusals] of [
    ["full", NACK_FULL, 0],
    ["draining", NACK_DRAINING, 0],
    ["descriptor", NACK_DESCRIPTOR, 3],
    ["unsupported", NACK_UNSUPPORTED, 3],
    ["refused", NACK_REFUSED, 3],
    ["a reason that nobody knows", 4_711, 3],
  ] as const
) {
  test(`a backend that refuses everything: ${name}`, TWO, (rig) => {
    const { bad, clients, held } = threeOnBad(rig);
    rig.start("good").manner = "greets";
    rig.until(() => rig.reported("backend-found").length === 2, "the good backend");
    for (const one of held) {
      bad.channel.say(encodeNack({ id: one.transfer.id, reason, text: `no: ${name}` }));
      bad.forget([one]);
    }
    rig.settle();
    rig.advance(1_000);
    // The first at once, those of the next second together.
    const refused = rig.reported("handoff-refused");
    assert.deepEqual(refused.map(({ count }) => count), refusals === 0 ? [] : [1, refusals - 1]);
    for (const { backend, reason } of refused) assert.deepEqual([backend, reason], ["bad", `no: ${name}`]);
    assert.deepEqual(bad.read(), []);
    answeredByGood(rig, clients);
    assert.deepEqual(lostReasons(rig), []);
  });
}
