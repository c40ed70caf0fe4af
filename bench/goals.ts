/** Whether the project has reached what it set out to: {@linkcode ALL}. */

import { precise } from "./formats.ts";
import { ANSWERS } from "./goals/answers.ts";
import type { Figure, Goal } from "./goals/goal.ts";
import { HANDOFFS } from "./goals/handoffs.ts";
import { SERVICES } from "./goals/services.ts";
import type { Outcome } from "./measure.ts";
import type { WorkloadName } from "./options.ts";
import { summarize, type Summary } from "./statistics.ts";
import type { Table } from "./tables.ts";

const ALL: readonly Goal[] = [...HANDOFFS, ...ANSWERS, ...SERVICES];

/** What came of a goal. */
export interface GoalResult {
  readonly goal: string;
  readonly limit: string;
  readonly measured?: Summary;
  readonly verdict: "met" | "missed" | "not measured";
  readonly shown: string;
}

function valuesOf(outcomes: ReadonlyMap<WorkloadName, Outcome>, figure: Figure): Map<number, number> {
  const samples = outcomes.get(figure.workload)?.samples ?? [];
  return new Map(
    samples.filter(({ variation, contender }) =>
      variation === figure.variation && contender === figure.contender
    ).map(({ round, values }) => [round, values[figure.metric] ?? NaN]),
  );
}

function limitText(limit: number): string {
  return limit > 0 && limit <= 0.5 ? `1/${Math.round(1 / limit).toLocaleString("en-US")}` : String(limit);
}

/** What a goal compares, by rounds. */
function compare(
  outcomes: ReadonlyMap<WorkloadName, Outcome>,
  { ours, theirs, unit }: Goal,
): number[] {
  const own = valuesOf(outcomes, ours);
  if (theirs === undefined) return [...own.values()];
  const other = valuesOf(outcomes, theirs);
  return [...own].map(([round, value]) => {
    const against = other.get(round) ?? NaN;
    return unit === undefined ? value / against : value - against;
  });
}

/** Compares within each round, and takes the median of that. */
export function judge(outcomes: ReadonlyMap<WorkloadName, Outcome>): GoalResult[] {
  const goals = ALL.filter(({ theirs, optional }) => !optional || valuesOf(outcomes, theirs!).size > 0);
  return goals.map((goal) => {
    const { text, atMost, atLeast } = goal;
    const unit = goal.unit === undefined ? "" : ` ${goal.unit}`;
    const limit = (atMost === undefined ? `≥ ${limitText(atLeast!)}` : `≤ ${limitText(atMost)}`) + unit;
    const measured = summarize(compare(outcomes, goal));
    if (measured === undefined) return { goal: text, limit, verdict: "not measured", shown: "–" };
    const met = atMost === undefined ? measured.median >= atLeast! : measured.median <= atMost;
    const { median, least, most } = measured;
    const shown = `${precise(median)}${unit} (${precise(least)} to ${precise(most)})`;
    return { goal: text, limit, measured, verdict: met ? "met" : "missed", shown };
  });
}

/** The goals as a table. */
export function goalTable(results: readonly GoalResult[]): Table {
  return {
    head: ["Goal", "limit", "measured", "verdict"],
    rows: results.map(({ goal, limit, shown, verdict }) => [goal, limit, shown, verdict]),
  };
}
