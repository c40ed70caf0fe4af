/** The pages of counters that backend processes have given: read without asking them, and kept beyond their end. */

import { adopt, close, type Descriptor, isPageHeld, pageNumber, readPage } from "../../../ffi/mod.ts";
import type { Config } from "../../config/config.ts";
import { routeName } from "../../front/route/front_route.ts";
import {
  COUNTERS_SERIES,
  countersLength,
  MAX_COUNTERS,
  readCounters,
  SERIES_PLACES,
  UPSTREAM_PLACES,
} from "../../protocol/counters_page.ts";
import { addCounts, type BackendSum, grow, growProcess, growUpstream, keyOf, Sums } from "./sums.ts";

/** Pages of one backend at a time: of its processes, and of some that have ended since the last look. */
const MOST_PAGES = 256;
/** Routes, and upstreams, that are counted apart, of all configurations since the start; the rest is counted together. */
const MOST_NAMES = 16_384;
/** Upstreams of one backend that no configuration here has named: it was started by somebody else. */
const MOST_STRANGERS = 64;

/** One process: its page, and what was seen in it last. */
interface Page {
  readonly sums: Sums;
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
  /** After the page was read. */
  readonly series: readonly Place[];
  readonly upstreams: readonly Place[];
  readonly process: Float64Array;
}

/** Where numbers are, and the sums that grow by them; undefined for all that are counted together. */
type Place = readonly [counters: Float64Array, known: Float64Array | undefined];

/** Reads pages. Owns their descriptors. */
export class Pages {
  /** By the number of the file: a process has one page for all Workers, and for channels that come and go. */
  readonly #pages = new Map<bigint, Page>();
  readonly #ended = new Map<string, Sums>();
  /** Of both, by backend: what is there stays there, and is added up anew. */
  readonly #sums = new Map<string, Sums>();
  readonly #names = new Set<string>();
  readonly #bytes = new Uint8Array(MAX_COUNTERS);
  readonly #others = new Float64Array(SERIES_PLACES);
  readonly #otherUpstreams = new Float64Array(UPSTREAM_PLACES);
  /** By backend. */
  readonly #upstreams = new Map<string, Set<string>>();
  #strangers = 0;

  /** Names of this configuration are counted apart from now on. */
  allow({ listeners, backends }: Config): void {
    for (const listener of listeners) {
      for (const { names, routes, targets = [] } of listener.sites) {
        for (const route of [...routes, ...targets]) {
          if (this.#names.size < MOST_NAMES) this.#names.add(keyOf(names[0] ?? "", routeName(route)));
        }
      }
    }
    for (const { name, runs } of backends) {
      if (runs?.kind !== "relay" && runs?.kind !== "fastcgi") continue;
      const members = runs.kind === "relay" ? runs.balancing?.members : undefined;
      for (const { upstream } of members ?? [runs]) {
        if (this.#names.size < MOST_NAMES) this.#names.add(keyOf(`to ${name}`, upstream));
      }
    }
  }

  /** A Worker has been given a page. @param fd this object's from now on; its seals have been looked at */
  take(backend: string, fd: number): void {
    const given = adopt(fd);
    const number = pageNumber(given);
    if (this.#pages.has(number)) return close(given);
    // Also where nobody ever looks, those that have ended go. What the others have is not read for that.
    const others = [...this.#pages.values()].filter((known) =>
      known.backend === backend && (isPageHeld(known.fd) || this.#stays(known))
    );
    if (others.length >= MOST_PAGES) {
      this.#look(others[0]!);
      this.#end(others[0]!);
    }
    const room = this.#bytes.subarray(0, COUNTERS_SERIES);
    this.#pages.set(number, { sums: new Sums(), number, fd: given, backend, room, layout: undefined });
  }

  /** The pages of processes that go on: their descriptors are lent. */
  get given(): readonly { readonly backend: string; readonly fd: Descriptor }[] {
    return [...this.#pages.values()];
  }

  /** What processes have counted that have ended, by backend: of those up to now. */
  get ended(): ReadonlyMap<string, Sums> {
    for (const page of this.#pages.values()) this.#stays(page);
    return this.#ended;
  }

  /** Goes on from what another front has seen of processes that have ended. */
  inherit(backend: string, sums: Sums): void {
    sums.end();
    this.#of(backend, this.#ended).add(sums);
  }

  /** What all processes have counted until now, by backend: the counters of series are valid until the next time. */
  read(): Map<string, BackendSum> {
    for (const page of this.#pages.values()) this.#stays(page);
    const sums = this.#sums;
    for (const known of sums.values()) known.clear();
    for (const [backend, ended] of this.#ended) this.#of(backend, sums).add(ended);
    for (const page of this.#pages.values()) this.#of(page.backend, sums).add(page.sums);
    return new Map([...sums].map(([backend, { sum }]) => [backend, sum]));
  }

  #of(backend: string, all: Map<string, Sums>): Sums {
    let sums = all.get(backend);
    if (sums === undefined) all.set(backend, sums = new Sums());
    return sums;
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
    const { sums } = page;
    growProcess(sums.process, layout.process);
    // Of several that are not counted apart, the sum is what grows.
    const others = this.#others.fill(0);
    for (const [counters, known] of layout.series) {
      if (known !== undefined) grow(known, counters);
      else addCounts(others, counters);
    }
    grow(sums.route("", "").counters, others);
    if (layout.upstreams.length === 0) return;
    const otherUpstreams = this.#otherUpstreams.fill(0);
    let areAllKnown = true;
    for (const [counters, known] of layout.upstreams) {
      if (known !== undefined) growUpstream(known, counters);
      else {
        areAllKnown = false;
        addCounts(otherUpstreams, counters);
      }
    }
    if (!areAllKnown || sums.upstreams.has("")) growUpstream(sums.upstream(""), otherUpstreams);
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
    const names = this.#names.size + this.#strangers;
    if (page.layout?.length !== length || page.layout.names !== names) {
      page.layout = this.#layoutOf(page, length);
    }
    return page.layout;
  }

  #layoutOf({ backend, sums }: Page, length: number): Layout | undefined {
    const now = readCounters(this.#bytes.subarray(0, length));
    if (now === undefined) return undefined;
    sums.call(now.kind);
    const series = now.series.map(({ site, route, counters }): Place => [
      counters,
      this.#names.has(keyOf(site, route)) ? sums.route(site, route).counters : undefined,
    ]);
    const upstreams = now.upstreams.map(({ name, counters }): Place => [
      counters,
      this.#knows(backend, name) ? sums.upstream(name) : undefined,
    ]);
    const names = this.#names.size + this.#strangers;
    return { length, names, process: now.process, series, upstreams };
  }

  /** Whether an upstream is counted apart: the configuration names it, or whoever has started the backend may have. */
  #knows(backend: string, upstream: string): boolean {
    if (this.#names.has(keyOf(`to ${backend}`, upstream))) return true;
    const known = this.#upstreams.get(backend) ?? new Set();
    if (known.has(upstream)) return true;
    if (known.size >= MOST_STRANGERS || !/^[!-~]{1,512}$/.test(upstream)) return false;
    this.#upstreams.set(backend, known.add(upstream));
    this.#strangers++;
    return true;
  }

  /** A process has ended: its sums stay, its page goes. */
  #end({ number, fd, backend, sums }: Page): void {
    this.#pages.delete(number);
    close(fd);
    this.inherit(backend, sums);
  }

  /** Closes all of them. */
  close(): void {
    for (const { fd } of this.#pages.values()) close(fd);
    this.#pages.clear();
  }
}
