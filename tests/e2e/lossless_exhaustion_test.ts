/** Too few descriptors, in the front or in a backend: it takes longer, and nothing is lost. */

import assert from "node:assert/strict";
import { assertAllAnswered, describeLoad, startLoad, tell } from "../support/load.ts";
import {
  found,
  kindsAtRest,
  openKinds,
  startApplication,
  startWith,
  untilKinds,
  whileStopped,
} from "../support/lossless.ts";
import { named, noLimits } from "../support/other_user.ts";
import { TemporaryDirectory } from "../support/processes.ts";
import { signalAll } from "../support/proc.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const EXHAUSTED = /out of descriptors: accepting nothing/g;
const FREE = /descriptors are free again/g;
const REFUSED = /out of descriptors: a hand-off was refused/g;

function times(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

Deno.test({
  ...named("a front without descriptors", noLimits),
  async fn(t) {
    using directory = new TemporaryDirectory();
    const socket = directory.join("app.sock");
    await using backend = await startApplication(socket);
    await using front = await startWith(
      "front",
      { listen: ["127.0.0.1:0"], sites: [{ to: `fd://${socket}` }] },
      [],
      { through: ["prlimit", "--nofile=64:64"] },
    );
    await found(front, "app");
    const before = await kindsAtRest(front.pid, backend.pid);

    await t.step("lets silent clients go for those who ask, and says whose they were", async (t) => {
      const silent: RawClient[] = [];
      for (let count = 0; count < 200; count++) silent.push(await RawClient.connect(front.port));
      await using load = startLoad(front.port, { total: 100, concurrency: 100 });
      const result = await load.result();
      await tell(t, describeLoad(result));
      assertAllAnswered(result);
      await front.message(/few descriptors are left: closed \d+ silent connections of 127\.0\.0\.1/);
      for (const client of silent) client.close();
    });

    await t.step("accepts nothing while all of them have asked, says so once, and goes on", async (t) => {
      const told = times(front.stderr, EXHAUSTED);
      signalAll([backend.pid], "SIGSTOP");
      await using load = startLoad(front.port, { total: 100, concurrency: 100, firstId: 501 });
      try {
        // All of them come now, so that there is one shortage, and one end of it. Where the one that silent clients made
        // is not over yet, it is the same.
        await until(() => (openKinds(load.pid).socket ?? 0) >= 100, "the clients to connect");
        await until(() => times(front.stderr, EXHAUSTED) > times(front.stderr, FREE), "the front to say so");
        assert.equal(load.finished, 0);
      } finally {
        signalAll([backend.pid], "SIGCONT");
      }
      const result = await load.result();
      await tell(t, describeLoad(result));
      assertAllAnswered(result);
      const over = () => times(front.stderr, FREE) === times(front.stderr, EXHAUSTED);
      await until(over, "the front to say that it is over");
      assert.ok(times(front.stderr, EXHAUSTED) <= told + 1, front.stderr);
    });

    await t.step("serves more clients at a time than it has descriptors for", async (t) => {
      await using load = startLoad(front.port, { total: 3_000, concurrency: 200, firstId: 1_001 });
      const result = await load.result();
      await tell(t, `${describeLoad(result)}; told ${times(front.stderr, EXHAUSTED)} times in all`);
      assertAllAnswered(result);
      assert.ok(times(front.stderr, EXHAUSTED) <= 1 + Math.ceil(result.seconds), front.stderr);
    });

    for (const [index, pid] of [front.pid, backend.pid].entries()) await untilKinds(pid, before[index]!);
  },
});

Deno.test({
  ...named("a backend without descriptors", noLimits),
  async fn(t) {
    using directory = new TemporaryDirectory();
    const sockets = [directory.join("small.sock"), directory.join("large.sock")] as const;
    await using small = await startApplication(sockets[0], [], { through: ["prlimit", "--nofile=48:48"] });
    await using front = await startWith("front", {
      listen: ["127.0.0.1:0"],
      sites: [
        { names: "alone", to: `fd://${sockets[0]}` },
        { names: "both", to: [`fd://${sockets[0]}`, `fd://${sockets[1]}`] },
      ],
    });
    await found(front, "small");
    const before = await kindsAtRest(front.pid, small.pid);

    await t.step("refuses hand-offs as full, and the connections wait for it", async (t) => {
      await using load = startLoad(front.port, {
        total: 600,
        concurrency: 150,
        path: "/?wait=50",
        host: "alone",
      });
      const result = await load.result();
      await tell(t, `${describeLoad(result)}; told ${times(small.stderr, REFUSED)} times`);
      assertAllAnswered(result);
      await small.message(new RegExp(REFUSED.source));
      assert.ok(times(small.stderr, REFUSED) <= 1 + Math.ceil(result.seconds), small.stderr);
      for (const [index, pid] of [front.pid, small.pid].entries()) await untilKinds(pid, before[index]!);
    });

    await t.step("leaves to the other one what it cannot take", async (t) => {
      await using large = await startApplication(sockets[1]);
      await found(front, "large");
      await using load = startLoad(front.port, {
        total: 1_500,
        concurrency: 150,
        path: "/?wait=50",
        host: "both",
        firstId: 1_001,
      });
      const result = await load.result();
      await tell(t, describeLoad(result));
      assertAllAnswered(result);
      // Each is offered half of these, and one cannot hold so many.
      const wave = await whileStopped(front, [small.pid, large.pid], 150, {
        path: "/?wait=500",
        host: "both",
        firstId: 10_001,
      });
      assertAllAnswered(wave);
      const [few, many] = [wave.processes[small.pid]!, wave.processes[large.pid]!];
      await tell(t, `of 150 at once ${few} by the small one, ${many} by the other`);
      assert.ok(few > 0 && many > few);
    });
  },
});
