/** How work grows with its input, measured in one run: a ratio, which a slow or busy machine does not change. */

import assert from "node:assert/strict";

/** The longer input has this many times the length of the shorter one. Quadratic work is that much squared. */
const FACTOR = 8;
/** Between the two: what linear work is never worse by, and quadratic work never better. */
const MOST = 3;
/** The best of so many runs counts: others had the processor in the rest. */
const RUNS = 5;
/** Runs beyond those, while the result is not clear. */
const MORE_RUNS = 40;

/**
 * Asserts that eight times the input takes about eight times the work.
 *
 * @param what for the message
 * @param size of the shorter input; long enough for quadratic work to show beside everything else
 * @param work does it for an input of that size, which is prepared before
 */
export function assertLinear(what: string, size: number, work: (size: number) => () => void): void {
  const [short, long] = [work(size), work(FACTOR * size)];
  // A run of each beforehand: the first one compiles, and caches.
  let [least, most] = [time(short), time(long)];
  const growth = () => most / least / FACTOR;
  for (let run = 0; run < RUNS || run < MORE_RUNS && growth() > MOST; run++) {
    least = Math.min(least, time(short));
    most = Math.min(most, time(long));
  }
  const said = `${what}: ${FACTOR} times the input took ${(most / least).toFixed(1)} times the work`;
  assert.ok(growth() <= MOST, `${said} (${least.toFixed(3)} and ${most.toFixed(3)} ms)`);
}

/**
 * Asserts that one way takes at most so many times the work of another.
 *
 * @param what for the message
 */
export function assertRatio(what: string, most: number, work: () => void, other: () => void): void {
  let [own, others] = [Infinity, Infinity];
  for (let run = 0; run < RUNS || run < MORE_RUNS && own > most * others; run++) {
    own = Math.min(own, time(work));
    others = Math.min(others, time(other));
  }
  assert.ok(own <= most * others, `${what}: ${own.toFixed(3)} ms beside ${others.toFixed(3)} ms`);
}

function time(work: () => void): number {
  const start = performance.now();
  work();
  // What takes no time at all is as good as a microsecond.
  return Math.max(0.001, performance.now() - start);
}
