/** What an access log costs: the same front and backends with and without one. */

import {
  app,
  type Contender,
  enter,
  type Entry,
  type Kind,
  origin,
  startBackend,
  startFront,
  takesPart,
} from "../contenders.ts";
import { readMemory } from "../cpu.ts";
import { duration, precise, whole } from "../formats.ts";
import { HELLO } from "../line_up.ts";
import { ab, keepAliveLoad, wrk } from "../load.ts";
import {
  inTurn,
  type Outcome,
  rehearse,
  type Variation,
  warmUp,
  withCpu,
  type Workload,
} from "../measure.ts";
import type { Amounts } from "../options.ts";
import { AROUND, requestsTake, roundsTake } from "../pace.ts";
import { SMALL } from "../questions.ts";
import type { Stage } from "../stage.ts";
import { makeFiles } from "./static.ts";

/** As Debian's httpd has it for virtual hosts. */
const VHOST_COMBINED = '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"';

/** Which log they write. Who writes none comes twice: the two differ by what the machine does meanwhile. */
const LOGS = [
  { id: "none", title: "no log" },
  { id: "none-again", title: "no log, again" },
  { id: "combined", title: "combined", format: "combined" },
  { id: "vhost", title: "Debian's vhost_combined", format: VHOST_COMBINED },
  { id: "json", title: "JSON", format: "json" },
] as const;

/** Who answers kept connections, and at which path. */
const KINDS = [
  { kind: "fetch", path: "/" },
  { kind: "static", path: `/files/${SMALL}` },
  { kind: "relay", path: `/${SMALL}` },
] as const;

/** A front and a backend of each kind with the same log, as `fdpass up` starts them. */
async function enterAll(stage: Stage): Promise<Entry[]> {
  const server = await enter(stage, "origin", "C server", SMALL, () => origin(stage, `/${SMALL}`));
  if (!takesPart(server)) return [server];
  const kinds: readonly (readonly [string, Kind])[] = [
    ["/", { fetch: app("hello.ts") }],
    ["/files/", { static: makeFiles(stage) }],
    [`/${SMALL}`, { upstream: `http://127.0.0.1:${server.port}` }],
  ];
  const entries: Entry[] = [];
  for (const { id, title, ...log } of LOGS) {
    const build = async () => {
      const file = `${stage.room("log")}/access.log`;
      const { format } = { format: undefined, ...log };
      const args = format === undefined ? [] : ["--access-log", file, "--access-log-format", format];
      const more = format === undefined ? {} : { accessLog: { file, format } };
      const behind = [];
      const routes: object[] = [];
      for (const [path, kind] of kinds) {
        const { service, socket } = await startBackend(stage, kind, args);
        behind.push(service);
        routes.push({ path, to: `fd://${socket}` });
      }
      const { service, port } = await startFront(stage, "", { more, sites: () => [{ routes }] });
      return { port, front: [service], behind };
    };
    entries.push(await enter(stage, id, title, HELLO, build));
  }
  return entries;
}

/** Requests on kept connections: short turns, so that what changes on the machine meets everybody within seconds. */
function keptConnections(stage: Stage): Variation[] {
  const { count, seconds } = stage.amounts.turns;
  return KINDS.map(({ kind, path }) => ({
    name: `kept connections, ${kind}`,
    rounds: count,
    measure: async (contender) => {
      const { result, front, all } = await withCpu(
        contender,
        () => wrk(stage, { ...contender, path }, seconds),
      );
      const { requests, perSecond, p50, p99, failed } = result;
      return { perSecond, p50, p99, front: front / requests, all: all / requests, failed };
    },
  }));
}

/** What many lines leave in the memory of all processes: at the end of them, more than after a tenth. */
async function afterLines(stage: Stage, contender: Contender): Promise<Record<string, number>> {
  const { lines, turns: { seconds } } = stage.amounts;
  const resident = () => readMemory([...contender.front, ...contender.behind].map(({ pid }) => pid)).resident;
  let written = 0;
  let failed = 0;
  const write = async (until: number) => {
    while (written < until) {
      const result = await wrk(stage, contender, seconds);
      written += result.requests;
      failed += result.failed;
    }
    return resident();
  };
  const before = await write(lines / 10);
  return { grown: Math.max(0, await write(lines) - before) / 2 ** 20, failed };
}

async function run(stage: Stage): Promise<Outcome> {
  stage.programs.path("wrk");
  const entries = await enterAll(stage);
  await warmUp(stage, entries);
  // Kept connections take other ways through a backend than those that are closed.
  for (const { path } of KINDS) {
    await rehearse(stage, entries, (entry) => keepAliveLoad(stage, { ...entry, path }));
  }
  const load = stage.amounts.connections[0]!;
  return await inTurn(stage, entries, [
    {
      name: "a connection per request",
      rounds: stage.amounts.rounds * stage.amounts.moreRounds,
      measure: async (contender) => {
        const { result, front, all } = await withCpu(contender, () => ab(stage, contender, load));
        const { requests, perSecond, p50, p99, failed } = result;
        return { perSecond, p50, p99, front: front / requests, all: all / requests, failed };
      },
    },
    ...keptConnections(stage),
    { name: "many lines", rounds: 1, measure: (contender) => afterLines(stage, contender) },
  ]);
}

/** Requests a second of whoever answers by JavaScript on a slow machine: so long it takes to have so many lines. */
const LINES = 30_000;

function estimate(amounts: Amounts): number {
  const { rounds, moreRounds, rehearsals, connections, keepAlive, turns, lines } = amounts;
  const { requests, clients } = connections[0]!;
  const kept = KINDS.length * (turns.count * (turns.seconds + AROUND) + rehearsals * keepAlive.seconds);
  const handedOver = rounds * moreRounds * requestsTake(requests, clients);
  const all = kept + handedOver + lines / LINES + turns.seconds;
  return roundsTake({ rounds: 1, warmUp: amounts.warmUp }, LOGS.length, all);
}

/** The price of a line per request. */
export const accessLog: Workload = {
  name: "access-log",
  title: "Access log",
  about:
    "One fdpass front and three backends (a handler, files of 1 KiB, a relay to a server in C), with the same log or with " +
    "none: ab with 64 clients and a connection per request, then wrk with one thread on 64 kept connections, in short " +
    "turns; then a million requests by each, and what that leaves in memory. The file is in the directory of temporary " +
    "files.",
  metrics: [
    { key: "perSecond", label: "requests/s", format: whole },
    { key: "p50", label: "p50", format: duration },
    { key: "p99", label: "p99", format: duration },
    { key: "front", label: "front CPU µs/request", format: precise },
    { key: "all", label: "all CPU µs/request", format: precise },
    { key: "grown", label: "memory grown, MiB", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate,
  run,
};
