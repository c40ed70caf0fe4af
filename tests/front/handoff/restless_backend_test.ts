/** Backends that make the front do things again and again: it does them ever less often, and has an end to what it holds. */

import assert from "node:assert/strict";
import { close } from "../../../ffi/mod.ts";
import { NACK_FULL } from "../../../src/protocol/messages.ts";
import { encodeDrain, encodeLoad, encodeNack } from "../../../src/protocol/replies.ts";
import { request } from "../clients.ts";
import type { RawChannel } from "../raw_channel.ts";
import { type Rig, test } from "../rig.ts";
import type { ScriptedBackend } from "../scripted_backend.ts";

/** Lets a time pass in small steps, in each of which the backend does something. */
function pass(rig: Rig, milliseconds: number, act: () => void, step = 5): void {
  for (let passed = 0; passed < milliseconds; passed += step) {
    rig.advance(step);
    for (const backend of rig.scripted) backend.work();
    act();
  }
}

/** Channels that the front has not ended. */
function open({ channels }: ScriptedBackend): RawChannel[] {
  return channels.filter((channel) => {
    if (channel.closed) return false;
    for (let message = channel.hear();; message = channel.hear()) {
      if (message === undefined || message === "end") return message === undefined;
      for (const fd of message.descriptors) close(fd);
    }
  });
}

const SECONDS = 30;
/** One each 400 ms, and a few quick ones first. */
const MOST_ATTEMPTS = SECONDS / 0.4 + 10;

for (const waiting of [0, 3]) {
  for (const workers of [1, 256]) {
    test(
      `one of ${workers} that says HELLO and closes is met with patience, and not told about each time, while ${waiting} wait`,
      { limits: { queueTimeout: 100_000 } },
      (rig) => {
        for (let count = 0; count < waiting; count++) rig.client(request());
        const backend = rig.start("a");
        backend.workers = workers;
        let attempts = 0;
        pass(rig, SECONDS * 1_000, () => {
          attempts += backend.channels.length;
          for (const channel of backend.channels.splice(0)) channel.close();
        });
        assert.ok(attempts > 10 && attempts < MOST_ATTEMPTS + 2 * workers, `${attempts} attempts`);
        const told = rig.reports.filter(({ type }) => type.startsWith("backend-"));
        assert.ok(told.length <= 8, `${told.length} words about it`);
        pass(rig, 60_000, () => {
          for (const channel of backend.channels.splice(0)) channel.close();
        });
        const [news, ...more] = rig.reported("backend-restless");
        assert.ok(news!.count > 50 && more.length === 0, `${news?.count}`);
        assert.match(rig.reported("backend-lost").at(-1)!.reason, /^the (backend closed the )?channel/);
        // Once it stays it is as good as any.
        const before = rig.reported("backend-found").length;
        pass(rig, 2_000, () => {});
        assert.equal(rig.reported("backend-found").length, before + 1);
        rig.until(() => {
          backend.read();
          return backend.held.length === waiting;
        }, "those who wait");
        assert.equal(open(backend).length, workers);
      },
    );
  }
}

test("one that drains and goes on listening has an end to its channels", {}, (rig) => {
  const backend = rig.start("a");
  const drained = new Set<RawChannel>();
  let attempts = 0;
  pass(rig, SECONDS * 1_000, () => {
    for (const channel of backend.channels) {
      if (channel.closed || drained.has(channel)) continue;
      drained.add(channel);
      attempts++;
      channel.say(encodeDrain());
    }
  });
  assert.ok(attempts > 10 && attempts < MOST_ATTEMPTS, `${attempts} channels`);
  const { length } = open(backend);
  assert.ok(length <= 16 + 4 + 1, `${length} at a time`);
  const { served } = backend;
  backend.manner = "serves";
  pass(rig, 1_000, () => {});
  rig.client(request());
  rig.until(() => served.length === 1, "an answer");
});

test("two that are replaced right after they came are told about, and followed at once", {}, (rig) => {
  for (let count = 1; count < 3; count++) {
    const backend = rig.start("a");
    rig.until(() => rig.reported("backend-found").length === count, "it");
    backend.close();
    rig.until(() => rig.reported("backend-lost").length === count, "its end");
  }
  rig.start("a");
  rig.until(() => rig.reported("backend-found").length === 3, "the third");
});

for (const what of ["answers", "hangs", "is not there"]) {
  test(`one that drains and ends is lost, but not where another that ${what} is in its place`, {}, (rig) => {
    const old = rig.start("a");
    rig.until(() => rig.reported("backend-found").length === 1, "it");
    old.stopListening();
    if (what !== "is not there") rig.start("a").manner = "accepts";
    old.channel.say(encodeDrain());
    rig.settle();
    old.channel.close();
    rig.settle();
    const lost = () => rig.reported("backend-lost").length;
    // It was away at first.
    assert.equal(rig.reported("backend-awaited").length, 1);
    if (what === "is not there") assert.equal(lost(), 1);
    else if (what === "answers") {
      rig.scripted[1]!.manner = "greets";
      rig.until(() => rig.reported("backend-found").length === 2, "the other");
      assert.deepEqual([lost(), rig.reported("backend-awaited").length], [0, 1]);
    } else {
      for (let attempts = 0; attempts < 2; attempts++) {
        rig.advance(2_100);
        rig.settle();
      }
      assert.equal(lost(), 0);
      assert.equal(rig.reported("backend-awaited").at(-1)!.reason, "it accepts but does not answer");
    }
  });
}

const MANY = 400;

for (const says of ["nothing", "what it holds"]) {
  test(`one that is full, and says ${says}, is not offered all who wait again and again`, {
    limits: { queueTimeout: 100_000 },
  }, (rig) => {
    const backend = rig.start("a", 64);
    for (let count = 0; count < MANY; count++) rig.client(request());
    let offered = 0;
    const take = (room: number) => {
      const came = backend.channels.filter(({ closed }) => !closed).flatMap((channel) =>
        backend.read(channel)
      );
      offered += came.length;
      const taken = came.slice(0, room);
      if (taken.length > 0) {
        backend.acknowledge(taken, says === "nothing" ? 0 : backend.owned.length + taken.length);
      }
      const refused = came.slice(taken.length);
      for (const { transfer } of refused) {
        backend.channel.say(encodeNack({ id: transfer.id, reason: NACK_FULL, text: "full" }));
      }
      backend.forget(refused);
      return taken.length;
    };
    // It takes three, and then nobody for a long time.
    rig.until(() => take(3 - backend.owned.length) > 0 && backend.owned.length === 3, "three of them");
    offered = 0;
    pass(rig, 10_000, () => take(0));
    assert.ok(offered < 10_000 / 320 + 8 + 2 * backend.window, `${offered} offers in ten seconds`);
    assert.ok(offered > 10, "there is a try now and then");
    if (says === "nothing") {
      // Each that it takes is followed by more: somebody who says nothing is full when it says so.
      let taken = 0;
      pass(rig, 10_000, () => taken += take(20 - taken));
      assert.equal(taken, 20);
      return;
    }
    // Two have ended: there is room for two, and no more are offered.
    for (const held of backend.owned.slice(0, 2)) backend.serve(held);
    offered = 0;
    backend.channel.say(encodeLoad(1));
    rig.until(() => take(2) > 0, "others in their place");
    rig.settle();
    take(0);
    assert.equal(offered, 2);
  });
}
