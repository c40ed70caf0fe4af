/** Tries parsers with changed inputs, keeps those that lead to something new, and shows the shortest that does not hold. */

import { processorTime } from "../support/work.ts";
import { Chance, mutated } from "./chance.ts";
import { bytesOf, type Target } from "./target.ts";

/**
 * Milliseconds of its processor that reading the longest input may take, the best of several: linear work takes a hundredth
 * of it.
 */
const PATIENCE = 25;
const TRIES = 20;
/** Inputs that are kept for one target. */
const MOST_KEPT = 400;

/** An input of which something does not hold. */
export class Finding extends Error {
  override name = "Finding";

  constructor(readonly target: string, readonly input: Uint8Array, cause: unknown) {
    super(`${target}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/**
 * Tries one input.
 *
 * @throws {Finding}
 */
export async function tryInput(
  target: Target,
  input: Uint8Array<ArrayBuffer>,
  seed: number,
): Promise<string> {
  try {
    const outcome = await target.run(input, new Chance(seed));
    const { patience = PATIENCE } = target;
    let best = Infinity;
    for (let tries = 0; tries < TRIES && best > patience; tries++) {
      const start = processorTime();
      target.read(input);
      best = Math.min(best, processorTime() - start);
    }
    if (best > patience) throw new Error(`${input.length} bytes take ${best.toFixed(0)} ms to read`);
    return outcome;
  } catch (error) {
    throw new Finding(target.name, input, error);
  }
}

/** When to stop: after so many tries, or when this says so. */
export interface Bounds {
  readonly tries: number;
  readonly until: () => boolean;
}

/**
 * Tries a target with its seeds, what was found before, and changes of all that.
 *
 * @returns how many inputs were tried, and how many outcomes there were
 * @throws {Finding} made as short as it can be
 */
export async function fuzz(
  target: Target,
  corpus: readonly Uint8Array[],
  seed: number,
  bounds: Bounds,
): Promise<{ readonly tries: number; readonly outcomes: number }> {
  const chance = new Chance(seed);
  const kept = [...target.seeds.map(bytesOf), ...corpus];
  const words = target.words.map(bytesOf);
  const outcomes = new Set<string>();
  for (const input of kept) outcomes.add(await tryInput(target, bytesOf(input), chance.next()));
  let tries = 0;
  for (; tries < bounds.tries && !bounds.until(); tries++) {
    const input = mutated(chance.of(kept), kept, words, target.longest ?? 4_096, chance);
    const cuts = chance.next();
    try {
      const outcome = await tryInput(target, input, cuts);
      if (outcomes.has(outcome)) continue;
      outcomes.add(outcome);
      if (kept.length < MOST_KEPT) kept.push(input);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      throw await shortened(target, error, cuts);
    }
  }
  return { tries, outcomes: outcomes.size };
}

/** Leaves out what is not needed for the same target to fail. */
async function shortened(target: Target, found: Finding, cuts: number): Promise<Finding> {
  let finding = found;
  for (let size = finding.input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= finding.input.length;) {
      const { input } = finding;
      const shorter = Uint8Array.from([...input.subarray(0, at), ...input.subarray(at + size)]);
      try {
        await tryInput(target, shorter, cuts);
        at += size;
      } catch (error) {
        if (!(error instanceof Finding)) throw error;
        finding = error;
      }
    }
  }
  return finding;
}
