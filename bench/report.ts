/** What people see of a run: tables and notes for a terminal, and a page of the same in Markdown. */

import type { Drawn } from "./charts/gallery.ts";
import { type GoalResult, goalTable } from "./goals.ts";
import { describe, type Machine } from "./machine.ts";
import type { Outcome, Workload } from "./measure.ts";
import { markdown, plain, tableOf } from "./tables.ts";

/** A workload and what it found out. */
export interface Section {
  readonly workload: Workload;
  readonly outcome: Outcome;
}

/** A run and everything that came of it. */
export interface Run {
  /** The command that does it again. */
  readonly command: string;
  readonly quick: boolean;
  readonly rounds: number;
  readonly machine: Machine;
  readonly goals: readonly GoalResult[];
  readonly sections: readonly Section[];
}

/** More than that at the start, and others compete for the processor. */
const BUSY = 0.5;

/** What makes the figures of a run worth less, a sentence each. */
export function caveats({ quick, machine, sections }: Pick<Run, "quick" | "machine" | "sections">): string[] {
  const failed = sections.flatMap(({ outcome }) => outcome.samples)
    .reduce((sum, { values }) => sum + (values.failed ?? 0), 0);
  return [
    ...quick ? ["A quick run shows that everything works; its figures are not to be quoted."] : [],
    ...machine.loadBefore > BUSY
      ? ["The machine was busy with other things: repeat this on a quiet one."]
      : [],
    ...failed > 0 ? [`${failed} requests failed; none should.`] : [],
    ...sections.flatMap(({ workload, outcome }) => [
      ...outcome.entries.filter(({ why }) => why !== undefined)
        .map(({ title, why }) => `${workload.title}: ${title}: ${why}`),
      ...outcome.problems,
    ]),
  ];
}

/** The tables of a workload, for a terminal. */
export function showSection({ workload, outcome }: Section): string {
  const tables = outcome.variations.map((variation) =>
    `${workload.title}: ${variation}\n\n${plain(tableOf(workload, outcome, variation))}\n`
  );
  return tables.join("\n");
}

/** The end of a run, for a terminal. */
export function showEnd(run: Run): string {
  const notes = caveats(run).map((text) => `! ${text}`);
  return [plain(goalTable(run.goals)), "", describe(run.machine), ...notes, ""].join("\n");
}

/** The page. @param charts those that lie beside it */
export function asMarkdown(run: Run, charts: readonly Drawn[]): string {
  const notes = caveats(run).map((text) => `- ${text}`).join("\n");
  const parts = [
    "# Results",
    `Made by \`${run.command}\`: ${run.rounds} rounds, contenders in turn. A figure is the median of the rounds; ± is half the distance between the extremes.`,
    describe(run.machine),
    ...notes === "" ? [] : [notes],
    "## Goals",
    "Ratios and differences within each round: their median, and their extremes.",
    markdown(goalTable(run.goals)),
  ];
  for (const { workload, outcome } of run.sections) {
    parts.push(`## ${workload.title}`, workload.about);
    for (const { title, name } of charts.filter((chart) => chart.workload === workload.name)) {
      parts.push(`![${title}](${name})`);
    }
    for (const variation of outcome.variations) {
      parts.push(`### ${workload.title}: ${variation}`, markdown(tableOf(workload, outcome, variation)));
    }
  }
  return parts.join("\n\n") + "\n";
}
