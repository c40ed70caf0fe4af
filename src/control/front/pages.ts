/** The pages of counters that backend processes have given: read without asking them, and kept beyond their end. */

import { adopt, close, type Descriptor, isPageHeld, pageNumber, readPage } from "../../../ffi/mod.ts";
import type { Config } from "../../config/config.ts";
import { routeName } from "../../front/route/front_route.ts";
import {
  COUNTERS_SERIES,
  countersLength,
  MAX_COUNTERS,
  PROCESS_COUNTERS,
  PROCESS_PLACES,
  type ProcessCounterName,
  readCounters,
  SERIES_PLACES,
} from "../../protocol/counters_page.ts";

/** Pages of one backend at a time: of its processes, and of some that have ended since the last look. */
const MOST_PAGES = 1_024;
/** Routes that are counted apart, of all configurations since the start; the rest is counted together. */
const MOST_NAMES = 16_384;
/** What a process may say that it does. */
const KINDS: ReadonlySet<string> = new Set(["fetch", "static", "exec", "cgi", "relay", "tls"]);

const OTHER = "other";
const HELD = PROCESS_COUNTERS.indexOf("held");

/** What was counted of one route. */
export interface SeriesSum {
  readonly site: string;
  /** Empty for what is counted together: routes that no configuration has named. */
  readonly route: string;
  /** As many as SERIES_PLACES. */
  readonly counters: Float64Array;
}

/** What was counted by all processes of a backend, those that have ended included. */
export interface BackendSum {
  /** What its processes say that they do; `other` where they say nothing that is known here. */
  readonly kind: string;
  readonly process: Readonly<Record<ProcessCounterName, number>>;
  readonly series: readonly SeriesSum[];
}

/** One process: its page, and what was seen in it last. */
interface Page extends Sums {
  readonly number: bigint;
  readonly fd: Descriptor;
  readonly backend: string;
  /** Where it is read to: as much as it had last time. */
  room: Uint8Array<ArrayBuffer>;
  layout: Layout | undefined;
}

/** Where what lies in a page: the same from one look to the next, as long as it has not grown and no name is new. */
interface Layout {
  readonly length: number;
  readonly names: number;
  /** Where numbers are after the page was read, and what they are counted as; undefined for all others together. */
  readonly series: readonly (readonly [counters: Float64Array, known: SeriesSum | undefined])[];
  readonly process: Float64Array;
}

/** The sums of one process, or of several. */
interface Sums {
  kind: string;
  readonly process: Float64Array;
  readonly series: Map<string, SeriesSum>;
}

/** Reads pages. Owns their descriptors. */
export class Pages {
  /** By the number of the file: a process has one page for all Workers, and for channels that come and go. */
  readonly #pages = new Map<bigint, Page>();
  readonly #ended = new Map<string, Sums>();
  readonly #names = new Set<string>();
  readonly #bytes = new Uint8Array(MAX_COUNTERS);
  readonly #others = new Float64Array(SERIES_PLACES);

  /** Names of this configuration are counted apart from now on. */
  allow({ listeners }: Config): void {
    for (const listener of listeners) {
      for (const { names, routes, targets = [] } of listener.sites) {
        for (const route of [...routes, ...targets]) {
          if (this.#names.size < MOST_NAMES) this.#names.add(keyOf(names[0] ?? "", routeName(route)));
        }
      }
    }
  }

  /** A Worker has been given a page. @param fd this object's from now on; its seals have been looked at */
  take(backend: string, fd: number): void {
    const given = adopt(fd);
    const number = pageNumber(given);
    if (this.#pages.has(number)) return close(given);
    // Also where nobody ever looks, those that have ended go.
    const others = [...this.#pages.values()].filter((known) =>
      known.backend === backend && this.#stays(known)
    );
    if (others.length >= MOST_PAGES) this.#end(others[0]!);
    const room = this.#bytes.subarray(0, COUNTERS_SERIES);
    this.#pages.set(number, { ...newSums(), number, fd: given, backend, room, layout: undefined });
  }

  /** The pages of processes that go on: their descriptors are lent. */
  get given(): readonly { readonly backend: string; readonly fd: Descriptor }[] {
    return [...this.#pages.values()];
  }

  /** What processes have counted that have ended, by backend: of those up to now. */
  get ended(): readonly (Omit<BackendSum, "process"> & Pick<Sums, "process"> & {
    readonly backend: string;
  })[] {
    for (const page of this.#pages.values()) this.#stays(page);
    return [...this.#ended].map(([backend, { kind, process, series }]) => ({
      backend,
      kind,
      process,
      series: [...series.values()],
    }));
  }

  /** Goes on from what another front has seen of processes that have ended. */
  inherit(backend: string, kind: string, process: Float64Array, series: SeriesSum): void {
    const key = keyOf(series.site, series.route);
    add(this.#ended, backend, {
      kind: KINDS.has(kind) ? kind : OTHER,
      process,
      series: new Map([[key, series]]),
    });
  }

  /** What all processes have counted until now, by backend. */
  read(): Map<string, BackendSum> {
    for (const page of this.#pages.values()) this.#stays(page);
    const sums = new Map<string, Sums>();
    for (const [backend, ended] of this.#ended) add(sums, backend, ended);
    for (const page of this.#pages.values()) add(sums, page.backend, page);
    return new Map([...sums].map(([backend, { kind, process, series }]) => {
      const named = PROCESS_COUNTERS.map((name, place) => [name, process[place]!]);
      return [backend, {
        kind,
        process: Object.fromEntries(named) as Record<ProcessCounterName, number>,
        series: [...series.values()],
      }];
    }));
  }

  /** Reads a page, and says whether more is to come; otherwise it is not there any more. */
  #stays(page: Page): boolean {
    // Asked before it is read: what its process has written at last is read then.
    const held = isPageHeld(page.fd);
    this.#look(page);
    if (!held) this.#end(page);
    return held;
  }

  /** Takes over what has grown in a page. What it says is anybody's: a number that is none, or has fallen, is as it was. */
  #look(page: Page): void {
    const layout = this.#read(page);
    if (layout === undefined) return;
    const held = layout.process[HELD]!;
    grow(page.process, layout.process);
    page.process[HELD] = isCount(held) ? held : 0;
    // Of several series that are not counted apart, the sum is what grows.
    const others = this.#others.fill(0);
    for (const [counters, known] of layout.series) {
      if (known !== undefined) grow(known.counters, counters);
      else for (let place = 0; place < SERIES_PLACES; place++) others[place]! += countOf(counters[place]!);
    }
    grow(this.#of(page.series, "", "").counters, others);
  }

  /** Reads what a page has now; undefined where it is none. */
  #read(page: Page): Layout | undefined {
    let length = readPage(page.fd, page.room, 0);
    if (length < COUNTERS_SERIES) return undefined;
    const longer = countersLength(this.#bytes);
    if (longer > page.room.length) {
      page.room = this.#bytes.subarray(0, longer);
      length = readPage(page.fd, page.room, 0);
    }
    length = Math.min(length, countersLength(this.#bytes));
    if (page.layout?.length !== length || page.layout.names !== this.#names.size) {
      page.layout = this.#layoutOf(page, length);
    }
    return page.layout;
  }

  #layoutOf(page: Page, length: number): Layout | undefined {
    const now = readCounters(this.#bytes.subarray(0, length));
    if (now === undefined) return undefined;
    if (KINDS.has(now.kind)) page.kind = now.kind;
    return {
      length,
      names: this.#names.size,
      process: now.process,
      series: now.series.map(({ site, route, counters }) => [counters, this.#apart(page, site, route)]),
    };
  }

  /** The series of a name that a configuration has; undefined for any other, and where there are too many. */
  #apart(page: Page, site: string, route: string): SeriesSum | undefined {
    const key = keyOf(site, route);
    return this.#names.has(key) ? this.#of(page.series, site, route) : undefined;
  }

  #of(series: Map<string, SeriesSum>, site: string, route: string): SeriesSum {
    const key = keyOf(site, route);
    let found = series.get(key);
    if (found === undefined) {
      series.set(key, found = { site, route, counters: new Float64Array(SERIES_PLACES) });
    }
    return found;
  }

  /** A process has ended: its sums stay, its page goes. */
  #end(page: Page): void {
    this.#pages.delete(page.number);
    close(page.fd);
    page.process[HELD] = 0;
    add(this.#ended, page.backend, page);
  }

  /** Closes all of them. */
  close(): void {
    for (const { fd } of this.#pages.values()) close(fd);
    this.#pages.clear();
  }
}

function newSums(): Sums {
  return { kind: OTHER, process: new Float64Array(PROCESS_PLACES), series: new Map() };
}

function keyOf(site: string, route: string): string {
  return `${site}\n${route}`;
}

function isCount(number: number): boolean {
  return number >= 0 && number <= Number.MAX_SAFE_INTEGER;
}

function countOf(number: number): number {
  return isCount(number) ? number : 0;
}

/** Takes over the numbers that are larger than before, and are counts. */
function grow(before: Float64Array, now: Float64Array): void {
  for (let place = 0; place < before.length; place++) {
    const number = now[place]!;
    if (number > before[place]! && isCount(number)) before[place] = number;
  }
}

/** Adds one process, or several, to the sums of a backend. */
function add(sums: Map<string, Sums>, backend: string, { kind, process, series }: Sums): void {
  const sum = sums.get(backend) ?? newSums();
  sums.set(backend, sum);
  if (kind !== OTHER) sum.kind = kind;
  process.forEach((number, place) => sum.process[place]! += number);
  for (const [key, { site, route, counters }] of series) {
    const known = sum.series.get(key);
    if (known === undefined) sum.series.set(key, { site, route, counters: counters.slice() });
    else counters.forEach((number, place) => known.counters[place]! += number);
  }
}
