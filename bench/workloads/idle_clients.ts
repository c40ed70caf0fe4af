/** Clients that have been answered by a relay and keep their connections: the memory that they cost. */

import { type Contender, enter, type Entry, fdpassRelay, origin, takesPart } from "../contenders.ts";
import { readMemory } from "../cpu.ts";
import { mebibytes, size, whole } from "../formats.ts";
import { hold } from "../load.ts";
import { inTurn, type Outcome, warmUp, type Workload } from "../measure.ts";
import { openingTakes, roundsTake } from "../pace.ts";
import { nginxProxy } from "../peers.ts";
import { pause } from "../processes.ts";
import { SMALL } from "../questions.ts";
import type { Stage } from "../stage.ts";

const PATH = `/${SMALL}`;
/** Milliseconds from the last answer until memory is read, and until all have been closed. */
const REST = 500;

/** Resident memory of all that is in between, and of who relays alone, which is the last of them. */
function memoryOf({ front }: Contender): { readonly all: number; readonly relay: number } {
  const pids = front.map(({ pid }) => pid);
  return { all: readMemory(pids).resident, relay: readMemory(pids.slice(-1)).resident };
}

/** @param rest bytes that who relays had before the first request */
async function measure(
  stage: Stage,
  contender: Contender,
  rest: number,
  count: number,
): Promise<Record<string, number>> {
  const before = memoryOf(contender);
  const held = await hold(stage, contender, PATH, count);
  await pause(REST);
  const open = memoryOf(contender);
  const ended = await held.release();
  await pause(REST);
  const each = Math.max(0, open.all - before.all) / count;
  return { rest, before: before.relay, open: open.relay, each, failed: held.failed + ended };
}

async function enterAll(stage: Stage, clients: number): Promise<Entry[]> {
  const alone = await enter(stage, "origin", "C server", SMALL, () => origin(stage, PATH));
  if (!takesPart(alone)) return [alone];
  const { port, behind } = alone;
  const server = behind[0]!;
  const options = { path: PATH, clients, workers: 2 };
  return [
    await enter(stage, "fdpass", "fdpass", SMALL, () => fdpassRelay(stage, server, port, PATH)),
    await enter(
      stage,
      "nginx",
      "nginx, two workers",
      SMALL,
      () => nginxProxy(stage, server, port, options),
    ),
  ];
}

async function run(stage: Stage): Promise<Outcome> {
  stage.programs.floor("hold");
  const wanted = stage.amounts.streams;
  const count = stage.affordable(wanted, 2);
  const entries = await enterAll(stage, count);
  await pause(REST);
  const rest = new Map(entries.filter(takesPart).map((entry) => [entry.id, memoryOf(entry).relay]));
  await warmUp(stage, entries);
  const outcome = await inTurn(stage, entries, [{
    name: "idle clients",
    measure: (contender) => measure(stage, contender, rest.get(contender.id)!, count),
  }]);
  if (count === wanted) return outcome;
  const short = `Idle clients: ${whole(count)} instead of ${whole(wanted)}, for want of descriptors`;
  return { ...outcome, problems: [short, ...outcome.problems] };
}

/** What clients cost a relay that have nothing to ask. */
export const idleClients: Workload = {
  name: "idle-clients",
  title: "Idle clients of a relay",
  about:
    "10,000 clients (fewer where descriptors are short) that have had an answer and keep their connections. Resident " +
    "memory of the process that relays: of fdpass the backend, of nginx the master and its workers; and for each client " +
    "what comes on top with all of them, of fdpass the front's included.",
  metrics: [
    { key: "rest", label: "at rest", format: mebibytes },
    { key: "before", label: "after requests", format: mebibytes },
    { key: "open", label: "with all clients", format: mebibytes },
    { key: "each", label: "memory each", format: size },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ rounds, warmUp, streams }) =>
    roundsTake({ rounds, warmUp }, 2, 2 * openingTakes(streams) + 2 * REST / 1_000),
  run,
};
