/** Backends that are replaced under load: nobody notices. */

import assert from "node:assert/strict";
import { assertAllAnswered, describeLoad, startLoad, tell } from "../support/load.ts";
import { ENDLESS } from "../support/load_plan.ts";
import {
  childNamed,
  hasServed,
  kindsAtRest,
  readLog,
  startApplication,
  startWith,
  untilKinds,
  whileStopped,
} from "../support/lossless.ts";
import { TemporaryDirectory } from "../support/processes.ts";
import { until } from "../support/waiting.ts";
import { startTwo, startTwoBelowUp } from "../support/two_backends.ts";

/** Processes that are replaced under one load. */
const RESTARTS = 8;

Deno.test("a rolling restart by SIGTERM under load loses nothing", async (t) => {
  await using two = await startTwoBelowUp();
  const { log, up, front } = two;
  const before = await kindsAtRest(front, up.pid);
  await using load = startLoad(up.port, { total: ENDLESS, path: "/?wait=5" });
  await load.reaches(500);
  for (let turn = 0; turn < RESTARTS; turn++) {
    const name = "ab"[turn % 2]!;
    const old = childNamed(up.pid, name)!;
    Deno.kill(old, "SIGTERM");
    // Not the front's word that it is found: people are not told of a backend that comes and goes several times a second.
    await until(
      () => [childNamed(up.pid, name)].some((pid) => pid !== undefined && pid !== old && hasServed(log, pid)),
      () => `a new process of ${name} to serve:\n${up.stderr}`,
    );
  }
  await load.reaches(load.finished + 1_000);
  await load.enough();
  const result = await load.result();
  await tell(t, `${RESTARTS} restarts: ${describeLoad(result)}`);
  assertAllAnswered(result);
  assert.equal(Object.keys(result.processes).length, 2 + RESTARTS, "each process has served");
  assert.deepEqual([...readLog(log)].filter(([, by]) => by.length > 1), []);
  for (const [index, pid] of [front, up.pid].entries()) await untilKinds(pid, before[index]!);
});

Deno.test("a new process that takes the path over before the old one ends loses nothing", async (t) => {
  await using two = await startTwo();
  const { sockets, log, front } = two;
  const running = [two.a, two.b];
  await using stack = new AsyncDisposableStack();
  const [before] = await kindsAtRest(front.pid);
  await using load = startLoad(front.port, { total: ENDLESS, path: "/?wait=5" });
  await load.reaches(500);
  for (let count = 0; count < RESTARTS; count++) {
    const turn = count % 2;
    const old = running[turn]!;
    const next = stack.use(await startApplication(sockets[turn]!, ["--take-over"], { log }));
    running[turn] = next;
    const { code, stderr } = await old.stop();
    assert.equal(code, 0, stderr);
    await next.message(/front \d+\.1 connected/);
  }
  await load.reaches(load.finished + 1_000);
  await load.enough();
  const result = await load.result();
  await tell(t, `${RESTARTS} processes replaced: ${describeLoad(result)}`);
  assertAllAnswered(result);
  assert.equal(Object.keys(result.processes).length, 2 + RESTARTS, "each process has served");
  assert.deepEqual([...readLog(log)].filter(([, by]) => by.length > 1), []);
  await untilKinds(front.pid, before!);
});

Deno.test("several processes behind one path", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using backend = await startApplication(socket, ["--workers", "3"], { permissions: ["--allow-all"] });
  await using front = await startWith("front", {
    listen: ["127.0.0.1:0"],
    sites: [{ to: `fd://${socket}` }],
  }, ["--workers", "2"]);
  const workers = () => [1, 2, 3].map((number) => childNamed(backend.pid, `app.${number}`));
  const connected = (times: number) =>
    until(
      () => (backend.stderr.match(/ front \d+\.\d connected/g)?.length ?? 0) >= times,
      () => `${times} channels:\n${backend.stderr}`,
    );
  await connected(6);

  const shares = async (firstId: number) => {
    await using load = startLoad(front.port, { total: 4_000, firstId });
    assertAllAnswered(await load.result());
    const result = await whileStopped(front, workers().map((pid) => pid!), 240, { firstId: firstId + 5_000 });
    assertAllAnswered(result);
    const text: string[] = [];
    for (const number of [1, 2]) {
      const of = workers().map((pid) => result.pairs[`front:${front.pid}.${number}>${pid}`] ?? 0);
      const sum = of.reduce((left, right) => left + right);
      // The kernel gives each of them its clients, by their ports.
      assert.ok(sum > 60, `front worker ${number} has handed over ${sum}`);
      for (const share of of) assert.ok(Math.abs(share - sum / 3) <= 1, `${of}`);
      text.push(of.join(", "));
    }
    return `${describeLoad(result)}; shares of the workers ${
      text.join(" from one front worker, ")
    } from the other`;
  };
  const [before] = await kindsAtRest(front.pid);
  await tell(t, await shares(1));

  await t.step("a worker that is killed under load is replaced", async (t) => {
    await using load = startLoad(front.port, { total: 5_000, firstId: 10_001, path: "/?wait=20" });
    await load.reaches(1_000);
    const [, victim] = workers();
    Deno.kill(victim!, "SIGKILL");
    await connected(8);
    const result = await load.result();
    await tell(t, describeLoad(result));
    // What it had acknowledged has gone with it; the others were not even slowed down.
    assert.ok(result.closed + result.reset <= 64, "no more than there were connections");
    assert.equal(result.answered + result.closed + result.reset, result.total);
    assert.ok(!workers().includes(victim) && !workers().includes(undefined));
  });

  await t.step("and the new one gets its share", async (t) => {
    await tell(t, await shares(20_001));
    await untilKinds(front.pid, before!);
  });

  await t.step("they are replaced under load, new ones first, without a loss", async (t) => {
    await using next = await startApplication(socket, ["--workers", "3", "--take-over"], {
      permissions: ["--allow-all"],
    });
    await using load = startLoad(front.port, { total: ENDLESS, firstId: 30_001, path: "/?wait=5" });
    await load.reaches(1_000);
    const { code, stderr } = await backend.stop();
    assert.equal(code, 0, stderr);
    await load.reaches(load.finished + 1_000);
    await load.enough();
    const result = await load.result();
    await tell(t, describeLoad(result));
    assertAllAnswered(result);
    assert.equal(Object.keys(result.processes).length, 6, "three old ones and three new ones have served");
    await untilKinds(front.pid, before!);
    await next.stopCleanly();
  });
});
