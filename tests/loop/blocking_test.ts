import assert from "node:assert/strict";
import { Timed } from "../../src/loop/deadlines.ts";
import { Loop } from "../../src/loop/loop.ts";
import { withoutLeaks } from "../support/descriptors.ts";

Deno.test("a loop that blocks its thread serves deadlines, lets promises have their turn, and ends when it is told to", async () => {
  await withoutLeaks(async () => {
    const loop = new Loop();
    const seen: string[] = [];
    const list = loop.deadlines.list(1);
    class Node extends Timed {
      override expire(): void {
        seen.push("deadline");
      }
    }
    list.start(new Node());
    setTimeout(() => {
      seen.push("timer");
      // Started while the loop sleeps.
      list.start(new Node());
      setTimeout(() => loop.stop(), 30);
    }, 30);
    await loop.runBlocking();
    assert.deepEqual(seen, ["deadline", "timer", "deadline"]);
    loop.close();
  });
});
