/** Which of several backends a connection goes to: by weight, by load, by client. */

import assert from "node:assert/strict";
import { assertAllAnswered, describeLoad, type LoadResult, startLoad, tell } from "../support/load.ts";
import { found, heldBy, startApplication, startWith } from "../support/lossless.ts";
import { TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

/** What part of the answers a process has given. */
function share(result: LoadResult, pid: number): number {
  return (result.processes[pid] ?? 0) / result.total;
}

Deno.test("backends get connections by their weight", async (t) => {
  using directory = new TemporaryDirectory();
  await using heavy = await startApplication(directory.join("heavy.sock"));
  await using light = await startApplication(directory.join("light.sock"));
  await using front = await startWith("front", {
    listen: ["127.0.0.1:0"],
    sites: [{ to: ["heavy", "light"] }],
    backends: {
      heavy: { socket: directory.join("heavy.sock"), weight: 3 },
      light: { socket: directory.join("light.sock") },
    },
  });
  await found(front, "heavy");
  await found(front, "light");

  // Both are idle each time: they take turns, in proportion.
  await using load = startLoad(front.port, { total: 400, concurrency: 1 });
  const result = await load.result();
  assertAllAnswered(result);
  const idle = share(result, heavy.pid);
  await tell(t, `weights 3 and 1, one at a time: ${describeLoad(result)}; the share of the first ${idle}`);
  // As far as the front knows: of what has ended it hears a moment later.
  assert.ok(idle > 0.6 && idle < 0.9, `${idle}`);

  // Each holds a number of connections in proportion to its weight.
  using stack = new DisposableStack();
  for (let count = 1; count <= 40; count++) {
    const client = stack.use(await RawClient.connect(front.port));
    await client.write(`GET /?id=${count}&wait=1000000 HTTP/1.1\r\nHost: test\r\n\r\n`);
    const held = () => heldBy(heavy.pid, front.port) + heldBy(light.pid, front.port);
    await until(() => held() === count, `${count} connections to be held`);
  }
  const most = heldBy(heavy.pid, front.port);
  await tell(t, `weights 3 and 1, 40 held: ${most} by the first`);
  // A front hears of what a backend holds a moment later.
  assert.ok(most >= 27 && most <= 33, `${most}`);
});

Deno.test("clients of a sticky route keep their process", async (t) => {
  using directory = new TemporaryDirectory();
  const names = ["a", "b", "c"] as const;
  await using stack = new AsyncDisposableStack();
  const processes = await Promise.all(names.map((name) => startApplication(directory.join(`${name}.sock`))));
  for (const process of processes) stack.use(process);
  await using front = await startWith("front", {
    listen: ["127.0.0.1:0"],
    sites: [{ routes: [{ path: "/", to: [...names], sticky: true }] }],
    backends: Object.fromEntries(names.map((name, index) => [name, {
      socket: directory.join(`${name}.sock`),
      weight: [2, 1, 1][index]!,
    }])),
  });
  for (const name of names) await found(front, name);
  const sources = Array.from({ length: 240 }, (_, index) => `127.0.${1 + (index >> 6)}.${1 + (index & 63)}`);
  const homes = async (firstId: number) => {
    await using load = startLoad(front.port, {
      total: 5 * sources.length,
      concurrency: 40,
      sources,
      firstId,
    });
    const result = await load.result();
    assertAllAnswered(result);
    const home = new Map<string, number>();
    for (const source of sources) {
      const pids = Object.keys(result.bySource[source]!);
      assert.equal(pids.length, 1, `${source} was served by ${pids}`);
      home.set(source, Number(pids[0]));
    }
    return home;
  };
  const count = (home: ReadonlyMap<string, number>, pid: number) =>
    [...home.values()].filter((other) => other === pid).length;

  const first = await homes(1);
  const counts = processes.map(({ pid }) => count(first, pid));
  await tell(t, `${sources.length} clients, weights 2, 1 and 1: ${counts.join(", ")}`);
  // By chance, as process numbers have it: five standard deviations on either side.
  assert.ok(counts[0]! >= 81 && counts[0]! <= 159, `${counts}`);
  assert.ok(counts[1]! >= 26 && counts[2]! >= 26, `${counts}`);
  assert.deepEqual(await homes(10_001), first, "the same again");

  const [, gone] = processes;
  await gone!.stop();
  const second = await homes(20_001);
  let moved = 0;
  for (const [source, pid] of first) {
    if (pid === gone!.pid) moved++;
    else assert.equal(second.get(source), pid, `${source} has moved without need`);
  }
  await tell(t, `one process ends: ${moved} clients move, the other ${sources.length - moved} stay`);
  assert.equal(count(second, gone!.pid), 0);
});
