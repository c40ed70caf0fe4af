/** What a goal is. */

import type { WorkloadName } from "../options.ts";

/** One figure of one contender. */
export interface Figure {
  readonly workload: WorkloadName;
  readonly variation: string;
  readonly contender: string;
  readonly metric: string;
}

/** A figure, or two that are compared, and its limit. */
export interface Goal {
  readonly text: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly ours: Figure;
  /** What ours is divided by, or has subtracted; without it ours counts as it is. */
  readonly theirs?: Figure;
  /** The unit of a difference, or of a figure by itself; ratios have none. */
  readonly unit?: string;
  /** It is none where theirs takes no part. */
  readonly optional?: boolean;
}
