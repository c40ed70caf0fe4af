/**
 * What a front has counted, for the one that takes over: besides the counters that go with COMMIT everything by backend, by
 * reason and by route. It is said when nothing is under way any more, a piece at a time, so that no message gets long.
 */

import { close, type Descriptor, sharedPageFault } from "../../../ffi/mod.ts";
import { BACKEND_COUNTERS, type BackendCounts } from "../../front/core/backend_counters.ts";
import type { DurationCounts } from "../../front/core/durations.ts";
import { PROCESS_PLACES, SERIES_PLACES, UPSTREAM_PLACES } from "../../protocol/counters_page.ts";
import { DURATION_PLACES } from "../../protocol/durations.ts";
import type { Following } from "../take_over/taking.ts";
import type { Observed } from "./front_status.ts";
import type { Counters } from "../../front/core/counters.ts";
import { Sums } from "./sums.ts";
import type { WorkerGroup } from "./worker_group.ts";

/** A piece of it. Keys and kinds that are not known are ignored. */
export interface Bequeathed {
  readonly piece: Readonly<Record<string, unknown>>;
  /** A page of counters, whose process may go on writing: lent. */
  readonly page?: Descriptor;
}

/** What there is to be said. @param counters of each Worker */
export function* bequest(
  { tallies, pages }: Observed,
  counters: readonly Counters[],
  totals: Readonly<Record<string, number>>,
): Generator<Bequeathed> {
  yield {
    piece: { of: "front", totals, waited: tallies.waited(counters), answers: tallies.answers(counters) },
  };
  for (const name of tallies.backends) {
    yield { piece: { of: "backend", name, counts: tallies.backend(name) } };
  }
  for (const [backend, { kind, process, series, upstreams }] of pages.ended) {
    yield { piece: { of: "ended", backend, kind, process: [...process] } };
    for (const { site, route, counters } of series.values()) {
      yield { piece: { of: "ended", backend, site, route, counters: [...counters] } };
    }
    for (const [upstream, counters] of upstreams) {
      yield { piece: { of: "ended", backend, upstream, counters: [...counters] } };
    }
  }
  for (const { backend, fd } of pages.given) yield { piece: { of: "page", backend }, page: fd };
}

/**
 * Takes a piece over.
 *
 * @param page what came with it; this function's
 * @param add adds to the counters of a Worker
 */
function inherit(
  { tallies, pages }: Observed,
  piece: Readonly<Record<string, unknown>>,
  page: Descriptor | undefined,
  add: (totals: Readonly<Record<string, number>>) => void,
): void {
  const { of, name, backend } = piece;
  if (page !== undefined) {
    if (of === "page" && typeof backend === "string" && sharedPageFault(page) === undefined) {
      pages.take(backend, page);
    } else close(page);
    return;
  }
  if (of === "front") {
    add(piece.totals as Record<string, number>);
    tallies.inherit(durations(piece.waited), Array.isArray(piece.answers) ? piece.answers : []);
  } else if (of === "backend") tallies.inheritBackend(String(name), backendCounts(piece.counts));
  else if (of === "ended") pages.inherit(String(backend), sumsOf(piece));
}

/** What processes of a backend have counted that have ended: of themselves, or of one route or upstream. */
function sumsOf({ kind, process, site = "", route = "", upstream, counters }: Bequeathed["piece"]): Sums {
  const sums = new Sums();
  sums.call(String(kind));
  if (process !== undefined) sums.process.set(numbers(process, PROCESS_PLACES));
  else if (upstream !== undefined) sums.upstream(String(upstream)).set(numbers(counters, UPSTREAM_PLACES));
  else sums.route(String(site), String(route)).counters.set(numbers(counters, SERIES_PLACES));
  return sums;
}

/** As many numbers as there have to be, whatever another version has said. */
function numbers(value: unknown, length: number): Float64Array {
  const given: unknown[] = Array.isArray(value) ? value : [];
  return Float64Array.from({ length }, (_, place) => typeof given[place] === "number" ? given[place] : 0);
}

function durations(value: unknown): DurationCounts {
  const { counts, sum } = (value ?? {}) as Partial<DurationCounts>;
  return { counts: [...numbers(counts, DURATION_PLACES)], sum: typeof sum === "number" ? sum : 0 };
}

function backendCounts(value: unknown): BackendCounts {
  const said = (value ?? {}) as Partial<BackendCounts>;
  const counts = Object.fromEntries(BACKEND_COUNTERS.map((name) => [name, said[name] ?? 0]));
  // What its processes hold they tell this front themselves.
  return {
    ...counts as Record<typeof BACKEND_COUNTERS[number], number>,
    active: 0,
    handover: durations(said.handover),
  };
}

/**
 * What is done with what follows after the commit.
 *
 * @param totals what had been counted then
 */
export function following(
  observed: Observed,
  workers: Pick<WorkerGroup, "takeIn">,
  totals: Readonly<Record<string, number>>,
): Following {
  return {
    late: (connection) => workers.takeIn([connection]),
    counted: (piece, page) => inherit(observed, piece, page, (all) => workers.takeIn([], grown(totals, all))),
  };
}

/** By how much counters have grown since. */
function grown(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)]));
}
