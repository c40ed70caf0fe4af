/** What was found before stays mended, and a little of what chance would try each time. */

import assert from "node:assert/strict";
import { Chance, mutated, pieces } from "./chance.ts";
import { corpusOf } from "./corpus.ts";
import { Finding, fuzz, tryInput } from "./engine.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** Inputs per target: the same ones in every run. */
const TRIES = 150;

for (const target of TARGETS) {
  Deno.test(`${target.name} holds for what was found before, and for ${TRIES} inputs more`, async () => {
    for (const [index, input] of corpusOf(target.name).entries()) await tryInput(target, input, index);
    const { tries, outcomes } = await fuzz(target, corpusOf(target.name), 1, {
      tries: TRIES,
      until: () => false,
    });
    assert.equal(tries, TRIES);
    assert.ok(outcomes > 5, `${outcomes} outcomes`);
  });
}

Deno.test("fuzz() finds what does not hold, makes it short, and finds the same again", async () => {
  const target: Target = {
    name: "picky",
    seeds: ["hello"],
    words: ["XY"],
    read: () => undefined,
    run(input) {
      const text = String.fromCharCode(...input);
      if (text.includes("XY")) throw new Error("XY");
      return String(text.length);
    },
  };
  const find = () => fuzz(target, [], 7, { tries: 10_000, until: () => false }).catch((error) => error);
  const found = await find();
  assert.ok(found instanceof Finding);
  assert.equal(String.fromCharCode(...found.input), "XY");
  assert.deepEqual((await find() as Finding).input, found.input);
});

Deno.test("pieces() cuts an input into what it is made of", () => {
  const chance = new Chance(3);
  for (let run = 0; run < 100; run++) {
    const input = mutated(new Uint8Array(20), [new Uint8Array(3)], [], 200, chance);
    assert.deepEqual(pieces(input, chance).flatMap((piece) => [...piece]), [...input]);
  }
});
