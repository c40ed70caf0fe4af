/** What processes have counted, added up. A process is believed counts, and nothing else. */

import type { BackendKind } from "../../config/kinds.ts";
import {
  PROCESS_COUNTERS,
  PROCESS_PLACES,
  type ProcessCounterName,
  SERIES_PLACES,
  UPSTREAM_COUNTERS,
  UPSTREAM_PLACES,
  type UpstreamCounterName,
} from "../../protocol/counters_page.ts";

/** What a process may say that it does: the kinds of the configuration, and two that are none there. */
const KINDS: Readonly<Record<BackendKind["kind"] | "cgi" | "tls", true>> = {
  fetch: true,
  static: true,
  documents: true,
  exec: true,
  cgi: true,
  fastcgi: true,
  relay: true,
  tls: true,
};
const OTHER = "other";

/** What was counted of one route. */
export interface SeriesSum {
  readonly site: string;
  /** Empty for what is counted together: routes that no configuration has named. */
  readonly route: string;
  /** As many as SERIES_PLACES. */
  readonly counters: Float64Array;
}

/** What was counted of one upstream. */
export interface UpstreamSum extends Readonly<Record<UpstreamCounterName, number>> {
  /** Empty for those beyond the number that is counted apart. */
  readonly upstream: string;
}

/** What was counted by all processes of a backend, those that have ended included. */
export interface BackendSum {
  /** What its processes say that they do; `other` where they say nothing that is known here. */
  readonly kind: string;
  readonly process: Readonly<Record<ProcessCounterName, number>>;
  readonly series: readonly SeriesSum[];
  readonly upstreams: readonly UpstreamSum[];
}

/** Places of what is as it is now, and not a count: it ends with its process. */
const HELD = PROCESS_COUNTERS.indexOf("held");
const GAUGES = (["processes", "down", "active"] as const).map((name) => UPSTREAM_COUNTERS.indexOf(name));

/** The sums of one process, or of several. */
export class Sums {
  kind = OTHER;
  readonly process: Float64Array = new Float64Array(PROCESS_PLACES);
  /** By {@linkcode keyOf}. */
  readonly series: Map<string, SeriesSum> = new Map();
  readonly upstreams: Map<string, Float64Array> = new Map();

  /** Believes what a process says that it does. */
  call(kind: string): void {
    if (Object.hasOwn(KINDS, kind)) this.kind = kind;
  }

  /** The counters of a route. */
  route(site: string, route: string): SeriesSum {
    const key = keyOf(site, route);
    let found = this.series.get(key);
    if (found === undefined) {
      this.series.set(key, found = { site, route, counters: new Float64Array(SERIES_PLACES) });
    }
    return found;
  }

  /** The counters of an upstream. */
  upstream(name: string): Float64Array {
    let found = this.upstreams.get(name);
    if (found === undefined) this.upstreams.set(name, found = new Float64Array(UPSTREAM_PLACES));
    return found;
  }

  /** Nothing was counted. What it is about stays. */
  clear(): void {
    this.process.fill(0);
    for (const { counters } of this.series.values()) counters.fill(0);
    for (const counters of this.upstreams.values()) counters.fill(0);
  }

  /** Adds what others have counted. */
  add({ kind, process, series, upstreams }: Sums): void {
    if (kind !== OTHER) this.kind = kind;
    addTo(this.process, process);
    for (const { site, route, counters } of series.values()) {
      addTo(this.route(site, route).counters, counters);
    }
    for (const [name, counters] of upstreams) addTo(this.upstream(name), counters);
  }

  /** Nothing of what is as it is now is there any more. */
  end(): void {
    this.process[HELD] = 0;
    for (const counters of this.upstreams.values()) for (const place of GAUGES) counters[place] = 0;
  }

  /** All of it, by names. */
  get sum(): BackendSum {
    return {
      kind: this.kind,
      process: named(PROCESS_COUNTERS, this.process),
      series: [...this.series.values()],
      upstreams: [...this.upstreams].map(([upstream, counters]) => ({
        upstream,
        ...named(UPSTREAM_COUNTERS, counters),
      })),
    };
  }
}

/** Takes over what a process has counted of itself. */
export function growProcess(before: Float64Array, now: Float64Array): void {
  grow(before, now);
  before[HELD] = countOf(now[HELD]!);
}

/** The same of an upstream. @param now of all upstreams that are counted together */
export function growUpstream(before: Float64Array, now: Float64Array): void {
  grow(before, now);
  for (const place of GAUGES) before[place] = countOf(now[place]!);
}

/** Takes over the numbers that are larger than before, and are counts. */
export function grow(before: Float64Array, now: Float64Array): void {
  for (let place = 0; place < before.length; place++) {
    const number = now[place]!;
    if (number > before[place]! && isCount(number)) before[place] = number;
  }
}

/** Adds what a process says, as far as they are counts. */
export function addCounts(sum: Float64Array, said: Float64Array): void {
  for (let place = 0; place < sum.length; place++) sum[place]! += countOf(said[place]!);
}

function addTo(sum: Float64Array, more: Float64Array): void {
  for (let place = 0; place < sum.length; place++) sum[place]! += more[place]!;
}

/** What tells routes apart. */
export function keyOf(site: string, route: string): string {
  return `${site}\n${route}`;
}

function isCount(number: number): boolean {
  return number >= 0 && number <= Number.MAX_SAFE_INTEGER;
}

function countOf(number: number): number {
  return isCount(number) ? number : 0;
}

function named<Name extends string>(names: readonly Name[], numbers: Float64Array): Record<Name, number> {
  return Object.fromEntries(names.map((name, place) => [name, numbers[place]!])) as Record<Name, number>;
}
