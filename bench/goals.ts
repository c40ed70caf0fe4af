/** What the project set out to reach, as ratios within one run, and whether it did. */

import { precise } from "./formats.ts";
import type { Outcome } from "./measure.ts";
import type { WorkloadName } from "./options.ts";
import { summarize, type Summary } from "./statistics.ts";
import type { Table } from "./tables.ts";

/** One figure of one contender. */
interface Figure {
  readonly workload: WorkloadName;
  readonly variation: string;
  readonly contender: string;
  readonly metric: string;
}

interface Goal {
  readonly text: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly ours: Figure;
  /** What ours is divided by, or has subtracted; without it ours counts as it is. */
  readonly theirs?: Figure;
  /** The unit of a difference, or of a figure by itself; ratios have none. */
  readonly unit?: string;
}

/** What came of a goal. */
export interface GoalResult {
  readonly goal: string;
  readonly limit: string;
  readonly measured?: Summary;
  readonly verdict: "met" | "missed" | "not measured";
  readonly shown: string;
}

const busy = (contender: string, metric: string): Figure => ({
  workload: "connections",
  variation: "64 clients",
  contender,
  metric,
});
const kept = (contender: string): Figure => ({
  workload: "keep-alive",
  variation: "64 connections",
  contender,
  metric: "perSecond",
});
const downloaded = (contender: string): Figure => ({
  workload: "download",
  variation: "1 at a time",
  contender,
  metric: "frontPerGiB",
});
const alone = (contender: string): Figure => ({
  workload: "latency",
  variation: "one client",
  contender,
  metric: "p50",
});
const secure = (variation: string, contender: string, metric = "perSecond"): Figure => ({
  workload: "tls",
  variation,
  contender,
  metric,
});
const grown = (routes: number): Figure => ({
  workload: "growth",
  variation: "64 clients",
  contender: `routes-${routes}`,
  metric: "front",
});

const streaming = (metric: string): Figure => ({
  workload: "streams",
  variation: "idle streams",
  contender: "fdpass",
  metric,
});
const asked = (manner: string): Figure => ({
  workload: "switching",
  variation: "64 clients",
  contender: manner,
  metric: "all",
});
const logging = (variation: string, contender: string, metric: string): Figure => ({
  workload: "access-log",
  variation,
  contender,
  metric,
});
const counting = (variation: string, contender: string, metric: string): Figure => ({
  workload: "metrics",
  variation,
  contender,
  metric,
});

const GOALS: readonly Goal[] = [
  {
    text: "front CPU per hand-off, against the C floor",
    atMost: 1.15,
    ours: busy("fdpass-c", "front"),
    theirs: busy("floor", "front"),
  },
  {
    text: "front CPU per hand-off, against Apache mod_proxy_fdpass",
    atMost: 1 / 6,
    ours: busy("fdpass-c", "front"),
    theirs: busy("apache-fdpass", "front"),
  },
  {
    text: "front CPU per hand-off, against nginx proxying",
    atMost: 1 / 2,
    ours: busy("fdpass", "front"),
    theirs: busy("nginx", "front"),
  },
  {
    text: "requests/s, connection per request, C behind both, against Apache mod_proxy_fdpass",
    atLeast: 2,
    ours: busy("fdpass-c", "perSecond"),
    theirs: busy("apache-fdpass", "perSecond"),
  },
  {
    text: "requests/s, connection per request, JavaScript handler, against nginx → Deno.serve",
    atLeast: 1,
    ours: busy("fdpass", "perSecond"),
    theirs: busy("nginx", "perSecond"),
  },
  {
    text: "requests/s, keep-alive, JavaScript handler, against nginx → Deno.serve",
    atLeast: 1.3,
    ours: kept("fdpass"),
    theirs: kept("nginx"),
  },
  {
    text: "requests/s, keep-alive, JavaScript handler, against Deno.serve alone",
    atLeast: 0.7,
    ours: kept("fdpass"),
    theirs: kept("deno"),
  },
  {
    text: "front CPU per GiB downloaded, against nginx proxying",
    atMost: 1 / 1_000,
    ours: downloaded("fdpass"),
    theirs: downloaded("nginx"),
  },
  {
    text: "TLS: full handshakes/s, against nginx → Deno.serve",
    atLeast: 0.9,
    ours: secure("full handshakes", "fdpass"),
    theirs: secure("full handshakes", "nginx"),
  },
  {
    text: "TLS: resumed handshakes/s, against nginx → Deno.serve",
    atLeast: 0.9,
    ours: secure("resumed handshakes", "fdpass"),
    theirs: secure("resumed handshakes", "nginx"),
  },
  {
    text: "TLS: requests/s, keep-alive, against nginx → Deno.serve",
    atLeast: 1,
    ours: secure("kept requests", "fdpass"),
    theirs: secure("kept requests", "nginx"),
  },
  {
    text: "TLS: requests/s, keep-alive, against Deno.serve with a certificate",
    atLeast: 0.6,
    ours: secure("kept requests", "fdpass"),
    theirs: secure("kept requests", "deno"),
  },
  {
    text: "TLS: front CPU per GiB downloaded, against nginx proxying",
    atMost: 1.2,
    ours: secure("download", "fdpass", "frontPerGiB"),
    theirs: secure("download", "nginx", "frontPerGiB"),
  },
  {
    text: "front descriptors per idle stream",
    atMost: 0,
    ours: streaming("descriptors"),
  },
  {
    // Nothing, but for what a heap grows or shrinks by anyway.
    text: "front memory per idle stream",
    atMost: 64,
    ours: streaming("memory"),
    unit: "B",
  },
  {
    text: "CPU of everything per request, another site each time, against a new connection each time",
    atMost: 1,
    ours: asked("sites"),
    theirs: asked("close"),
  },
  {
    text: "CPU of everything per request, another route each time, against a new connection each time",
    atMost: 1,
    ours: asked("routes"),
    theirs: asked("close"),
  },
  {
    text: "access log: front CPU per hand-off, against none",
    atMost: 1.02,
    ours: logging("a connection per request", "combined", "front"),
    theirs: logging("a connection per request", "none", "front"),
  },
  {
    text: "access log: requests/s, keep-alive, JavaScript handler, against none",
    atLeast: 0.97,
    ours: logging("kept connections", "combined", "perSecond"),
    theirs: logging("kept connections", "none", "perSecond"),
  },
  {
    text: "figures: front CPU per hand-off, scraped every 100 ms, against no admin address",
    atMost: 1.02,
    ours: counting("a connection per request", "scraped", "front"),
    theirs: counting("a connection per request", "none", "front"),
  },
  {
    text: "figures: requests/s, keep-alive, scraped every 100 ms, against no admin address",
    atLeast: 0.98,
    ours: counting("kept connections", "scraped", "perSecond"),
    theirs: counting("kept connections", "none", "perSecond"),
  },
  {
    text: "figures: a front at rest that is scraped every 100 ms, of a core",
    atMost: 1,
    ours: counting("at rest", "scraped", "core"),
    unit: "%",
  },
  {
    text: "p50 added at low load, C backend asked directly",
    atMost: 60,
    ours: alone("fdpass-c"),
    theirs: alone("c"),
    unit: "µs",
  },
  {
    text: "p50 added at low load, fetch backend, Deno.serve asked directly",
    atMost: 60,
    ours: alone("fdpass"),
    theirs: alone("deno"),
    unit: "µs",
  },
  {
    text: "front CPU per hand-off at 10,000 routes against 1",
    atMost: 1.2,
    ours: grown(10_000),
    theirs: grown(1),
  },
];

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
  return GOALS.map((goal) => {
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
