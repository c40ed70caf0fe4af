/** The histogram of durations that a front and its backends have in common, so that theirs can be added up. */

/** Upper bounds in seconds, rising. What lies above the last one has a place of its own. */
export const DURATION_BOUNDS: readonly number[] = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/** Places of a histogram. */
export const DURATION_PLACES: number = DURATION_BOUNDS.length + 1;

const MILLISECONDS = Float64Array.from(DURATION_BOUNDS, (bound) => bound * 1_000);

/** The place of a duration in milliseconds. */
export function durationPlace(milliseconds: number): number {
  let place = 0;
  while (place < MILLISECONDS.length && milliseconds > MILLISECONDS[place]!) place++;
  return place;
}
