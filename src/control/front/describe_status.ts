/** The status of a front, for people. */

import { oneLine } from "../log/one_line.ts";
import type { BackendStatus, FrontStatus, UpstreamStatus } from "./front_status.ts";
import { type Latency, latencyOf } from "./latency.ts";

/** A table, or the lines at the top. */
export interface Section {
  readonly name: "front" | "counters" | "backends" | "routes" | "upstreams" | "refusals";
  /** The first line names the columns, in those that are tables. */
  readonly lines: readonly string[];
}

/**
 * Describes a status.
 *
 * @param before an earlier one, for what happens a second
 * @returns lines, the last one ended
 */
export function describeStatus(now: FrontStatus, before?: FrontStatus): string {
  return `${sectionsOf(now, before).map(({ lines }) => lines.join("\n")).join("\n\n")}\n`;
}

/** The same in parts, without those that are empty. */
export function sectionsOf(now: FrontStatus, before?: FrontStatus): readonly Section[] {
  const { counters, listeners, process, uptime, version, generation } = now;
  const sections: Section[] = [
    {
      name: "front",
      lines: [
        `fdpass ${version}, process ${process}, up ${seconds(uptime)}, configuration ${generation}, on ${
          listeners.join(", ")
        }`,
      ],
    },
    {
      name: "counters",
      lines: columns(
        Object.entries(counters).map(([name, count]) => {
          const rate = before && rateOf(count - before.counters[name as keyof typeof counters], now, before);
          return [name, String(count), rate === undefined ? "" : `${rate}/s`];
        }),
      ),
    },
    {
      name: "backends",
      lines: columns([
        [
          ...["backend", "kind", "state", "processes", "unacknowledged", "active"],
          ...["hand-offs", before === undefined ? "" : "/s", "p50", "p99", "socket"],
        ],
        ...now.backends.map((backend) => backendRow(backend, now, before)),
      ]),
    },
    {
      name: "routes",
      lines: columns([
        ["site", "route", "backends"],
        ...now.sites.flatMap(({ names, routes }) =>
          routes.map(({ path, backends }, index) => [
            index === 0 ? names[0] ?? "(every other host)" : "",
            path,
            backends.join(", ") || "(nobody)",
          ])
        ),
      ]),
    },
  ];
  const upstreams = now.backends.flatMap((backend) =>
    backend.upstreams.map((upstream) => upstreamRow(backend, upstream, now, before))
  );
  if (upstreams.length > 0) {
    const titles = [
      ...["upstream", "backend", "state", "under way", "requests", before === undefined ? "" : "/s"],
      ...["failed", "checks", "failed checks"],
    ];
    sections.push({ name: "upstreams", lines: columns([titles, ...upstreams]) });
  }
  if (now.refusals.length > 0) {
    const rows = now.refusals.map(({ status, why, count }) => [String(count), String(status), why]);
    sections.push({ name: "refusals", lines: columns([["refused", "status", "why"], ...rows]) });
  }
  return sections.map(({ name, lines }) => ({ name, lines: lines.map(oneLine) }));
}

/** The row of a backend. Times are those since the earlier status, where there is one and something has happened since. */
function backendRow(backend: BackendStatus, now: FrontStatus, before?: FrontStatus): string[] {
  const { name, kind, state, reason, processes, unacknowledged, active, handoffs, socket } = backend;
  const earlier = before?.backends.find((other) => other.name === name);
  const latency = earlier === undefined ? backend.latency : between(earlier.latency, backend.latency);
  const sent = handoffs.acknowledged - (earlier?.handoffs.acknowledged ?? 0);
  return [
    name,
    kind,
    reason === undefined ? state : `${state} (${reason})`,
    processes.join(" ") || "-",
    String(unacknowledged),
    String(active),
    String(handoffs.acknowledged),
    before === undefined ? "" : String(rateOf(sent, now, before)),
    duration(latency.p50),
    duration(latency.p99),
    socket,
  ];
}

/** The row of one whom a backend asks. */
function upstreamRow(
  { name }: BackendStatus,
  { upstream, state, active, requests, failures, checks, failedChecks }: UpstreamStatus,
  now: FrontStatus,
  before?: FrontStatus,
): string[] {
  const earlier = before?.backends.find((other) => other.name === name)?.upstreams
    .find((other) => other.upstream === upstream);
  return [
    upstream || "(others)",
    name,
    state,
    String(active),
    String(requests),
    before === undefined ? "" : String(rateOf(requests - (earlier?.requests ?? 0), now, before)),
    String(failures),
    String(checks),
    String(failedChecks),
  ];
}

/** What has happened between two readings of one histogram. */
function between(earlier: Latency, later: Latency): Latency {
  const counts = later.counts.map((count, place) => Math.max(0, count - (earlier.counts[place] ?? 0)));
  return latencyOf({ counts, sum: Math.max(0, later.sum - earlier.sum) });
}

function duration(microseconds: number | undefined): string {
  if (microseconds === undefined) return "-";
  if (microseconds < 1_000) return `${Math.round(microseconds)} µs`;
  return microseconds < 1e6
    ? `${(microseconds / 1e3).toFixed(1)} ms`
    : `${(microseconds / 1e6).toFixed(1)} s`;
}

export function rateOf(count: number, now: FrontStatus, before: FrontStatus): number {
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
