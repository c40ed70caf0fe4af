/** Which of several backends a connection goes to: by weight, by load, by client. */

import assert from "node:assert/strict";
import { assertAllAnswered, startLoad, tell } from "../support/load.ts";
import { found, startApplication, startWith, whileStopped } from "../support/lossless.ts";
import { atRest } from "../support/proc.ts";
import { TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

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
  // Each holds a number of connections in proportion to its weight.
  const busy = await whileStopped(front, [heavy.pid, light.pid], 120);
  assertAllAnswered(busy);
  await tell(t, `120 at a time, weights 3 and 1: ${busy.processes[heavy.pid]}, ${busy.processes[light.pid]}`);
  assert.deepEqual(busy.processes, { [heavy.pid]: 90, [light.pid]: 30 });
  // Both are idle each time, and the front knows: they take turns, in proportion.
  const turns: Record<string, number> = {};
  for (let id = 1; id <= 40; id++) {
    await atRest([heavy.pid, light.pid, front.pid], () => 0);
    const [, process] = (await get(front.port, `/?id=${id}`)).text.split(" ");
    turns[process!] = (turns[process!] ?? 0) + 1;
  }
  await tell(t, `1 at a time, weights 3 and 1: ${turns[heavy.pid]}, ${turns[light.pid]}`);
  assert.deepEqual(turns, { [heavy.pid]: 30, [light.pid]: 10 });
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
  const sources = Array.from({ length: 480 }, (_, index) => `127.0.${1 + (index >> 6)}.${1 + (index & 63)}`);
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
  assert.ok(counts[0]! > 180 && counts[0]! < 300, `${counts}`);
  assert.ok(counts[1]! > 70 && counts[2]! > 70, `${counts}`);
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
