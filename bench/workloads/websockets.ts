/** WebSockets: small messages that come back, and what one costs that says nothing. */

import { app, type Contender, denoServe, enter, type Entry, fdpass, takesPart } from "../contenders.ts";
import { readMemory } from "../cpu.ts";
import { duration, mebibytes, precise, size, whole } from "../formats.ts";
import { HELLO } from "../line_up.ts";
import { echoes, hold } from "../load.ts";
import { inTurn, type Outcome, rehearse, warmUp, withCpu, type Workload } from "../measure.ts";
import { AROUND, openingTakes, roundsTake } from "../pace.ts";
import { pause } from "../processes.ts";
import type { Stage } from "../stage.ts";

/** Milliseconds from the last handshake until memory is read, and until all have been closed. */
const REST = 500;

function residentOf({ front, behind }: Contender): number {
  return readMemory([...front, ...behind].map(({ pid }) => pid)).resident;
}

async function echo(
  stage: Stage,
  contender: Contender,
  connections: number,
): Promise<Record<string, number>> {
  const { seconds } = stage.amounts.websockets;
  const { result, all } = await withCpu(contender, () => echoes(stage, contender, connections, seconds));
  const { messages, failed, times: { p50, p99 } } = result;
  return { perSecond: messages / result.seconds, p50, p99, all: all / messages, failed };
}

async function idle(
  stage: Stage,
  contender: Contender,
  before: number,
  count: number,
): Promise<Record<string, number>> {
  const held = await hold(stage, contender, "/", count, true);
  await pause(REST);
  const open = residentOf(contender);
  const ended = await held.release();
  await pause(REST);
  return { before, open, each: Math.max(0, open - before) / count, failed: held.failed + ended };
}

async function run(stage: Stage): Promise<Outcome> {
  stage.programs.floor("echo");
  const { connections, idle: wanted, seconds } = stage.amounts.websockets;
  const count = stage.affordable(wanted, 1);
  const entries: Entry[] = [
    await enter(stage, "fdpass", "fdpass → fetch", HELLO, () => fdpass(stage, { fetch: app("echo.ts") })),
    await enter(stage, "deno", "Deno.serve", HELLO, () => denoServe(stage, "serve_echo.ts")),
  ];
  await warmUp(stage, entries);
  await rehearse(stage, entries, (entry) => echoes(stage, entry, 64, seconds));
  // What processes have once had they often keep for their next use: everything is measured against the same beginning.
  await pause(REST);
  const before = new Map(entries.filter(takesPart).map((entry) => [entry.id, residentOf(entry)]));
  return await inTurn(stage, entries, [
    {
      name: "idle",
      measure: (contender) => idle(stage, contender, before.get(contender.id)!, count),
    },
    ...connections.map((connections) => ({
      name: `echo, ${whole(connections)} ${connections === 1 ? "connection" : "connections"}`,
      measure: (contender: Contender) => echo(stage, contender, connections),
    })),
  ]);
}

/** A protocol in which the handler has the word all the time. */
export const websockets: Workload = {
  name: "websockets",
  title: "WebSockets",
  about:
    "A handler says whatever is said to it, texts of 16 bytes; each connection of the client sends the next one when the " +
    "last has come back. Idle ones have been opened and say nothing; their memory is that of all processes above what " +
    "they had before the first, warm.",
  metrics: [
    { key: "perSecond", label: "messages/s", format: whole },
    { key: "p50", label: "p50", format: duration },
    { key: "p99", label: "p99", format: duration },
    { key: "all", label: "all CPU µs/message", format: precise },
    { key: "before", label: "memory before", format: mebibytes },
    { key: "open", label: "memory with all", format: mebibytes },
    { key: "each", label: "memory each", format: size },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ rounds, warmUp, websockets: { connections, idle, seconds } }) =>
    roundsTake(
      { rounds, warmUp },
      2,
      connections.length * (seconds + AROUND) + 2 * openingTakes(idle) + 2 * REST / 1_000,
    ),
  run,
};
