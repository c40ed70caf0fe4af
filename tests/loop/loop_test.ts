import assert from "node:assert/strict";
import { adopt, createEventfd, type Descriptor, EPOLLIN, signalEventfd, takeEventfd } from "../../ffi/mod.ts";
import { Timed } from "../../src/loop/deadlines.ts";
import { Loop } from "../../src/loop/loop.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";
import { PATIENCE, pause } from "../support/waiting.ts";

/** Far beyond what a busy machine needs, far below what would pass for a hang. */
const AGES = 60_000;

class Call extends Timed {
  constructor(override readonly expire: () => void) {
    super();
  }
}

/** Runs a loop until something stops it; if that does not happen, the test fails instead of hanging. */
async function run(loop: Loop): Promise<void> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    loop.stop();
  }, PATIENCE);
  await loop.run();
  clearTimeout(timer);
  assert.ok(!late, "nothing has stopped the loop");
}

/** A test with a loop of its own that leaves no descriptor open. */
function test(name: string, body: (loop: Loop, held: Held) => void | Promise<void>): void {
  Deno.test(name, () =>
    withoutLeaks(async () => {
      using held = new Held();
      const loop = new Loop();
      await body(loop, held);
      loop.close();
    }));
}

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

// --- blocking -------------------------------------------------------------------------------------------------------

test("Loop.runUntilWoken() returns when it is woken, and at once until that has been taken", (loop) => {
  loop.wake();
  loop.wake();
  loop.runUntilWoken();
  loop.runUntilWoken();
  assert.equal(loop.takeWoken(), 2);
  assert.equal(loop.takeWoken(), 0);
});

test("Loop.runUntilWoken() serves deadlines in order while it waits", (loop) => {
  const log: string[] = [];
  const short = loop.deadlines.list(1);
  const long = loop.deadlines.list(3);
  long.start(
    new Call(() => {
      log.push("long");
      loop.wake();
    }),
    loop.now,
  );
  const again: Call = new Call(() => {
    log.push("short");
    if (log.length < 2) short.start(again, loop.now);
  });
  short.start(again, loop.now);
  const start = loop.now;
  loop.runUntilWoken();
  assert.ok(loop.now - start >= 3);
  assert.equal(log.at(-1), "long");
  assert.ok(log.length >= 2 && log.indexOf("long") === log.length - 1);
});

Deno.test("Loop.runUntilWoken() blocks another thread until this one wakes it, and serves meanwhile", () =>
  withoutLeaks(async () => {
    using held = new Held();
    const source = held.keep(createEventfd());
    const worker = new Worker(new URL("./fixtures/blocked_worker.ts", import.meta.url), { type: "module" });
    const messages: unknown[] = [];
    let arrived = () => {};
    worker.onmessage = ({ data }) => {
      messages.push(data);
      arrived();
    };
    const next = async () => {
      while (messages.length === 0) await new Promise<void>((resolve) => arrived = resolve);
      return messages.shift();
    };
    assert.equal(await next(), "ready");
    worker.postMessage({ source });
    const { wake } = await next() as { wake: number };
    await pause(30);
    signalEventfd(source);
    assert.equal(await next(), "served");
    signalEventfd(source);
    assert.equal(await next(), "served");
    signalEventfd(adopt(wake));
    const first = await next() as { served: number; servedAfter: number; woken: number };
    assert.deepEqual([first.served, first.woken], [2, 1]);
    // Its clock has not stood still while it slept.
    assert.ok(first.servedAfter >= 30);
    // It goes on when it is run again, and counts anew.
    worker.postMessage({});
    await next();
    signalEventfd(source);
    assert.equal(await next(), "served");
    signalEventfd(adopt(wake));
    const second = await next() as { served: number; woken: number };
    assert.deepEqual([second.served, second.woken], [3, 1]);
    worker.postMessage("end");
    assert.equal(await next(), "ended");
    worker.terminate();
  }, { workers: true }));

// --- beside promises ------------------------------------------------------------------------------------------------

test("Loop.run() lets timers go on while it sleeps, and ends when it is stopped", async (loop) => {
  let ticks = 0;
  const timer = setInterval(() => {
    if (++ticks === 3) loop.stop();
  }, 1); // it may tick once more before the sleeping thread is back
  await run(loop);
  clearInterval(timer);
  assert.ok(ticks >= 3);
});

test(
  "Loop.run() tells a source of what comes while it sleeps, by the time after the sleep",
  async (loop, held) => {
    let signalled = Infinity;
    let seen = 0;
    const fd = watch(loop, held, () => {
      seen = loop.now;
      loop.stop();
    });
    setTimeout(() => {
      signalled = performance.now();
      signalEventfd(fd);
    }, 10);
    await run(loop);
    assert.ok(seen >= signalled);
  },
);

test(
  "Loop.run() does not let a deadline pass that an event has just started, however long the sleep was",
  async (loop, held) => {
    const list = loop.deadlines.list(15);
    let started = 0;
    const fd = watch(loop, held, () => {
      started = loop.now;
      list.start(new Call(() => loop.stop()), started);
    });
    setTimeout(() => signalEventfd(fd), 30);
    await run(loop);
    assert.ok(performance.now() - started >= 15);
  },
);

test("Loop.run() keeps a deadline that a promise starts while it sleeps for longer", async (loop) => {
  const ages = new Call(() => assert.fail("the later deadline has passed"));
  loop.deadlines.list(AGES).start(ages, loop.now);
  const short = loop.deadlines.list(5);
  setTimeout(() => short.start(new Call(() => loop.stop()), performance.now()), 5);
  const start = performance.now();
  await run(loop);
  assert.ok(performance.now() - start < AGES / 2);
  ages.stopDeadline();
});

test("Loop.run() keeps a deadline that a promise starts in front of others of its list", async (loop) => {
  const list = loop.deadlines.list(AGES);
  list.start(new Call(() => assert.fail("the later deadline has passed")), loop.now);
  setTimeout(() => list.startUntil(new Call(() => loop.stop()), performance.now() + 5), 5);
  const start = performance.now();
  await run(loop);
  assert.ok(performance.now() - start < AGES / 2);
});

test("Loop.run() keeps a deadline that a promise starts while it sleeps without end", async (loop) => {
  const list = loop.deadlines.list(5);
  setTimeout(() => list.start(new Call(() => loop.stop()), performance.now()), 5);
  await run(loop);
});

test(
  "Loop.run() gives promises, timers and deadlines their turn beside a source that is always ready",
  async (loop, held) => {
    const fd = held.keep(createEventfd());
    signalEventfd(fd);
    let told = 0;
    loop.poller.add(fd, EPOLLIN, { ready: () => told++ });
    const done = new Set<string>();
    const finish = (what: string) => {
      if (done.add(what).size === 3) loop.stop();
    };
    setTimeout(() => finish("timer"), 1);
    void Promise.resolve().then(() => finish("promise"));
    loop.deadlines.list(3).start(new Call(() => finish("deadline")), loop.now);
    await run(loop);
    assert.ok(told > 0);
  },
);

test("Loop.run() can be stopped by a source, by a deadline and before it begins", async (loop, held) => {
  signalEventfd(watch(loop, held, () => loop.stop()));
  await run(loop);
  const second = new Loop();
  second.deadlines.list(1).start(new Call(() => second.stop()), second.now);
  await run(second);
  second.close();
  const third = new Loop();
  third.stop();
  await run(third);
  third.close();
});

test("Loop.run() refuses to run twice at a time", async (loop) => {
  const running = loop.run();
  await assert.rejects(loop.run(), { message: "Cannot run a loop twice at a time" });
  loop.stop();
  await running;
});
