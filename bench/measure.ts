/** Measuring in turn: every contender once a round, so that what changes on the machine meets all of them. */

import type { Contender, Entry } from "./contenders.ts";
import { takesPart } from "./contenders.ts";
import { cpuBetween, readCpu } from "./cpu.ts";
import { ab } from "./load.ts";
import type { Amounts, WorkloadName } from "./options.ts";
import { pause } from "./processes.ts";
import type { Stage } from "./stage.ts";

/** One measurement of one contender. */
export interface Sample {
  readonly variation: string;
  readonly contender: string;
  readonly round: number;
  readonly values: Readonly<Record<string, number>>;
}

/** One figure of a sample, as people read it. */
export interface Metric {
  readonly key: string;
  readonly label: string;
  readonly format: (value: number) => string;
  /** Counts are added up over the rounds; of everything else the median counts. */
  readonly sum?: boolean;
}

/** What a workload found out. */
export interface Outcome {
  readonly entries: readonly { readonly id: string; readonly title: string; readonly why?: string }[];
  readonly variations: readonly string[];
  readonly samples: readonly Sample[];
  /** What failed or had to be left out, a sentence each. */
  readonly problems: readonly string[];
}

/** Something that is measured of all contenders. */
export interface Workload {
  readonly name: WorkloadName;
  readonly title: string;
  readonly about: string;
  readonly metrics: readonly Metric[];
  /** Seconds that it takes on a slow machine, roughly. */
  estimate(amounts: Amounts): number;
  run(stage: Stage): Promise<Outcome>;
}

/** Milliseconds from the end of the load to the second reading: the last connections are closed behind it. */
const SETTLE = 50;

/** Processor time that a contender used meanwhile, in microseconds: its front's, and that of all its processes. */
export async function withCpu<T>(
  contender: Contender,
  load: () => Promise<T>,
): Promise<{ readonly result: T; readonly front: number; readonly all: number }> {
  const front = contender.front.map(({ pid }) => pid);
  const behind = contender.behind.map(({ pid }) => pid);
  const before = [readCpu(front), readCpu(behind)] as const;
  const result = await load();
  await pause(SETTLE);
  const used = cpuBetween(before[0], readCpu(front));
  return { result, front: used, all: used + cpuBetween(before[1], readCpu(behind)) };
}

/** Requests by which those get warm that are compiled already: caches, and connections to what is behind. */
const WARM = 1_000;

/** Whether one of its processes compiles while it runs. */
function runsJavaScript({ front, behind }: Contender): boolean {
  return [...front, ...behind].some(({ pid }) => Deno.readLinkSync(`/proc/${pid}/exe`) === Deno.execPath());
}

/**
 * Makes everybody warm, with the very processes and ports that are measured afterwards: V8 compiles what is hot, and its
 * calls of libc get fast after tens of thousands. Without ab that is left out, and the first round shows it.
 *
 * @param path what is asked for, unless it is the contender's own path
 */
export async function warmUp(stage: Stage, entries: readonly Entry[], path?: string): Promise<void> {
  if (!stage.programs.has("ab")) return;
  stage.say("  warming up");
  for (const entry of entries) {
    if (!takesPart(entry)) continue;
    const requests = runsJavaScript(entry) ? stage.amounts.warmUp : WARM;
    await ab(stage, path === undefined ? entry : { ...entry, path }, { clients: 64, requests });
  }
}

/** Has those that run JavaScript do before what is measured, where it goes other ways through a program. */
export async function rehearse(
  stage: Stage,
  entries: readonly Entry[],
  load: (contender: Contender) => Promise<unknown>,
): Promise<void> {
  for (let time = 0; time < stage.amounts.rehearsals; time++) {
    for (const entry of entries) if (takesPart(entry) && runsJavaScript(entry)) await load(entry);
  }
}

/** One variation of a workload and how one contender is measured in it. */
export interface Variation {
  readonly name: string;
  /** Rounds, where they are not as many as everywhere. */
  readonly rounds?: number;
  readonly measure: (contender: Contender) => Promise<Readonly<Record<string, number>>>;
}

/** Measures everybody in every variation, round by round; who begins changes from round to round. */
export async function inTurn(
  stage: Stage,
  entries: readonly Entry[],
  variations: readonly Variation[],
): Promise<Outcome> {
  const samples: Sample[] = [];
  const problems: string[] = [];
  const contenders = entries.filter(takesPart);
  for (const { name: variation, measure, rounds = stage.amounts.rounds } of variations) {
    for (let round = 0; round < rounds; round++) {
      const first = round % Math.max(1, contenders.length);
      for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
        try {
          samples.push({ variation, contender: contender.id, round, values: await measure(contender) });
        } catch (error) {
          if (stage.processes.ending) throw error;
          const reason = error instanceof Error ? error.message : String(error);
          problems.push(`${contender.title}, ${variation}, round ${round + 1}: ${reason}`);
        }
      }
      stage.say(`  ${variation}: round ${round + 1} of ${rounds}`);
    }
  }
  return { entries: entries.map(named), variations: variations.map(({ name }) => name), samples, problems };
}

/** What of an entry belongs in results. */
export function named(entry: Entry): Outcome["entries"][number] {
  const { id, title } = entry;
  return takesPart(entry) ? { id, title } : { id, title, why: entry.why };
}
