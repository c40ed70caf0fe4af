/** Many requests on connections that stay open: what a JavaScript handler answers a second, and who is in the way. */

import { app, enter, type Entry, fdpass } from "../contenders.ts";
import { duration, precise, whole } from "../formats.ts";
import { keepAliveLoad } from "../load.ts";
import { inTurn, type Outcome, rehearse, warmUp, withCpu, type Workload } from "../measure.ts";
import { AROUND, roundsTake } from "../pace.ts";
import { HELLO, serverAndProxies } from "../line_up.ts";
import type { Stage } from "../stage.ts";

async function enterAll(stage: Stage): Promise<Entry[]> {
  const { deno, nginx, haproxy, apache } = await serverAndProxies(stage);
  const ours = await enter(
    stage,
    "fdpass",
    "fdpass → fetch",
    HELLO,
    () => fdpass(stage, { fetch: app("hello.ts") }),
  );
  return [ours, nginx, haproxy, apache, deno];
}

async function run(stage: Stage): Promise<Outcome> {
  const entries = await enterAll(stage);
  await warmUp(stage, entries);
  // Kept connections take other ways through a server than those that are closed.
  await rehearse(stage, entries, (entry) => keepAliveLoad(stage, entry));
  return await inTurn(stage, entries, [{
    name: "64 connections",
    measure: async (contender) => {
      const { result, front, all } = await withCpu(contender, () => keepAliveLoad(stage, contender));
      const { requests, perSecond, p50, p99, failed } = result;
      const share = contender.front.length === 0 ? {} : { front: front / requests };
      return { perSecond, p50, p99, ...share, all: all / requests, failed };
    },
  }]);
}

/** Workload (b). */
export const keepAlive: Workload = {
  name: "keep-alive",
  title: "Keep-alive",
  about:
    "wrk with one thread (ab -k where it is not installed), six bytes of answer from a JavaScript handler. One site " +
    "with one route, so fdpass hands each connection over once.",
  metrics: [
    { key: "perSecond", label: "requests/s", format: whole },
    { key: "p50", label: "p50", format: duration },
    { key: "p99", label: "p99", format: duration },
    { key: "front", label: "front CPU µs/request", format: precise },
    { key: "all", label: "all CPU µs/request", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ rounds, rehearsals, warmUp, keepAlive: { seconds } }) =>
    roundsTake({ rounds: rounds + rehearsals, warmUp }, 5, seconds + AROUND),
  run,
};
