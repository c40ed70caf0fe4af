/** How work grows with its input, measured in one run: a ratio, which a slow or busy machine does not change. */

import assert from "node:assert/strict";

/** The longer input has this many times the length of the shorter one. Quadratic work is that much squared. */
const FACTOR = 8;
/** Between the two: what linear work is never worse by, and quadratic work never better. */
const MOST = 3;
/** Runs, of which the best counts, while the result is not clear: others had the processor in the rest. */
const MOST_RUNS = 40;

/** What is measured. */
export type Work = () => void | Promise<void>;

/**
 * Asserts that eight times the input takes about eight times the work.
 *
 * @param what for the message
 * @param size of the shorter input; long enough for quadratic work to show beside everything else
 * @param work does it for an input of that size, which is prepared before
 */
export async function assertLinear(what: string, size: number, work: (size: number) => Work): Promise<void> {
  const [short, long] = [work(size), work(FACTOR * size)];
  // A run beforehand: the first one compiles, and caches.
  await time(short);
  let [least, most] = [await time(short), await time(long)];
  const growth = () => most / least / FACTOR;
  for (let run = 0; growth() > MOST && run < MOST_RUNS && most < HOPELESS; run++) {
    least = Math.min(least, await time(short));
    most = Math.min(most, await time(long));
  }
  const said = `${what}: ${FACTOR} times the input took ${(most / least).toFixed(1)} times the work`;
  assert.ok(growth() <= MOST, `${said} (${least.toFixed(3)} and ${most.toFixed(3)} ms)`);
}

/** Milliseconds beyond which a run is not repeated. */
const HOPELESS = 1_000;

/**
 * Asserts that one way takes at most so many times the work of another.
 *
 * @param what for the message
 */
export async function assertRatio(what: string, most: number, work: Work, other: Work): Promise<void> {
  await time(work);
  let [own, others] = [await time(work), await time(other)];
  for (let run = 0; run < MOST_RUNS && own > most * others; run++) {
    own = Math.min(own, await time(work));
    others = Math.min(others, await time(other));
  }
  assert.ok(own <= most * others, `${what}: ${own.toFixed(3)} ms beside ${others.toFixed(3)} ms`);
}

async function time(work: Work): Promise<number> {
  const start = performance.now();
  const working = work();
  if (working !== undefined) await working;
  // What takes next to no time at all is as good as this.
  return Math.max(0.01, performance.now() - start);
}
