/** Goals: each is about something that is measured, and its verdict follows from ratios within rounds. */

import assert from "node:assert/strict";
import { ANSWERS } from "../../bench/goals/answers.ts";
import { HANDOFFS } from "../../bench/goals/handoffs.ts";
import { SERVICES } from "../../bench/goals/services.ts";
import { judge } from "../../bench/goals.ts";
import type { Outcome, Sample } from "../../bench/measure.ts";
import { readOptions, WORKLOADS } from "../../bench/options.ts";
import { nameOf, questionsFor, uploadsFor } from "../../bench/questions.ts";
import { ALL } from "../../bench/workloads/all.ts";

const GOALS = [...HANDOFFS, ...ANSWERS, ...SERVICES];
const RELAY = "relay, 1 KiB, kept: CPU of everything per request, against nginx";
const KEPT = "1 KiB, kept, 64 clients";

/** Rounds in which two contenders had so much of a metric. */
function outcome(rounds: readonly (readonly [ours: number, theirs: number])[], metric: string): Outcome {
  const samples = rounds.flatMap(([ours, theirs], round): Sample[] => [
    { variation: KEPT, contender: "fdpass", round, values: { [metric]: ours } },
    { variation: KEPT, contender: "nginx", round, values: { [metric]: theirs } },
  ]);
  return { entries: [], variations: [KEPT], samples, problems: [] };
}

function verdictOn(goal: string, measured: Outcome) {
  return judge(new Map([["relay", measured]])).find((result) => result.goal === goal)!;
}

Deno.test("the workloads are those that can be asked for, in their order", () => {
  assert.deepEqual(ALL.map(({ name }) => name), [...WORKLOADS]);
});

Deno.test("every goal is about a figure that its workload has", () => {
  for (const { text, ours, theirs } of GOALS) {
    for (const { workload, metric } of theirs === undefined ? [ours] : [ours, theirs]) {
      const keys = ALL.find(({ name }) => name === workload)!.metrics.map(({ key }) => key);
      assert.ok(keys.includes(metric), `${text}: ${workload} has no ${metric}`);
    }
  }
  assert.equal(new Set(GOALS.map(({ text }) => text)).size, GOALS.length);
});

for (const quick of [false, true]) {
  Deno.test(`what goals of answers compare is asked in a ${quick ? "quick" : "whole"} run`, () => {
    const options = readOptions(quick ? ["--quick"] : []);
    assert.ok(typeof options !== "string");
    const files = questionsFor(options.amounts).map(nameOf);
    const asked = { static: files, relay: [...files, ...uploadsFor(options.amounts).map(nameOf)] };
    for (const { text, ours } of GOALS) {
      if (ours.workload !== "relay" && ours.workload !== "static") continue;
      assert.ok(asked[ours.workload].includes(ours.variation), `${text}: nobody asks "${ours.variation}"`);
    }
  });
}

Deno.test("a quick run has every workload that a goal is about but those that need many turns, and what is asked for", () => {
  const only = (...args: string[]) => {
    const options = readOptions(args);
    assert.ok(typeof options !== "string");
    return options.only;
  };
  const quick = only("--quick");
  for (const { text, ours, theirs } of GOALS) {
    for (const { workload } of theirs === undefined ? [ours] : [ours, theirs]) {
      const tells = workload !== "access-log" && workload !== "metrics";
      assert.equal(quick.includes(workload), tells, `${text}: ${workload} in a quick run`);
    }
  }
  assert.ok(quick.length < WORKLOADS.length);
  assert.deepEqual(only("--quick", "--only", "start-up"), ["start-up"]);
  assert.deepEqual(only(), [...WORKLOADS]);
});

Deno.test("a goal is met by the median of the ratios, not by the ratio of the medians", () => {
  const rounds = [[10, 10], [30, 10], [12, 10]] as const;
  assert.deepEqual(verdictOn(RELAY, outcome(rounds, "all")), {
    goal: RELAY,
    limit: "≤ 1.3",
    measured: { median: 1.2, least: 1, most: 3, count: 3 },
    verdict: "met",
    shown: "1.20 (1.00 to 3.00)",
  });
});

Deno.test("a goal is missed, or not measured", () => {
  assert.equal(verdictOn(RELAY, outcome([[14, 10]], "all")).verdict, "missed");
  assert.equal(verdictOn(RELAY, outcome([[14, 10]], "p50")).verdict, "not measured");
  const rate = "relay, 1 KiB, kept: requests/s, against nginx";
  assert.equal(verdictOn(rate, outcome([[9, 10]], "perSecond")).verdict, "met");
});
