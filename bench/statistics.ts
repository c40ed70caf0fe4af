/** Numbers out of several rounds. */

/** The middle of some numbers, their extremes, and how many they are. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly count: number;
}

/** Summarises numbers; undefined when there are none. */
export function summarize(numbers: readonly number[]): Summary | undefined {
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)!, count: sorted.length };
}

/** Half the distance between the extremes, as a share of the median. */
export function spread({ median, least, most }: Summary): number {
  return median === 0 ? 0 : (most - least) / 2 / Math.abs(median);
}
