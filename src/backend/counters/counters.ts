/** What a backend process counts, in memory that its fronts can read at any time. */

import { monotonicMicroseconds, type PagePlace, SharedPage } from "../../../ffi/mod.ts";
import {
  COUNTERS_SERIES,
  COUNTERS_USED,
  encodeCountersHeader,
  encodeUsed,
  MAX_COUNTERS,
  PROCESS_COUNTERS,
  PROCESS_PLACES,
  type ProcessCounterName,
  SIZE_COUNTERS_HEADER,
} from "../../protocol/counters_page.ts";
import type { Clock } from "../../loop/deadlines.ts";
import { RouteCounters } from "./route_counters.ts";
import { UpstreamCounters } from "./upstream_counters.ts";

const WHOLE_PROCESS = BigInt(8 * PROCESS_PLACES);

/**
 * The counters of one process. The page is made for the first front that takes it: until then, and where there is none, the
 * numbers are kept here. From then on each is written when it changes, so that those of a killed process are all there.
 */
export class ProcessCounters {
  readonly #numbers = new Float64Array(PROCESS_PLACES);
  readonly #bytes = new Uint8Array(this.#numbers.buffer);
  readonly #routes = new Map<string, Map<string, RouteCounters>>();
  readonly #upstreams = new Map<string, UpstreamCounters>();
  /** What is in the page, or will be, in this order. */
  readonly #shown: (RouteCounters | UpstreamCounters)[] = [];
  /** For routes that find no room any more. */
  readonly #others = new RouteCounters("", "");
  #page: SharedPage | undefined;
  #place: PagePlace | undefined;
  /** Bytes that series take, in the page or once there is one. */
  #used: number;
  /** Microseconds between the clock that all processes share and this one's. */
  readonly #offset: number;
  #last = this.#others;

  /**
   * @param kind what the process does: `fetch`, `relay`
   * @param clock milliseconds, as the loop counts them
   */
  constructor(readonly kind: string, readonly clock: Clock) {
    this.#offset = Number(monotonicMicroseconds()) - clock() * 1_000;
    this.#shown.push(this.#others);
    this.#used = this.#others.size;
  }

  /** Microseconds of the clock that all processes share. */
  shared(milliseconds: number): number {
    return this.#offset + milliseconds * 1_000;
  }

  /** Adds to a counter of the whole process. */
  add(name: ProcessCounterName, amount: number): void {
    this.#numbers[PROCESS_COUNTERS.indexOf(name)]! += amount;
    this.#place?.write(this.#bytes, WHOLE_PROCESS);
  }

  /** It holds one connection more. */
  took({ site, route }: { readonly site: string; readonly route: string }): void {
    this.route(site, route).connection();
    this.add("held", 1);
  }

  /** What is counted of a route, by the names that its front gives it. */
  route(site: string, route: string): RouteCounters {
    const last = this.#last;
    if (last.site === site && last.route === route) return last;
    return this.#last = this.#routes.get(site)?.get(route) ?? this.#newRoute(site, route);
  }

  #newRoute(site: string, route: string): RouteCounters {
    const counters = new RouteCounters(site, route);
    if (!this.#hasRoom(counters)) return this.#others;
    const ofSite = this.#routes.get(site) ?? new Map<string, RouteCounters>();
    this.#routes.set(site, ofSite.set(route, counters));
    this.#add(counters);
    return counters;
  }

  /** What is counted of an upstream. @param name as its URL is spelled */
  upstream(name: string): UpstreamCounters {
    let counters = this.#upstreams.get(name);
    if (counters !== undefined) return counters;
    this.#upstreams.set(name, counters = new UpstreamCounters(name));
    if (this.#hasRoom(counters)) this.#add(counters);
    return counters;
  }

  #hasRoom({ size }: RouteCounters | UpstreamCounters): boolean {
    return COUNTERS_SERIES + this.#used + size <= MAX_COUNTERS;
  }

  #add(counters: RouteCounters | UpstreamCounters): void {
    this.#shown.push(counters);
    this.#used += counters.size;
    if (this.#page !== undefined) this.#show(this.#page, counters, this.#used);
  }

  /** The page, for a front; undefined where there can be none. The descriptor is lent. */
  page(): SharedPage | undefined {
    return this.#page ??= this.#newPage();
  }

  #newPage(): SharedPage | undefined {
    let page: SharedPage;
    try {
      page = SharedPage.create("fdpass-counters", MAX_COUNTERS);
    } catch {
      // Without a descriptor or memory to spare it serves as well; the next front asks again.
      return undefined;
    }
    page.write(0, encodeCountersHeader(this.kind, Date.now()));
    this.#place = page.place(SIZE_COUNTERS_HEADER, 8 * PROCESS_PLACES);
    this.#place.write(this.#bytes, WHOLE_PROCESS);
    let used = 0;
    for (const counters of this.#shown) this.#show(page, counters, used += counters.size);
    return page;
  }

  /** Gives a record its place. @param end behind it, from where series begin */
  #show(page: SharedPage, counters: RouteCounters | UpstreamCounters, end: number): void {
    const { names, size } = counters;
    const start = COUNTERS_SERIES + end - size;
    page.write(start, names);
    counters.showAt(page.place(start + names.length, size - names.length));
    // Last: whoever reads meanwhile reads whole records.
    page.write(COUNTERS_USED, encodeUsed(end));
  }

  /** Ends it. Fronts keep what was counted. */
  close(): void {
    this.#page?.close();
  }
}
