/** The status of a front on a terminal of a certain size: what there is no room for is the least important. */

import { oneLine } from "../log/one_line.ts";
import { rateOf, type Section, sectionsOf } from "./describe_status.ts";
import type { FrontStatus } from "./front_status.ts";

/** What is shown where not everything can be, in this order: who serves, what went wrong, whom relays ask, what leads where. */
const ORDER: readonly Section["name"][] = ["backends", "refusals", "upstreams", "routes"];
/** Rows that the counters take at most then, several on each. */
const COUNTER_ROWS = 2;

/**
 * Describes it.
 *
 * @param before an earlier one, for what happens a second
 * @param rows of the terminal; 0 where it does not say
 * @param columns of the terminal
 * @returns lines, no more than rows
 */
export function describeTop(
  now: FrontStatus,
  before: FrontStatus | undefined,
  rows: number,
  columns: number,
): readonly string[] {
  const sections = sectionsOf(now, before);
  const whole = sections.flatMap(({ lines }, index) => index === 0 ? lines : ["", ...lines]);
  if (rows < 1 || whole.length <= rows) return whole;
  const shown = [...sections[0]!.lines, ...briefCounters(now, before, rows, columns)].slice(0, rows);
  const inOrder = ORDER.flatMap((name) => sections.find((section) => section.name === name) ?? []);
  for (const { name, lines } of inOrder) {
    const room = rows - shown.length;
    // Its columns' names and a row, at least.
    if (room < 2) break;
    shown.push(...cut(name === "backends" ? downFirst(lines, now) : lines, room));
  }
  return shown;
}

/** The counters that are not 0, as many on a row as there is room for. */
function briefCounters(
  now: FrontStatus,
  before: FrontStatus | undefined,
  rows: number,
  columns: number,
): string[] {
  const entries = Object.entries(now.counters).filter(([, count]) => count > 0).map(([name, count]) => {
    const rate = before && rateOf(count - before.counters[name as keyof typeof now.counters], now, before);
    return `${name} ${count}${rate ? ` (${rate}/s)` : ""}`;
  });
  const lines: string[] = [];
  let line = "";
  for (const entry of entries) {
    if (line !== "" && line.length + 2 + entry.length > columns) {
      lines.push(line);
      line = "";
    }
    line += `  ${entry}`;
  }
  if (line !== "") lines.push(line);
  // On a small one it is the backends that count.
  return lines.slice(0, rows < 8 ? 1 : COUNTER_ROWS).map(oneLine);
}

/** As many lines as there is room for; the last one says how many there are besides. */
function cut(lines: readonly string[], room: number): readonly string[] {
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), `  … and ${lines.length - room + 1} more`];
}

/** Rows of backends: those first that somebody should look at. */
function downFirst([titles, ...rows]: readonly string[], { backends }: FrontStatus): readonly string[] {
  const isWell = (index: number) => backends[index]!.state === "up";
  const order = rows.map((row, index) => ({ row, well: isWell(index) }));
  const [down, up] = [order.filter(({ well }) => !well), order.filter(({ well }) => well)];
  return [titles!, ...[...down, ...up].map(({ row }) => row)];
}
