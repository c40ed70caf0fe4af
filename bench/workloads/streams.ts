/** Streams that are open and idle: what each costs those in between, in descriptors and memory. */

import { app, type Contender, enter, type Entry, fdpass, fdpassToFloor, takesPart } from "../contenders.ts";
import { countDescriptors, readMemory } from "../cpu.ts";
import { mebibytes, precise, size, whole } from "../formats.ts";
import { HELLO, serverAndProxies } from "../line_up.ts";
import { hold } from "../load.ts";
import { inTurn, type Outcome, warmUp, type Workload } from "../measure.ts";
import { AROUND, openingTakes, roundsTake } from "../pace.ts";
import { pause, type Service } from "../processes.ts";
import { exchange } from "../request.ts";
import type { Stage } from "../stage.ts";

const PATH = "/open";
/** What makes a handler end all streams. */
const END = "/end";
/** Milliseconds from the last event until memory is read. */
const REST = 500;
/** Milliseconds that closing all streams may take. */
const CLOSING = 20_000;
/** Connections that a proxy may keep to its server when all streams are closed. */
const KEPT = 128;

async function enterAll(stage: Stage, clients: number): Promise<Entry[]> {
  const program = "serve_events.ts";
  const { deno, nginx, haproxy } = await serverAndProxies(stage, { program, clients, events: true });
  return [
    await enter(stage, "fdpass", "fdpass → fetch", HELLO, () => fdpass(stage, { fetch: app("events.ts") })),
    await enter(stage, "fdpass-c", "fdpass → C", HELLO, () => fdpassToFloor(stage)),
    nginx,
    haproxy,
    deno,
  ];
}

/** What some processes hold at a moment. */
interface Holding {
  readonly descriptors: number;
  readonly memory: number;
}

function holding(services: readonly Service[]): Holding {
  const pids = services.map(({ pid }) => pid);
  return { descriptors: countDescriptors(pids), memory: readMemory(pids).resident };
}

/** What a contender held before its first stream: what processes have once had they often keep for their next use. */
interface Baseline {
  readonly front: Holding;
  readonly behind: Holding;
}

/** Bytes of memory that came on top. Heaps shrink as well, of themselves: that is not to the streams' credit. */
function growth(before: Holding, after: Holding): number {
  return Math.max(0, after.memory - before.memory);
}

/** Opens all streams, reads what they cost, and closes them. */
async function measure(
  stage: Stage,
  contender: Contender,
  { front, behind }: Baseline,
  count: number,
): Promise<Record<string, number>> {
  const held = await hold(stage, contender, PATH, count);
  await pause(REST);
  const open = { front: holding(contender.front), behind: holding(contender.behind) };
  const ended = await held.release();
  await exchange(contender.port, END);
  const all = [...contender.front, ...contender.behind].map(({ pid }) => pid);
  for (let waited = 0; waited < CLOSING; waited += 50) {
    if (countDescriptors(all) <= front.descriptors + behind.descriptors + KEPT) break;
    await pause(50);
  }
  const share = contender.front.length === 0 ? {} : {
    descriptors: (open.front.descriptors - front.descriptors) / count,
    memoryBefore: front.memory,
    memoryOpen: open.front.memory,
    memory: growth(front, open.front) / count,
  };
  return {
    streams: count,
    ...share,
    behindDescriptors: (open.behind.descriptors - behind.descriptors) / count,
    behindMemory: growth(behind, open.behind) / count,
    failed: held.failed + ended,
  };
}

async function run(stage: Stage): Promise<Outcome> {
  const wanted = stage.amounts.streams;
  // A proxy has two descriptors for each.
  const count = stage.affordable(wanted, 2);
  stage.programs.floor("hold");
  const entries = await enterAll(stage, count);
  await warmUp(stage, entries);
  await pause(REST);
  const baselines = new Map<string, Baseline>();
  for (const entry of entries) {
    if (!takesPart(entry)) continue;
    baselines.set(entry.id, { front: holding(entry.front), behind: holding(entry.behind) });
  }
  const outcome = await inTurn(stage, entries, [{
    name: "idle streams",
    measure: (contender) => measure(stage, contender, baselines.get(contender.id)!, count),
  }]);
  if (count === wanted) return outcome;
  const limit = whole(stage.descriptors);
  const short =
    `Idle streams: ${whole(count)} instead of ${whole(wanted)}, for a process may have ${limit} ` +
    "descriptors here, and a proxy needs two for each";
  return { ...outcome, problems: [short, ...outcome.problems] };
}

/** Workload (d). */
export const streams: Workload = {
  name: "streams",
  title: "Idle streams",
  about:
    "Streams of events that say nothing after the first. What the front has for them above what it had, warm as it was, " +
    "before the first one, descriptors and resident memory; and the same of the server behind it. The kernel's memory " +
    "for sockets comes on top, for each descriptor. Apache is not here: a proxied stream occupies one of its threads.",
  metrics: [
    { key: "streams", label: "streams", format: whole },
    { key: "descriptors", label: "front: descriptors each", format: precise },
    { key: "memoryBefore", label: "memory before", format: mebibytes },
    { key: "memoryOpen", label: "memory with all", format: mebibytes },
    { key: "memory", label: "memory each", format: size },
    { key: "behindDescriptors", label: "server: descriptors each", format: precise },
    { key: "behindMemory", label: "memory each", format: size },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ rounds, warmUp, streams }) =>
    roundsTake({ rounds, warmUp }, 5, 2 * openingTakes(streams) + REST / 1_000 + AROUND),
  run,
};
