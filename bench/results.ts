/** The files in bench/results: JSON with every measurement, and the page and charts that are made of it. */

import { drawAll } from "./charts/gallery.ts";
import { judge } from "./goals.ts";
import type { Machine } from "./machine.ts";
import type { Outcome, Workload } from "./measure.ts";
import type { Amounts, Options, WorkloadName } from "./options.ts";
import { WORKLOADS } from "./options.ts";
import { asMarkdown, caveats, type Run, type Section } from "./report.ts";
import { ALL } from "./workloads/all.ts";

/** The results of a whole run; another kind of run does not replace them. */
export const WHOLE: URL = new URL("./results/", import.meta.url);
/** The results of quick runs, and of runs that left something out. */
export const PARTIAL: URL = new URL("./results/partial/", import.meta.url);

/** What results.json has in it. */
interface Document {
  readonly command: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly notes: readonly string[];
  readonly amounts: Amounts;
  readonly goals: Run["goals"];
  readonly workloads: readonly (Outcome & Pick<Workload, "name" | "title"> & { metrics: object[] })[];
}

function runOf(
  { command, quick, amounts, machine, sections }: Omit<Run, "goals" | "rounds"> & { amounts: Amounts },
): Run {
  const outcomes = new Map<WorkloadName, Outcome>(
    sections.map(({ workload, outcome }) => [workload.name, outcome]),
  );
  return { command, quick, rounds: amounts.rounds, machine, sections, goals: judge(outcomes) };
}

/** Sums up what was measured. */
export function sumUp(options: Options, machine: Machine, sections: readonly Section[]): Run {
  return runOf({ ...options, machine, sections });
}

/** Writes the page and the charts of a run. */
function illustrate(run: Run, directory: URL): void {
  const charts = drawAll(run.sections);
  for (const { name, svg } of charts) Deno.writeTextFileSync(new URL(name, directory), svg);
  Deno.writeTextFileSync(new URL("results.md", directory), asMarkdown(run, charts));
}

/** Writes everything. @returns where */
export function writeResults(run: Run, { quick, only, amounts }: Options): string {
  const directory = quick || only.length < WORKLOADS.length ? PARTIAL : WHOLE;
  Deno.mkdirSync(directory, { recursive: true });
  const document: Document = {
    command: run.command,
    quick,
    machine: run.machine,
    notes: caveats(run),
    amounts,
    goals: run.goals,
    workloads: run.sections.map(({ workload: { name, title, metrics }, outcome }) => ({
      name,
      title,
      metrics: metrics.map(({ key, label }) => ({ key, label })),
      ...outcome,
    })),
  };
  Deno.writeTextFileSync(new URL("results.json", directory), JSON.stringify(document, null, 2) + "\n");
  illustrate(run, directory);
  return directory === WHOLE ? "bench/results/" : "bench/results/partial/";
}

/** Makes the page and the charts again from the measurements. */
export function redraw(directory: URL): void {
  const text = Deno.readTextFileSync(new URL("results.json", directory));
  const { workloads, ...document } = JSON.parse(text) as Document;
  const sections = workloads.flatMap(({ name, ...outcome }): Section[] => {
    const workload = ALL.find((workload) => workload.name === name);
    return workload === undefined ? [] : [{ workload, outcome }];
  });
  illustrate(runOf({ ...document, sections }), directory);
}
