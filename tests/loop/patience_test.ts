/** A loop beside promises that blocks its thread for a while: when it may, and what has its turn before. */

import assert from "node:assert/strict";
import { createEventfd, type Descriptor, EPOLLIN, signalEventfd, takeEventfd } from "../../ffi/mod.ts";
import { Loop } from "../../src/loop/loop.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";

/** An eventfd in a loop, and what happens when it is signalled. */
function watch(loop: Loop, held: Held, then: () => void): Descriptor {
  const fd = held.keep(createEventfd());
  loop.poller.add(fd, EPOLLIN, {
    ready() {
      takeEventfd(fd);
      then();
    },
  });
  return fd;
}

Deno.test("Loop.run() blocks for a moment behind an event where only its sources bring work, and sleeps when nothing comes", () =>
  withoutLeaks(async () => {
    using held = new Held();
    // By a clock that stands still every sleep was short: what comes, comes close together.
    const loop = new Loop(() => 0);
    const { poller } = loop;
    const timeouts: number[] = [];
    const wait = poller.wait.bind(poller), elsewhere = poller.waitElsewhere.bind(poller);
    let sleeps = 0;
    poller.wait = (timeout) => {
      timeouts.push(timeout);
      return wait(timeout);
    };
    poller.waitElsewhere = (timeout) => {
      // Timers have their turn while it sleeps.
      if (++sleeps > 3) loop.stop();
      else setTimeout(() => signalEventfd(source));
      return elsewhere(timeout);
    };
    let told = 0;
    const source = watch(loop, held, () => told++);
    let asked = 0;
    await loop.run(() => {
      asked++;
      return 1;
    });
    loop.close();
    assert.equal(told, 3);
    // Asked only where events come close together, and blocked for once behind each of them.
    assert.ok(asked >= 3);
    assert.deepEqual(timeouts.filter((timeout) => timeout !== 0), [1, 1, 1]);
  }));

Deno.test("Loop.run() does not block while somebody waits for what none of its sources brings", () =>
  withoutLeaks(async () => {
    using held = new Held();
    // By a clock that hardly goes on every sleep was short: what comes, comes close together.
    let now = 0;
    const loop = new Loop(() => now += 0.01);
    const { poller } = loop;
    const wait = poller.wait.bind(poller), elsewhere = poller.waitElsewhere.bind(poller);
    const timeouts: number[] = [];
    poller.wait = (timeout) => {
      timeouts.push(timeout);
      return wait(timeout);
    };
    let sleeps = 0;
    poller.waitElsewhere = (timeout) => {
      if (++sleeps > 4) loop.stop();
      else setTimeout(() => signalEventfd(source));
      return elsewhere(timeout);
    };
    const work = Promise.withResolvers<string>();
    const answer = loop.elsewhere(work.promise);
    const blocked: boolean[] = [];
    const source = watch(loop, held, () => {
      blocked.push(timeouts.some((timeout) => timeout > 0));
      if (blocked.length === 2) work.resolve("done");
    });
    await loop.run(() => 1);
    loop.close();
    assert.equal(await answer, "done");
    // Behind the first two events somebody waits; it blocks behind the second, when nobody does any more.
    assert.deepEqual(blocked, [false, false, true, true]);
  }));

Deno.test("Loop.run() lets promises that a source has settled go on before it blocks", () =>
  withoutLeaks(async () => {
    using held = new Held();
    const loop = new Loop(() => 0);
    const { poller } = loop;
    const wait = poller.wait.bind(poller), elsewhere = poller.waitElsewhere.bind(poller);
    let owed = 0, blocked = 0, sleeps = 0;
    poller.wait = (timeout) => {
      if (timeout > 0) blocked++;
      if (timeout > 0) assert.equal(owed, 0);
      return wait(timeout);
    };
    poller.waitElsewhere = (timeout) => {
      if (++sleeps > 3) loop.stop();
      else setTimeout(() => signalEventfd(source));
      return elsewhere(timeout);
    };
    const source = watch(loop, held, () => {
      owed++;
      void Promise.resolve().then(() => Promise.resolve()).then(() => owed--);
    });
    await loop.run(() => 1);
    loop.close();
    assert.equal(blocked, 3);
  }));

Deno.test("Loop.elsewhere() passes failures on", () =>
  withoutLeaks(async () => {
    const loop = new Loop();
    await assert.rejects(loop.elsewhere(Promise.reject(new Error("lost"))), /lost/);
    loop.close();
  }));
