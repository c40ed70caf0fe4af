/** Backends that are killed under load: the front hands what they had not acknowledged to another. */

import assert from "node:assert/strict";
import { describeLoad, startLoad, tell } from "../support/load.ts";
import { ENDLESS } from "../support/load_plan.ts";
import { childNamed, heldBy, kindsAtRest, readLog, untilKinds } from "../support/lossless.ts";
import { untilStopped } from "../support/proc.ts";
import { pause, until } from "../support/waiting.ts";
import { startTwoBelowUp } from "../support/two_backends.ts";

const EVERY = 300;
/** Processes that are killed. */
const KILLED = 8;

Deno.test("a backend that is killed every 300 ms costs only the connections that it had acknowledged", async (t) => {
  await using two = await startTwoBelowUp();
  const { log, up, front } = two;
  const before = await kindsAtRest(front, up.pid);

  const killed: number[] = [];
  let held = 0;
  await using load = startLoad(up.port, { total: ENDLESS, path: "/?wait=10", patience: 30_000 });
  await load.reaches(100);
  // One at a time: the supervisor lets a backend that keeps dying wait longer each time, and the other one serves.
  const serves = (name: string) =>
    (up.stdout.match(new RegExp(`backend ${name} ready`, "g"))?.length ?? 0) > deaths[name]!;
  const deaths: Record<string, number> = { a: 0, b: 0 };
  for (let turn = 0; turn < KILLED; turn++) {
    await until(() => serves("a") && serves("b"), () => `both to serve:\n${up.stderr}`);
    const name = "ab"[turn % 2]!;
    const pid = childNamed(up.pid, name)!;
    // Stopped first, so that what it holds at its end can be counted.
    Deno.kill(pid, "SIGSTOP");
    await untilStopped(pid);
    // The kernel's list may lack one that is there, while others come and go.
    held += Math.max(...[1, 2, 3].map(() => heldBy(pid, up.port)));
    Deno.kill(pid, "SIGKILL");
    killed.push(pid);
    deaths[name]!++;
    await pause(EVERY);
  }
  await load.enough();
  const result = await load.result();

  const begun = readLog(log);
  const twice = [...begun].filter(([, processes]) => processes.length > 1);
  let logged = 0;
  for (const [id, outcome, text] of result.unanswered) {
    assert.ok(outcome === "closed" || outcome === "reset", `${id}: ${outcome} ${text}`);
    const process = begun.get(id)?.[0];
    if (process === undefined) continue;
    assert.ok(killed.includes(process), `${id} was begun by ${process}, which was not killed`);
    logged++;
  }
  await tell(
    t,
    `kill -9 of ${killed.length} processes, which held ${held} connections: ${
      describeLoad(result)
    }; of the ` +
      `failures ${logged} had been begun, ${
        result.unanswered.length - logged
      } were acknowledged and not yet begun`,
  );
  assert.deepEqual(twice, [], "no request is begun twice");
  assert.equal(result.answered + result.unanswered.length, result.total);
  assert.ok(result.unanswered.length <= held, "what was still in the channels went to the other backend");
  for (const [index, pid] of [front, up.pid].entries()) await untilKinds(pid, before[index]!);
});
