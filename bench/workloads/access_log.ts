/** What an access log costs: the same front and backend with and without one. */

import { app, enter, type Entry, startBackend, startFront } from "../contenders.ts";
import { duration, precise, whole } from "../formats.ts";
import { HELLO } from "../line_up.ts";
import { ab, keepAliveLoad } from "../load.ts";
import { inTurn, type Outcome, rehearse, warmUp, withCpu, type Workload } from "../measure.ts";
import { AROUND, requestsTake, roundsTake } from "../pace.ts";
import type { Stage } from "../stage.ts";

/** Which log they write. Who writes none comes twice: the two differ by what the machine does meanwhile. */
const LOGS = [
  { id: "none", title: "no log" },
  { id: "none-again", title: "no log, again" },
  { id: "combined", title: "combined", format: "combined" },
  { id: "json", title: "JSON", format: "json" },
] as const;

/** A front and a fetch backend with the same log, as `fdpass up` starts them. */
async function enterAll(stage: Stage): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const { id, title, ...log } of LOGS) {
    const build = async () => {
      const file = `${stage.room("log")}/access.log`;
      const { format } = { format: undefined, ...log };
      const args = format === undefined ? [] : ["--access-log", file, "--access-log-format", format];
      const more = format === undefined ? {} : { accessLog: { file, format } };
      const backend = await startBackend(stage, { fetch: app("hello.ts") }, args);
      const { service, port } = await startFront(stage, backend.socket, { more });
      return { port, front: [service], behind: [backend.service] };
    };
    entries.push(await enter(stage, id, title, HELLO, build));
  }
  return entries;
}

async function run(stage: Stage): Promise<Outcome> {
  const entries = await enterAll(stage);
  await warmUp(stage, entries);
  // Kept connections take other ways through a backend than those that are closed.
  await rehearse(stage, entries, (entry) => keepAliveLoad(stage, entry));
  const load = stage.amounts.connections[0]!;
  const rounds = stage.amounts.rounds * stage.amounts.moreRounds;
  return await inTurn(stage, entries, [
    {
      name: "a connection per request",
      rounds,
      measure: async (contender) => {
        const { result, front, all } = await withCpu(contender, () => ab(stage, contender, load));
        const { requests, perSecond, p50, p99, failed } = result;
        return { perSecond, p50, p99, front: front / requests, all: all / requests, failed };
      },
    },
    {
      name: "kept connections",
      rounds,
      measure: async (contender) => {
        const { result, front, all } = await withCpu(contender, () => keepAliveLoad(stage, contender));
        const { requests, perSecond, p50, p99, failed } = result;
        return { perSecond, p50, p99, front: front / requests, all: all / requests, failed };
      },
    },
  ]);
}

/** The price of a line per request. */
export const accessLog: Workload = {
  name: "access-log",
  title: "Access log",
  about:
    "One fdpass front and one fetch backend, with the same log or with none: ab with 64 clients and a connection per " +
    "request, then wrk with one thread on 64 kept connections (ab -k where it is not installed). The file is in the " +
    "directory of temporary files.",
  metrics: [
    { key: "perSecond", label: "requests/s", format: whole },
    { key: "p50", label: "p50", format: duration },
    { key: "p99", label: "p99", format: duration },
    { key: "front", label: "front CPU µs/request", format: precise },
    { key: "all", label: "all CPU µs/request", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ rounds, moreRounds, warmUp, connections, keepAlive: { seconds } }) => {
    const { requests, clients } = connections[0]!;
    const each = requestsTake(requests, clients) + seconds + AROUND;
    return roundsTake({ rounds: rounds * moreRounds, warmUp }, LOGS.length, each);
  },
  run,
};
