/** One client that has everything to itself: what a front adds to the time until an answer is there. */

import { app, enter, type Entry, fdpass, fdpassToFloor, floor, floorAlone } from "../contenders.ts";
import { duration, whole } from "../formats.ts";
import { oneByOne } from "../load.ts";
import { inTurn, type Outcome, rehearse, warmUp, type Workload } from "../measure.ts";
import { requestsTake, roundsTake } from "../pace.ts";
import { apacheFdpass } from "../peers.ts";
import { HELLO, serverAndProxies } from "../line_up.ts";
import type { Stage } from "../stage.ts";

async function enterAll(stage: Stage): Promise<Entry[]> {
  const { deno, nginx, haproxy, apache } = await serverAndProxies(stage);
  return [
    await enter(stage, "c", "C asked directly", HELLO, () => floorAlone(stage)),
    await enter(stage, "floor", "C floor → C", HELLO, () => floor(stage)),
    await enter(stage, "fdpass-c", "fdpass → C", HELLO, () => fdpassToFloor(stage)),
    await enter(stage, "apache-fdpass", "Apache mod_proxy_fdpass → C", HELLO, () => apacheFdpass(stage)),
    deno,
    await enter(stage, "fdpass", "fdpass → fetch", HELLO, () => fdpass(stage, { fetch: app("hello.ts") })),
    nginx,
    haproxy,
    apache,
  ];
}

async function run(stage: Stage): Promise<Outcome> {
  const { latency: count } = stage.amounts;
  stage.programs.floor("client");
  const entries = await enterAll(stage);
  await warmUp(stage, entries);
  await rehearse(stage, entries, (entry) => oneByOne(stage, entry, count));
  return await inTurn(stage, entries, [{
    name: "one client",
    measure: async (contender) => {
      const { answered, ended, failed } = await oneByOne(stage, contender, count);
      return { ...answered, ended: ended.p50, failed };
    },
  }]);
}

/** Workload (e). */
export const latency: Workload = {
  name: "latency",
  title: "Latency at low load",
  about:
    "One client, one connection after the other, each with one request. p50, p90, p99: from before connect until the " +
    "answer is whole; the end is when the server has closed.",
  metrics: [
    { key: "p50", label: "p50", format: duration },
    { key: "p90", label: "p90", format: duration },
    { key: "p99", label: "p99", format: duration },
    { key: "ended", label: "p50 of the end", format: duration },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ rounds, warmUp, latency: count }) =>
    roundsTake({ rounds: rounds + 1, warmUp }, 9, requestsTake(count, 1)),
  run,
};
