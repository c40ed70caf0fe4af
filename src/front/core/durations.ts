/** How long things have taken, counted in shared memory. */

import { DURATION_PLACES, durationPlace } from "../../protocol/durations.ts";

/** Numbers that a histogram takes: its places, and the sum. */
export const DURATIONS_LENGTH: number = DURATION_PLACES + 1;

/** What a histogram has counted. */
export interface DurationCounts {
  /** By place: see DURATION_BOUNDS. */
  readonly counts: readonly number[];
  /** Seconds. */
  readonly sum: number;
}

/** One histogram, within numbers that others share. */
export class Durations {
  readonly #numbers: Float64Array;
  readonly #start: number;

  constructor(numbers: Float64Array, start: number) {
    this.#numbers = numbers;
    this.#start = start;
  }

  /** Counts a duration in milliseconds. */
  observe(milliseconds: number): void {
    const numbers = this.#numbers;
    const start = this.#start;
    numbers[start + durationPlace(milliseconds)]!++;
    numbers[start + DURATION_PLACES]! += milliseconds;
  }

  /** What has been counted so far. */
  read(): DurationCounts {
    const end = this.#start + DURATION_PLACES;
    return { counts: [...this.#numbers.subarray(this.#start, end)], sum: this.#numbers[end]! / 1_000 };
  }
}
