/** How many system calls a request takes: a figure that other guests of the machine do not change. */

import { readCalls } from "../calls.ts";
import { app, type Contender, enter, type Entry, fdpass } from "../contenders.ts";
import { treeOf } from "../cpu.ts";
import { precise, whole } from "../formats.ts";
import { HELLO, serverAndProxies } from "../line_up.ts";
import { ab, wrk } from "../load.ts";
import { inTurn, type Outcome, warmUp, type Workload } from "../measure.ts";
import { requestsTake, roundsTake } from "../pace.ts";
import type { Stage } from "../stage.ts";
import { relays } from "./relay.ts";
import { servers } from "./static.ts";

/** Clients at a time. */
const CLIENTS = 64;
/** Seconds on kept connections. */
const SECONDS = 1;
/** How many times slower everything is while strace looks on, roughly. */
const SLOWER = 6;
/** Once: counts are counts. */
const ROUNDS = 1;

async function enterAll(stage: Stage): Promise<Entry[]> {
  const as = (kind: string, entry: Entry): Entry => ({
    ...entry,
    id: `${kind}-${entry.id}`,
    title: `${kind}: ${entry.title}`,
  });
  // Of a relay's calls those of the server behind are none; where that is whom the client asks, they are.
  const inBetween = (entry: Entry): Entry => "front" in entry ? { ...entry, behind: [] } : entry;
  const relaying = (await relays(stage)).filter(({ id }) => id !== "origin");
  const { deno } = await serverAndProxies(stage);
  const handler = () => fdpass(stage, { fetch: app("hello.ts") });
  return [
    ...relaying.map((entry) => as("relay", inBetween(entry))),
    ...(await servers(stage)).map((entry) => as("file", entry)),
    as("handler", await enter(stage, "fdpass", "fdpass", HELLO, handler)),
    as("handler", deno),
  ];
}

/** Calls of all processes of a contender during requests. */
async function count(
  stage: Stage,
  contender: Contender,
  kept: boolean,
): Promise<Record<string, number>> {
  const { calls: requests } = stage.amounts;
  const summary = `${stage.directory}/calls`;
  const pids = treeOf([...contender.front, ...contender.behind].map(({ pid }) => pid));
  const args = ["-f", "-c", "-U", "name,calls,errors", "-o", summary];
  const command = { command: stage.programs.path("strace"), args: [...args, "-p", pids.join(",")] };
  // One line for each process; the last is there when all are looked at.
  const attached = new RegExp(`(?:.*attached[^]*){${pids.length}}`);
  const strace = await stage.processes.serve("strace", command, { line: attached });
  const result = kept
    ? await wrk(stage, contender, SECONDS, { clients: CLIENTS })
    : await ab(stage, contender, { clients: CLIENTS, requests });
  await strace.stop();
  const calls = readCalls(Deno.readTextFileSync(summary));
  if (calls === undefined) throw new Error(`strace says nothing: ${strace.output.trim().slice(-200)}`);
  const each = Object.entries(calls).map(([purpose, calls]) => [purpose, calls / result.requests]);
  return { ...Object.fromEntries(each), failed: result.failed };
}

async function run(stage: Stage): Promise<Outcome> {
  stage.programs.path("strace");
  const entries = await enterAll(stage);
  await warmUp(stage, entries);
  return await inTurn(stage, entries, [
    { name: "kept connections", rounds: ROUNDS, measure: (contender) => count(stage, contender, true) },
    { name: "a connection each", rounds: ROUNDS, measure: (contender) => count(stage, contender, false) },
  ]);
}

/** What a request asks of the kernel. */
export const systemCalls: Workload = {
  name: "system-calls",
  title: "System calls",
  about:
    "System calls for each request, of all processes but the client and, behind a relay, the server: as strace counts " +
    "them while 64 clients ask: wrk where connections are kept, ab where each request has its own. Those for nothing are receives that found nothing. A process that is looked at is " +
    "slower, so it finds more to do at a time, and waits less often, than it would.",
  metrics: [
    { key: "all", label: "all", format: precise },
    { key: "receive", label: "receive, read", format: precise },
    { key: "inVain", label: "for nothing", format: precise },
    { key: "send", label: "send, write", format: precise },
    { key: "wait", label: "epoll", format: precise },
    { key: "files", label: "open, stat", format: precise },
    { key: "connections", label: "connect, close, options", format: precise },
    { key: "threads", label: "futex, memory", format: precise },
    { key: "other", label: "others", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ warmUp, calls }) =>
    roundsTake({ rounds: ROUNDS, warmUp }, 9, SECONDS + SLOWER * requestsTake(calls, CLIENTS)),
  run,
};
