import { strict as assert } from "node:assert";
import fc from "../support/properties.ts";
import { decodePath } from "../../src/route/decoded_path.ts";
import { normalizePath } from "../../src/route/path.ts";
import { assertLinear, assertRatio } from "../support/work.ts";

/** As short as can be: a sequence of escapes is a character if it is one by decodeURIComponent, else each is itself. */
function naiveDecode(path: string): string {
  if (path === "") return "";
  for (const escapes of path.startsWith("%") ? [4, 3, 2, 1] : []) {
    const [sequence] = new RegExp(`^(%..){${escapes}}`).exec(path) ?? [];
    if (sequence === undefined || sequence === "%2F") continue;
    try {
      const character = decodeURIComponent(sequence);
      if ([...character].length === 1) return character + naiveDecode(path.slice(sequence.length));
    } catch {
      // A shorter one may be a character.
    }
  }
  const length = path.startsWith("%") ? 3 : 1;
  return path.slice(0, length) + naiveDecode(path.slice(length));
}

const byte = fc.oneof(
  fc.integer({ min: 1, max: 255 }),
  fc.constantFrom(
    0x2f,
    0x7f,
    0x80,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xed,
    0x9f,
    0xa0,
    0xef,
    0xf0,
    0x8f,
    0x90,
  ),
  fc.constantFrom(0xf4, 0xf5, 0xff),
).map((byte) => `%${byte.toString(16).padStart(2, "0")}`);
const character = fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 })
  .filter((text) => !/[%/\\\0]/.test(text)).map((text) => encodeURIComponent(text.toWellFormed()));
const path = fc.array(fc.oneof(byte, character, fc.constantFrom("a", "/", "%2F")), { maxLength: 12 })
  .map((parts) => normalizePath("/" + parts.join(""))).filter((path) => path !== undefined);

Deno.test("decodePath() decodes what decodeURIComponent does, character by character", () => {
  fc.assert(
    fc.property(path, (path) => {
      const { text, encoded } = decodePath(path);
      assert.equal(text, naiveDecode(path), path);
      // Nothing is lost or doubled, wherever it is cut.
      for (let at = 0; at <= text.length; at++) {
        assert.equal(encoded(0, at) + encoded(at, text.length), path, `${path} at ${at}`);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("decodePath() takes time as long as the path, and no more for what cannot be decoded", async () => {
  const bad = ["%FF", "%C3", "%E2%82", "%F0%9F%98", "%ED%A0%80", "%C0%AF"];
  for (const part of bad) {
    await assertLinear(`decoding ${part}`, 10_000, (size) => {
      const path = "/" + part.repeat(size);
      return () => void decodePath(path);
    });
    const [undecodable, decodable] = [
      "/" + part.repeat(10_000),
      "/" + "%C3%A4".repeat(part.length / 6 * 10_000),
    ];
    await assertRatio(
      `decoding ${part}`,
      5,
      () => void decodePath(undecodable),
      () => void decodePath(decodable),
    );
  }
});
