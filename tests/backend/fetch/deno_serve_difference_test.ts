/** A fetch backend behind its front beside the real `Deno.serve`: the same handlers, the same bytes. */

import assert from "node:assert/strict";
import { CASES } from "./deno_serve/cases.ts";
import { DIFFERENCES, type Parting } from "./deno_serve/differences.ts";
import { SERVER_DIFFERENCES } from "./deno_serve/server_differences.ts";
import { type Outcome, play } from "./deno_serve/outcome.ts";
import { denoSide, ownSide } from "./deno_serve/sides.ts";

/** Connections of their own at a time. */
const AT_A_TIME = 8;

function partingsOf(each: (typeof CASES)[number], deno: Outcome, own: Outcome): Parting[] {
  const parts = [...new Set([...deno.keys(), ...own.keys()])];
  return parts.filter((part) => deno.get(part) !== own.get(part))
    .map((part) => ({ each, part, deno: deno.get(part), own: own.get(part), outcome: own }));
}

Deno.test("a fetch backend does what Deno.serve does, but for the differences that are told of", async () => {
  assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length, "two cases have one name");
  await using deno = await denoSide();
  await using own = await ownSide();
  const met = new Set<string>();
  const unexplained: string[] = [];
  for (let first = 0; first < CASES.length; first += AT_A_TIME) {
    await Promise.all(
      CASES.slice(first, first + AT_A_TIME).map(async (each) => {
        const [there, here] = await Promise.all([play(deno, each), play(own, each)]);
        assert.ok(there.size + here.size > 1, `nothing was seen of ${each.name}`);
        for (const parting of partingsOf(each, there, here)) {
          const explained = DIFFERENCES.find(({ covers }) => covers(parting));
          if (explained !== undefined) met.add(explained.name);
          else unexplained.push(`${each.name}, ${parting.part}: ${parting.deno} there, ${parting.own} here`);
        }
      }),
    );
  }
  assert.deepEqual(unexplained, [], "nobody has explained these");
  const unmet = DIFFERENCES.filter(({ name }) => !met.has(name));
  assert.deepEqual(unmet.map(({ name }) => name), [], "nobody has met these differences");
});

Deno.test("docs/library.md tells of each difference to Deno.serve, and of no other", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/library.md", import.meta.url));
  const chapter = page.split(/^#+ /m).find((text) => text.startsWith("Differences to `Deno.serve`"))!;
  // Behind the heads of the table and the line below them.
  const rows = chapter.split("\n").filter((line) => line.startsWith("| ")).slice(2)
    .map((line) => line.split(" | ")[0]!.slice(2).trim());
  assert.deepEqual(rows, [...DIFFERENCES.map(({ name }) => name), ...SERVER_DIFFERENCES]);
});
