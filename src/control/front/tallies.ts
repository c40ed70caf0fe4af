/** What the Workers of a front count: the memory that they share with the control plane, and the sums over all of them. */

import {
  BACKEND_COUNTERS,
  BACKEND_COUNTERS_SIZE,
  BackendCounters,
  type BackendCounts,
} from "../../front/core/backend_counters.ts";
import { type CounterName, Counters, COUNTERS_SIZE, MOST_REASONS } from "../../front/core/counters.ts";
import type { DurationCounts } from "../../front/core/durations.ts";
import type { Report } from "../../front/plan.ts";

/** Answers of the front's own that are alike. */
export interface AnswerCount {
  /** 0 where nothing could be answered. */
  readonly status: number;
  readonly why: string;
  readonly count: number;
}

/** One backend's counters: the memory, and our view of it. */
interface Shared {
  readonly memory: SharedArrayBuffer;
  readonly counters: BackendCounters;
}

const NONE = new Counters(new SharedArrayBuffer(COUNTERS_SIZE));

/** What nobody has waited, before there are Workers. */
const NOTHING_WAITED: DurationCounts = NONE.waited.read();

/** The counters of all Workers. What was counted once stays, whatever later configurations name. */
export class Tallies {
  /** By Worker, then by the name of a backend. */
  readonly #backends: Map<string, Shared>[];
  /** By Worker, then by place: what is counted there. */
  readonly #reasons: (Report & { readonly type: "reason" })[][];
  /** What the front has counted that this one has succeeded. */
  readonly #inherited = new Map<string, BackendCounts>();
  #inheritedAnswers: readonly AnswerCount[] = [];
  #inheritedWaits = NOTHING_WAITED;

  constructor(workers: number) {
    this.#backends = Array.from({ length: workers }, () => new Map());
    this.#reasons = Array.from({ length: workers }, () => []);
  }

  /** The Workers' indexes. */
  get workers(): number[] {
    return [...this.#backends.keys()];
  }

  /** Where a Worker counts backends, by their names. @param worker which one, from 0 */
  memory(worker: number, names: readonly string[]): Record<string, SharedArrayBuffer> {
    const known = this.#backends[worker]!;
    return Object.fromEntries(names.map((name) => {
      const shared = known.get(name) ?? newMemory();
      known.set(name, shared);
      return [name, shared.memory];
    }));
  }

  /** A Worker has said what a place stands for. */
  named(worker: number, reason: Report & { readonly type: "reason" }): void {
    const places = this.#reasons[worker]!;
    if (reason.place < MOST_REASONS) places[reason.place] = reason;
  }

  /** What was counted of a backend. */
  backend(name: string): BackendCounts {
    const counts = this.#backends.flatMap((known) => known.get(name)?.counters.read() ?? []);
    return counts.reduce(added, this.#inherited.get(name) ?? new BackendCounters().read());
  }

  /** Every backend that was ever counted. */
  get backends(): string[] {
    const known = [...this.#backends, this.#inherited].flatMap((names) => [...names.keys()]);
    return [...new Set(known)];
  }

  /** What connections have waited for a backend, of those that had to. @param counters of each Worker */
  waited(counters: readonly Counters[]): DurationCounts {
    return counters.map(({ waited }) => waited.read()).reduce(addedDurations, this.#inheritedWaits);
  }

  /** Goes on from what another front has counted. */
  inherit(waited: DurationCounts, answers: readonly AnswerCount[]): void {
    this.#inheritedWaits = waited;
    this.#inheritedAnswers = answers;
  }

  /** The same of a backend. */
  inheritBackend(name: string, counts: BackendCounts): void {
    this.#inherited.set(name, counts);
  }

  /** What the front has answered itself, most frequent first. @param counters of each Worker */
  answers(counters: readonly Counters[]): AnswerCount[] {
    const answers = new Map<string, { status: number; why: string; count: number }>(
      this.#inheritedAnswers.map((answer) => [`${answer.status} ${answer.why}`, { ...answer }]),
    );
    this.#reasons.forEach((places, worker) => {
      for (const { place, status, why } of places) {
        const key = `${status} ${why}`;
        const known = answers.get(key) ?? { status, why, count: 0 };
        known.count += counters[worker]!.reason(place);
        answers.set(key, known);
      }
    });
    return [...answers.values()].sort((a, b) => b.count - a.count);
  }
}

function newMemory(): Shared {
  const memory = new SharedArrayBuffer(BACKEND_COUNTERS_SIZE);
  return { memory, counters: new BackendCounters(memory) };
}

/** The sum of two Workers' counts. Every process tells each Worker how many connections it holds: that is no sum. */
function added(one: BackendCounts, other: BackendCounts): BackendCounts {
  const sums = Object.fromEntries(BACKEND_COUNTERS.map((name) => [name, one[name] + other[name]]));
  return {
    ...sums as Record<typeof BACKEND_COUNTERS[number], number>,
    active: Math.max(one.active, other.active),
    handover: addedDurations(one.handover, other.handover),
  };
}

/** The sum of two histograms. */
function addedDurations(one: DurationCounts, other: DurationCounts): DurationCounts {
  return {
    counts: one.counts.map((count, place) => count + other.counts[place]!),
    sum: one.sum + other.sum,
  };
}

/** The sums of all Workers' counters. */
export function addedCounters(
  workers: readonly Readonly<Record<CounterName, number>>[],
): Record<CounterName, number> {
  const sum = NONE.read();
  for (const one of workers) {
    for (const name of Object.keys(sum) as CounterName[]) sum[name] += one[name];
  }
  return sum;
}
