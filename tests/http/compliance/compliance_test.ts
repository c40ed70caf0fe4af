import assert from "node:assert/strict";
import { type Case, latin1, LIMITS, seen, show } from "./case.ts";
import { Reader } from "./reader.ts";
import { CASES, CHAPTERS } from "./table.ts";

/** What comes of a case whose bytes arrive in these pieces. */
function outcome(pieces: readonly Uint8Array[]): (string | number)[] {
  const reader = new Reader(LIMITS);
  for (const piece of pieces) reader.feed(piece);
  return [reader.then, ...reader.requests.map(seen)];
}

for (const { title, cases } of CHAPTERS) {
  Deno.test(`the parsers and each case, whole, in two pieces at every place, byte by byte: ${title}`, () => {
    for (const each of cases) {
      const [, bytes, ...expected] = each;
      const all = latin1(bytes);
      assert.deepEqual(outcome([all]), expected, show(each));
      for (let at = 1; at < all.length; at++) {
        const halves = [all.subarray(0, at), all.subarray(at)];
        assert.deepEqual(outcome(halves), expected, `${show(each)} split at ${at}`);
      }
      const single = Array.from(all, (byte) => Uint8Array.of(byte));
      assert.deepEqual(outcome(single), expected, `${show(each)} byte by byte`);
    }
  });
}

Deno.test("the compliance table has enough cases, each with its source, and none twice", () => {
  assert.ok(CASES.length >= 400, `${CASES.length} cases`);
  const known = new Map<string, Case>();
  for (const each of CASES) {
    const [source, bytes, then] = each;
    assert.match(
      source,
      /^\d{4}, [\dC]+(\.\d+)*(: .+[^.])?$/,
      "a number of an RFC and a section, and perhaps a remark",
    );
    assert.ok(typeof then === "string" || (then >= 400 && then <= 505), show(each));
    assert.ok(!known.has(bytes), `${show(each)} and ${show(known.get(bytes) ?? each)} are the same`);
    known.set(bytes, each);
  }
});
