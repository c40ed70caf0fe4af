import assert from "node:assert/strict";
import { Reloader } from "../../src/control/processes/reloader.ts";

/** Reloader that last until the test says so. */
class Slow {
  readonly finish: (() => void)[] = [];
  readonly reloads = new Reloader(() => new Promise((resolve) => this.finish.push(resolve)));

  /** Ends the reload that was begun last, and lets what follows from that happen. */
  async end(): Promise<void> {
    this.finish.at(-1)!();
    // A macrotask: every promise has had its turn by then.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("Reloader runs one at once, and says so", () => {
  const { reloads, finish } = new Slow();
  assert.equal(reloads.request(), true);
  assert.equal(finish.length, 1);
});

Deno.test("Reloader lets one wait while one is under way, however often it is asked", async () => {
  const slow = new Slow();
  slow.reloads.request();
  for (let times = 0; times < 5; times++) assert.equal(slow.reloads.request(), false);
  assert.equal(slow.finish.length, 1, "not at the same time");
  await slow.end();
  assert.equal(slow.finish.length, 2, "once more");
  assert.equal(slow.reloads.request(), false);
  await slow.end();
  assert.equal(slow.finish.length, 3);
  await slow.end();
  assert.equal(slow.finish.length, 3, "and then no more");
});

Deno.test("Reloader starts afresh after the last one has ended", async () => {
  const slow = new Slow();
  slow.reloads.request();
  await slow.end();
  assert.equal(slow.reloads.request(), true);
  assert.equal(slow.finish.length, 2);
});
