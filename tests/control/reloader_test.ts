import assert from "node:assert/strict";
import { type ControlAnswer, DONE } from "../../src/protocol/control.ts";
import { Reloader } from "../../src/control/processes/reloader.ts";

/** Reloader that last until the test says so. */
class Slow {
  readonly finish: (() => void)[] = [];
  /** Each answers with its number, from 1 on. */
  readonly reloads = new Reloader(() => {
    const { promise, resolve } = Promise.withResolvers<ControlAnswer>();
    const text = String(this.finish.push(() => resolve({ code: DONE, text })));
    return promise;
  });

  /** Ends the reload that was begun last, and lets what follows from that happen. */
  async end(): Promise<void> {
    this.finish.at(-1)!();
    // A macrotask: every promise has had its turn by then.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("Reloader runs one at once, and says so", () => {
  const { reloads, finish } = new Slow();
  assert.equal(reloads.busy, false);
  void reloads.request();
  assert.equal(reloads.busy, true);
  assert.equal(finish.length, 1);
});

Deno.test("Reloader lets one wait while one is under way, however often it is asked", async () => {
  const slow = new Slow();
  void slow.reloads.request();
  for (let times = 0; times < 5; times++) void slow.reloads.request();
  assert.equal(slow.finish.length, 1, "not at the same time");
  await slow.end();
  assert.equal(slow.finish.length, 2, "once more");
  void slow.reloads.request();
  await slow.end();
  assert.equal(slow.finish.length, 3);
  await slow.end();
  assert.equal(slow.finish.length, 3, "and then no more");
});

Deno.test("Reloader starts afresh after the last one has ended", async () => {
  const slow = new Slow();
  void slow.reloads.request();
  await slow.end();
  assert.equal(slow.reloads.busy, false);
  void slow.reloads.request();
  assert.equal(slow.finish.length, 2);
});

Deno.test("Reloader answers with what became of a reload that began after it was asked for", async () => {
  const slow = new Slow();
  const answers = [slow.reloads.request(), slow.reloads.request(), slow.reloads.request()];
  await slow.end();
  await slow.end();
  assert.deepEqual((await Promise.all(answers)).map(({ text }) => text), ["1", "2", "2"]);
});

Deno.test("Reloader lets many in a row wait ever longer, and is as quick as ever after a quiet time", async () => {
  let now = 0;
  const pauses: number[] = [];
  let begun = 0;
  const reloader = new Reloader(() => {
    begun++;
    return Promise.resolve({ code: DONE, text: "" });
  }, {
    now: () => now,
    pause: (milliseconds) => {
      pauses.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
  });
  for (let times = 0; times < 12; times++) await reloader.request();
  assert.deepEqual(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  assert.equal(begun, 12);
  now += 11_000;
  await reloader.request();
  assert.equal(pauses.length, 9);
});

Deno.test("Reloader says whether one waits", async () => {
  const slow = new Slow();
  void slow.reloads.request();
  assert.equal(slow.reloads.waiting, false);
  void slow.reloads.request();
  assert.equal(slow.reloads.waiting, true);
  await slow.end();
  assert.equal(slow.reloads.waiting, false);
  await slow.end();
});
