// A front that is out of descriptors.

import assert from "node:assert/strict";
import { adopt, close, type Descriptor, listenTcp } from "../../../ffi/mod.ts";
import { sharesProcess } from "../../support/descriptors.ts";
import { limitDescriptors, request } from "../clients.ts";
import { type Rig, test } from "../rig.ts";
import { responseOf, type ScriptedBackend } from "../scripted_backend.ts";

function found(rig: Rig, ...names: string[]): ScriptedBackend[] {
  const backends = names.map((name) => rig.start(name));
  rig.until(() => rig.reported("backend-found").length >= names.length, "the backends");
  return backends;
}

/** Takes every number that is free, up to a limit that is set so low for the while. */
function takeAllNumbers(): Descriptor[] {
  const taken: Descriptor[] = [];
  for (;;) {
    try {
      taken.push(adopt(listenTcp("127.0.0.1", 0)));
    } catch {
      return taken;
    }
  }
}

if (!sharesProcess) {
  test("without a free descriptor the front pauses, says so once, and goes on when it can", {}, (rig) => {
    const [a] = found(rig, "a");
    a!.manner = "serves";
    const clients = [rig.client(request()), rig.client(request())];
    const restore = limitDescriptors(64);
    const taken = takeAllNumbers();
    try {
      assert.ok(taken.length > 0);
      for (let i = 0; i < 5; i++) rig.advance(150);
      assert.deepEqual(rig.reported("descriptors"), [{ type: "descriptors", exhausted: true }]);
      assert.equal(rig.counters.read().accepted, 0);
      // It sleeps meanwhile instead of being told of the same connections again and again.
      assert.equal(rig.turn(), 0);
    } finally {
      taken.forEach(close);
      restore();
    }
    rig.advance(150);
    for (const client of clients) assert.equal(rig.answer(client), responseOf("a"));
    // When there has been no shortage for a while, people are told that too.
    for (let i = 0; i < 10; i++) rig.advance(150);
    assert.deepEqual(rig.reported("descriptors").map(({ exhausted }) => exhausted), [true, false]);
  });
}
