import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { createEventfd, EPOLLIN, signalEventfd } from "../../ffi/mod.ts";
import { Timed } from "../../src/loop/deadlines.ts";
import { Loop } from "../../src/loop/loop.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";

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

Deno.test("a loop that blocks its thread gives promises their turn while sources bring them on, and none otherwise", async () => {
  await withoutLeaks(async () => {
    using held = new Held();
    const loop = new Loop(() => 0);
    const fd = held.keep(createEventfd());
    const { poller } = loop;
    const wait = poller.wait.bind(poller);
    let owed = 0, most = 0, turns = 0, turned = 0;
    let counts = true;
    const count = () =>
      void setImmediate(() => {
        turns++;
        if (counts) count();
      });
    poller.wait = (timeout) => {
      most = Math.max(most, owed);
      return wait(timeout);
    };
    let told = 0;
    poller.add(fd, EPOLLIN, {
      ready() {
        if (++told === 50) turned = turns;
        if (told > 50) {
          owed++;
          loop.beside(Promise.resolve().then(() => {}).then(() => {}), () => owed--, () => {});
        }
        if (told === 100) loop.stop();
      },
    });
    signalEventfd(fd);
    count();
    await loop.runBlocking();
    poller.remove(fd);
    assert.equal(most, 0);
    assert.ok(turned <= 1, `${turned} turns beside events that no promise goes on with`);
    assert.ok(turns > 40, `${turns} turns beside promises`);
    counts = false;
    await new Promise((resolve) => setImmediate(resolve));
    loop.close();
  });
});
