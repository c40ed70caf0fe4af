/** No backend is there: connections wait for a while, and are refused properly after that. */

import assert from "node:assert/strict";
import { assertAllAnswered, describeLoad, startLoad, tell } from "../support/load.ts";
import { ENDLESS, type LoadResult } from "../support/load_plan.ts";
import {
  clientsOf,
  heldBy,
  kindsAtRest,
  readLog,
  startApplication,
  startWith,
  untilKinds,
} from "../support/lossless.ts";
import { TemporaryDirectory } from "../support/processes.ts";
import { pause, until } from "../support/waiting.ts";
import { startTwo } from "../support/two_backends.ts";

Deno.test("backends that are all away for a second under load lose nothing", async (t) => {
  await using two = await startTwo();
  const { directory, sockets, log, a, b, front } = two;
  const [before] = await kindsAtRest(front.pid);
  // Its listening sockets count as the port's too.
  const listeners = heldBy(front.pid, front.port);
  await using load = startLoad(front.port, { total: ENDLESS });
  // Their successors are there already, under other names, so that the absence lasts as long as it should.
  const waiting = [directory.join("next-a.sock"), directory.join("next-b.sock")] as const;
  await using _c = await startApplication(waiting[0], [], { log });
  await using _d = await startApplication(waiting[1], [], { log });
  await load.reaches(5_000);
  const endings = await Promise.all([a.stop(), b.stop()]);
  for (const { code, stderr } of endings) assert.equal(code, 0, stderr);
  const holds = () => clientsOf(front.pid, front.port);
  await until(() => holds().size === listeners + load.plan.concurrency, "the front to have all clients");
  const waitFor = holds();
  await pause(1_000);
  assert.deepEqual(holds(), waitFor, "nobody is served meanwhile");
  waiting.forEach((path, index) => Deno.renameSync(path, sockets[index]!));
  await load.reaches(load.finished + 5_000);
  await load.enough();
  const result = await load.result();
  await tell(t, describeLoad(result));
  assertAllAnswered(result);
  assert.ok(result.slowest >= 1_000, `${result.slowest} ms`);
  assert.deepEqual([...readLog(log)].filter(([, by]) => by.length > 1), []);
  await untilKinds(front.pid, before!);
});

/** Every client was refused with 503, told when to come again, and the connection ended in good order. */
function assertAllRefused(result: LoadResult): void {
  assert.equal(result.refused, result.total, JSON.stringify(result.unanswered.slice(0, 5)));
  assert.equal(result.retryAfter, result.total, "Retry-After");
}

Deno.test("backends that stay away are answered for with 503 at the deadline", async (t) => {
  using directory = new TemporaryDirectory();
  await using front = await startWith("front", {
    listen: ["127.0.0.1:0"],
    sites: [{ to: [`fd://${directory.join("a.sock")}`, `fd://${directory.join("b.sock")}`] }],
    queueTimeout: "500ms",
  });
  const [before] = await kindsAtRest(front.pid);
  // One alone first: what the front's clock counts from is its arrival, with nothing else to do at that moment.
  await using single = startLoad(front.port, { total: 1 });
  const alone = await single.result();
  assertAllRefused(alone);
  assert.ok(alone.refusalTimes[0]! >= 500, `after ${alone.refusalTimes[0]} ms`);
  await using load = startLoad(front.port, { total: 600, concurrency: 200 });
  const result = await load.result();
  const [first, last] = [Math.min(...result.refusalTimes), Math.max(...result.refusalTimes)];
  await tell(t, `${describeLoad(result)}; refused after ${first} to ${last} ms of 500`);
  assertAllRefused(result);
  await untilKinds(front.pid, before!);
});

Deno.test("more connections than may wait are answered with 503 at once, and the others get their backend", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("a.sock");
  await using front = await startWith("front", {
    listen: ["127.0.0.1:0"],
    sites: [{ to: `fd://${socket}` }],
    queueTimeout: "2m",
    maxQueue: 20,
  });
  const [before] = await kindsAtRest(front.pid);
  await using load = startLoad(front.port, { total: 100, concurrency: 100 });
  await load.reaches(80);
  await using _backend = await startApplication(socket);
  const result = await load.result();
  await tell(t, describeLoad(result));
  assert.deepEqual([result.refused, result.retryAfter, result.answered], [80, 80, 20]);
  // The channel has come, and nothing else.
  await untilKinds(front.pid, { ...before, socket: before!.socket! + 1 });
});
