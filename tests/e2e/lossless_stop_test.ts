/** A backend that is stopped under load and wakes up late: nothing is lost, nothing is answered twice. */

import assert from "node:assert/strict";
import { assertAllAnswered, describeLoad, startLoad, tell } from "../support/load.ts";
import { ENDLESS } from "../support/load_plan.ts";
import { anyQueued, found, heldBy, kindsAtRest, readLog, untilKinds } from "../support/lossless.ts";
import { untilStopped } from "../support/proc.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import { startTwo } from "../support/two_backends.ts";

const ACKNOWLEDGE = 300;
/** Bytes of content. */
const SIZE = 2_000;

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

Deno.test("a backend that is stopped under load and goes on later", async (t) => {
  await using two = await startTwo({ acknowledgeTimeout: `${ACKNOWLEDGE}ms` });
  const { log, a, b, front } = two;
  const processes = [a.pid, b.pid, front.pid];
  const before = await kindsAtRest(...processes);
  // Its listening sockets count as the port's too.
  const listeners = heldBy(front.pid, front.port);

  await using load = startLoad(front.port, { total: ENDLESS, path: "/?wait=5", slow: 200 });
  await load.reaches(2_000);
  a.signal("SIGSTOP");
  const stopped = performance.now();
  await load.reaches(load.finished + 6_000);
  // Until the front has given up the channel to the stopped one, and holds no client any more: everything that had not
  // been acknowledged is the other one's by then. What had been is the stopped one's, and waits for it.
  await until(() => /backend a lost/.test(front.stderr), "the front to give up the stopped one");
  await load.enough();
  await until(
    () => !anyQueued(front.port) && heldBy(front.pid, front.port) === listeners,
    "the front to have handed over everything",
  );
  const lasted = performance.now() - stopped;
  a.signal("SIGCONT");
  const result = await load.result();

  assertAllAnswered(result);
  const begun = readLog(log);
  assert.equal(begun.size, result.total);
  assert.deepEqual([...begun].filter(([, by]) => by.length > 1), [], "no request is begun twice");
  // A slow answer is one that had been acknowledged before the stop, or one that went to the other at the deadline.
  const taken = result.slow.filter(([, , by]) => by === a.pid);
  const moved = result.slow.filter(([, , by]) => by === b.pid);
  await tell(
    t,
    `SIGSTOP for ${Math.round(lasted)} ms: ${
      describeLoad(result)
    }; ${moved.length} connections went to the other ` +
      `backend within ${
        Math.max(...moved.map(([, took]) => took))
      } ms, ${taken.length} had been acknowledged`,
  );
  assert.ok(moved.length > 0, "some hand-offs were not acknowledged");

  await t.step("leaves no descriptor in any process", async () => {
    await found(front, "a", 2);
    for (const [index, pid] of processes.entries()) await untilKinds(pid, before[index]!);
  });

  await t.step("touches nothing that it was offered before and did not acknowledge", async (t) => {
    // Content that is still to come is what a second owner would take away from the first.
    const clients: RawClient[] = [];
    using stack = new DisposableStack();
    const half = "x".repeat(SIZE / 2);
    await until(() => heldBy(b.pid, front.port) === 0, "the second backend to have nothing");
    const times = count(a.stderr, /left: /g);
    a.signal("SIGSTOP");
    await untilStopped(a.pid);
    while (clients.length < 40) {
      const client = stack.use(await RawClient.connect(front.port));
      const head = `POST /?id=${
        20_001 + clients.length
      } HTTP/1.1\r\nHost: test\r\nContent-Length: ${SIZE}\r\n`;
      await client.write(`${head}Connection: close\r\n\r\n${half}`);
      clients.push(client);
    }
    await until(() => heldBy(b.pid, front.port) === clients.length, "the other backend to have them all");
    a.signal("SIGCONT");
    await until(() => count(a.stderr, /left: /g) > times, "it to find out that its channel has ended");
    let right = 0;
    for (const [index, client] of clients.entries()) {
      await client.write(half);
      const { status, text } = await client.response();
      await client.assertEnded();
      const expected = `${20_001 + index} ${b.pid} front:${front.pid}.1 ${SIZE}`;
      if (status === 200 && text === expected) right++;
    }
    await tell(
      t,
      `${clients.length} half-sent requests, half of them offered to the stopped one: ${right} right answers`,
    );
    assert.equal(right, clients.length);
    for (const [index, pid] of processes.entries()) await untilKinds(pid, before[index]!);
  });

  await t.step("is used again afterwards", async () => {
    await using again = startLoad(front.port, { total: 1_000, firstId: 30_001 });
    const second = await again.result();
    assertAllAnswered(second);
    assert.deepEqual(Object.keys(second.processes).map(Number).sort(), [a.pid, b.pid].sort());
  });
});
