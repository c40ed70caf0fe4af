/** Whoever lets others have a turn without a promise. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { createEventfd, EPOLLIN, signalEventfd, takeEventfd } from "../../ffi/mod.ts";
import { Course, othersTurn, type Steps } from "../../src/loop/course.ts";
import { Loop } from "../../src/loop/loop.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";

/** Goes on for so long as `count` turns, and says in `log` when it had one. */
function* long(loop: Loop, count: number, log: string[]): Steps<void> {
  for (let turn = 0; turn < count; turn++) {
    log.push("long");
    yield* othersTurn(loop);
  }
}

/** A source that is ready again `count` times, and then stops the loop. */
function insist(loop: Loop, held: Held, count: number, log: string[]): void {
  const fd = held.keep(createEventfd());
  loop.poller.add(fd, EPOLLIN, {
    ready() {
      takeEventfd(fd);
      log.push("source");
      if (--count > 0) signalEventfd(fd);
      else loop.stop();
    },
  });
  signalEventfd(fd);
}

for (
  const [name, run] of [
    ["runBlocking", (loop: Loop) => loop.runBlocking()],
    ["run", (loop: Loop) => loop.run()],
  ] as const
) {
  Deno.test(`Loop.${name}() serves its sources between any two turns of one that goes on for long`, () =>
    withoutLeaks(async () => {
      using held = new Held();
      const loop = new Loop();
      const log: string[] = [];
      insist(loop, held, 20, log);
      assert.notEqual(Course.begin(long(loop, 1_000, log)), undefined);
      await run(loop);
      loop.close();
      const text = log.join(" ");
      assert.ok(log.filter((who) => who === "source").length === 20, text);
      assert.ok(!text.includes("long long") && !text.includes("source source"), text);
    }));

  Deno.test(`Loop.${name}() does not sleep while somebody lets others go first, nor through it`, () =>
    withoutLeaks(async () => {
      const loop = new Loop();
      const log: string[] = [];
      const running = run(loop);
      // By now it sleeps on another thread, without an end.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      const course = Course.begin(long(loop, 100, log))!;
      await new Promise<void>((resolve) => course.whenOver(resolve, () => {}));
      assert.equal(log.length, 100);
      loop.stop();
      await running;
      loop.close();
    }));
}
