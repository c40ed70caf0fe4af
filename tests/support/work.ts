/**
 * How work grows with its input, measured in one run: a ratio of processor time, which neither a slow machine changes nor
 * one where others have the processor for half of the time.
 */

import assert from "node:assert/strict";
import { libc } from "../../ffi/libc.ts";

/** The longer input has this many times the length of the shorter one. */
const FACTOR = 8;
/**
 * How much more work the longer input may be than that many shorter ones: as much when work is linear, and FACTOR times as
 * much when it is quadratic.
 */
const MOST = 3;
/** Runs, of which the best counts, while the result is not clear: caches were cold in the rest, or compilers at work. */
const MOST_RUNS = 40;
/** CLOCK_THREAD_CPUTIME_ID: this thread's alone, and not while others have its processor. */
const OF_THIS_THREAD = 3;

/** What is measured. */
export type Work = () => void | Promise<void>;

/**
 * Asserts that eight times the input takes about eight times the work. Beside the longer input stand eight shorter ones:
 * they leave as much to collect, so both are interrupted for that as often.
 *
 * @param what for the message
 * @param size of the shorter input; long enough for quadratic work to show beside everything else
 * @param work does it for an input of that size, which is prepared before
 */
export async function assertLinear(what: string, size: number, work: (size: number) => Work): Promise<void> {
  const [short, long] = [work(size), work(FACTOR * size)];
  // A run beforehand: the first one compiles, and caches.
  await time(short);
  let [least, most] = [await time(short, FACTOR), await time(long)];
  for (let run = 0; most > MOST * least && run < MOST_RUNS && most < HOPELESS; run++) {
    least = Math.min(least, await time(short, FACTOR));
    most = Math.min(most, await time(long));
  }
  const said = `${what}: ${FACTOR} times the input took ${(FACTOR * most / least).toFixed(1)} times the work`;
  assert.ok(most <= MOST * least, `${said} (${(least / FACTOR).toFixed(3)} and ${most.toFixed(3)} ms)`);
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

const timespec = new BigInt64Array(2); // struct timespec: tv_sec, tv_nsec

/** Milliseconds for which this thread has had a processor (clock_gettime(2)). */
export function processorTime(): number {
  assert.equal(libc.clock_gettime(OF_THIS_THREAD, timespec), 0);
  return Number(timespec[0]) * 1_000 + Number(timespec[1]) / 1_000_000;
}

/** How long something takes so many times, in milliseconds of the processor. */
async function time(work: Work, times = 1): Promise<number> {
  const start = processorTime();
  for (let run = 0; run < times; run++) {
    const working = work();
    if (working !== undefined) await working;
  }
  // What takes next to no time at all is as good as this: quadratic work takes far more.
  return Math.max(0.1, processorTime() - start);
}
