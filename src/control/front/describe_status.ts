/** The status of a front, for people. */

import { oneLine } from "../log/one_line.ts";
import type { FrontStatus } from "./front_status.ts";

/**
 * Describes a status.
 *
 * @param before an earlier one, for what happens a second
 * @returns lines, the last one ended
 */
export function describeStatus(now: FrontStatus, before?: FrontStatus): string {
  const { counters, listeners, process, uptime, version, generation } = now;
  const lines = [
    `fdpass ${version}, process ${process}, up ${seconds(uptime)}, configuration ${generation}, on ${
      listeners.join(", ")
    }`,
    "",
    ...columns(
      Object.entries(counters).map(([name, count]) => {
        const rate = before && rateOf(count - before.counters[name as keyof typeof counters], now, before);
        return [name, String(count), rate === undefined ? "" : `${rate}/s`];
      }),
    ),
    "",
    ...columns([
      ["backend", "kind", "state", "socket"],
      ...now.backends.map(({ name, kind, state, socket, reason }) => [
        name,
        kind,
        reason === undefined ? state : `${state} (${reason})`,
        socket,
      ]),
    ]),
    "",
    ...columns([
      ["site", "route", "backends"],
      ...now.sites.flatMap(({ names, routes }) =>
        routes.map(({ path, backends }, index) => [
          index === 0 ? names[0] ?? "(every other host)" : "",
          path,
          backends.join(", ") || "(nobody)",
        ])
      ),
    ]),
  ];
  if (now.refusals.length > 0) {
    lines.push(
      "",
      ...columns([
        ["refused", "status", "why"],
        ...now.refusals.map(({ status, why, count }) => [String(count), String(status), why]),
      ]),
    );
  }
  return `${lines.map(oneLine).join("\n")}\n`;
}

function rateOf(count: number, now: FrontStatus, before: FrontStatus): number {
  return Math.round(count * 1_000 / Math.max(1, now.uptime - before.uptime));
}

function seconds(milliseconds: number): string {
  const all = Math.floor(milliseconds / 1_000);
  return all < 120
    ? `${all} s`
    : all < 7_200
    ? `${Math.floor(all / 60)} min`
    : `${Math.floor(all / 3_600)} h`;
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd()
  );
}
