/** A connection for every request, a small answer: what a front does most when clients keep nothing. */

import { app, enter, type Entry, fdpass, fdpassToFloor, floor } from "../contenders.ts";
import { duration, precise, whole } from "../formats.ts";
import { ab } from "../load.ts";
import { inTurn, type Outcome, warmUp, withCpu, type Workload } from "../measure.ts";
import { requestsTake, roundsTake } from "../pace.ts";
import { apacheFdpass } from "../peers.ts";
import { HELLO, serverAndProxies } from "../line_up.ts";
import type { Stage } from "../stage.ts";

async function enterAll(stage: Stage): Promise<Entry[]> {
  const { deno, nginx, haproxy, apache } = await serverAndProxies(stage);
  return [
    await enter(stage, "fdpass", "fdpass → fetch", HELLO, () => fdpass(stage, { fetch: app("hello.ts") })),
    await enter(stage, "fdpass-c", "fdpass → C", HELLO, () => fdpassToFloor(stage)),
    await enter(stage, "floor", "C floor → C", HELLO, () => floor(stage)),
    await enter(stage, "apache-fdpass", "Apache mod_proxy_fdpass → C", HELLO, () => apacheFdpass(stage)),
    nginx,
    haproxy,
    apache,
    deno,
  ];
}

async function run(stage: Stage): Promise<Outcome> {
  const { connections } = stage.amounts;
  const entries = await enterAll(stage);
  await warmUp(stage, entries);
  return await inTurn(
    stage,
    entries,
    connections.map((load) => ({
      name: load.clients === 1 ? "1 client" : `${load.clients} clients`,
      measure: async (contender) => {
        const { result, front, all } = await withCpu(contender, () => ab(stage, contender, load));
        const { requests, perSecond, p50, p99, failed } = result;
        const share = contender.front.length === 0 ? {} : { front: front / requests };
        return { perSecond, p50, p99, ...share, all: all / requests, failed };
      },
    })),
  );
}

/** Workload (a). */
export const connections: Workload = {
  name: "connections",
  title: "A connection per request",
  about:
    "ab, six bytes of answer, no keep-alive. CPU is user and system time of all processes of the front, and of " +
    "everything but ab.",
  metrics: [
    { key: "perSecond", label: "requests/s", format: whole },
    { key: "p50", label: "p50", format: duration },
    { key: "p99", label: "p99", format: duration },
    { key: "front", label: "front CPU µs/request", format: precise },
    { key: "all", label: "all CPU µs/request", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: (amounts) => {
    const { connections } = amounts;
    const round = connections.reduce((sum, load) => sum + requestsTake(load.requests, load.clients), 0);
    return roundsTake(amounts, 8, round);
  },
  run,
};
