/**
 * Tries the parsers with inputs by chance: `deno task fuzz [--seed N] [--seconds N] [TARGET…]`. The same seed makes the same
 * inputs. What does not hold is made short, shown, and kept for the tests.
 */

import { parseArgs } from "node:util";
import { processorTime } from "../support/work.ts";
import { corpusOf, keep } from "./corpus.ts";
import { Finding, fuzz } from "./engine.ts";
import { TARGETS } from "./targets.ts";

const encoder = new TextEncoder();

function say(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: { seed: { type: "string" }, seconds: { type: "string", default: "60" } },
  });
  const seed = Number(values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  const seconds = Number(values.seconds);
  const chosen = positionals.length === 0
    ? TARGETS
    : TARGETS.filter(({ name }) => positionals.includes(name));
  if (!Number.isSafeInteger(seed) || !(seconds > 0) || chosen.length === 0) {
    say(`Write --seed NUMBER, --seconds NUMBER, and names of ${TARGETS.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  say(`seed ${seed}, ${seconds} seconds for ${chosen.length} targets`);
  let found = 0;
  for (const target of chosen) {
    // Of its processor: beside others it takes longer, and tries as much.
    const end = processorTime() + seconds * 1_000 / chosen.length;
    try {
      const { tries, outcomes } = await fuzz(target, corpusOf(target.name), seed, {
        tries: Infinity,
        until: () => processorTime() >= end,
      });
      say(`${target.name}: ${tries} inputs, ${outcomes} outcomes`);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      found++;
      say(`${error.message}\n${error.cause instanceof Error ? error.cause.stack : ""}`);
      say(`It is kept in ${keep(target.name, error.input)}`);
    }
  }
  return found === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
