/** Tables of what was measured, for a terminal and for Markdown. */

import type { Metric, Outcome, Workload } from "./measure.ts";
import { spread, summarize } from "./statistics.ts";

/** Rows of texts; the first column is to the left, the others to the right. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const NOTHING = "–";

/** One figure over all rounds: `8.12 ±3%`. */
function cell(metric: Metric, numbers: readonly number[]): string {
  const summary = summarize(numbers);
  if (summary === undefined) return NOTHING;
  if (metric.sum) return metric.format(numbers.reduce((sum, number) => sum + number, 0));
  const around = summary.count > 1 ? ` ±${Math.round(spread(summary) * 100)}%` : "";
  return metric.format(summary.median) + around;
}

/** The table of one variation. Who is not there is named all the same. */
export function tableOf({ metrics }: Workload, outcome: Outcome, variation: string): Table {
  const rows = outcome.entries.map(({ id, title, why }) => {
    if (why !== undefined) return [title, ...metrics.map(() => NOTHING)];
    const samples = outcome.samples.filter((sample) =>
      sample.contender === id && sample.variation === variation
    );
    return [
      title,
      ...metrics.map((metric) => {
        const numbers = samples.map(({ values }) => values[metric.key]).filter((value) =>
          value !== undefined
        );
        return cell(metric, numbers);
      }),
    ];
  });
  return { head: ["", ...metrics.map(({ label }) => label)], rows };
}

function widthsOf({ head, rows }: Table): number[] {
  return head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
}

function align(row: readonly string[], widths: readonly number[]): string[] {
  return row.map((text, column) => column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!));
}

/** For a terminal. */
export function plain(table: Table): string {
  const widths = widthsOf(table);
  return [table.head, ...table.rows].map((row) => align(row, widths).join("  ").trimEnd()).join("\n");
}

/** For Markdown, aligned as `deno fmt` has it. */
export function markdown(table: Table): string {
  const widths = widthsOf(table).map((width) => Math.max(3, width));
  const rule = widths.map((width, column) => column === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(align(table.head, widths)), line(rule), ...table.rows.map((row) => line(align(row, widths)))]
    .join("\n");
}
