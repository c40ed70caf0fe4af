/** How long something has mostly taken, out of a histogram. */

import { DURATION_BOUNDS } from "../../protocol/durations.ts";
import type { DurationCounts } from "../../front/core/durations.ts";

/** A histogram, and what people read out of it. */
export interface Latency {
  /** Microseconds within which so many of a hundred were done, as far as the histogram tells; absent where none was. */
  readonly p50?: number | undefined;
  readonly p99?: number | undefined;
  /** By place: see DURATION_BOUNDS. Numbers that only grow: of two, the difference is what happened between them. */
  readonly counts: readonly number[];
  /** Seconds. */
  readonly sum: number;
}

/** Reads a histogram. */
export function latencyOf(counted: DurationCounts): Latency {
  return new Read(counted);
}

/** One that is read where somebody asks: metrics are the histogram alone. */
class Read implements Latency {
  readonly counts: readonly number[];
  readonly sum: number;

  constructor({ counts, sum }: DurationCounts) {
    this.counts = counts;
    this.sum = sum;
  }

  get p50(): number | undefined {
    return quantile(this.counts, 0.5);
  }

  get p99(): number | undefined {
    return quantile(this.counts, 0.99);
  }

  toJSON(): Latency {
    const { p50, p99, counts, sum } = this;
    return { p50, p99, counts, sum };
  }
}

/**
 * Within which time a share of all was done: as Prometheus' histogram_quantile, evenly spread between two bounds.
 *
 * @returns microseconds; undefined where there was nothing
 */
export function quantile(counts: readonly number[], share: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  const rank = share * all;
  let below = 0;
  for (const [place, count] of counts.entries()) {
    if (count === 0 || below + count < rank) {
      below += count;
      continue;
    }
    const lower = DURATION_BOUNDS[place - 1] ?? 0;
    // Of what lies above all bounds nothing is known but that.
    const upper = DURATION_BOUNDS[place] ?? lower;
    return Math.round((lower + (upper - lower) * (rank - below) / count) * 1e6);
  }
  return Math.round(DURATION_BOUNDS.at(-1)! * 1e6);
}
