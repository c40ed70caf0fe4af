import assert from "node:assert/strict";
import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "../../support/properties.ts";
import { Coder, codeWhole, type Following } from "../../../src/backend/compression/coder.ts";
import { COMPRESSION_CODINGS, LEVEL_BOUNDS } from "../../../src/config/compression.ts";
import { contentOf, decode } from "./content.ts";

const coding = fc.constantFrom(...COMPRESSION_CODINGS);
const content = fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.constantFrom("even", "text", "chance"))
  .map(([size, sort]) => contentOf(sort, size));
const step = fc.tuple(fc.integer({ min: 1, max: 80_000 }), fc.constantFrom<Following>("more", "pause"));

Deno.test("codeWhole() makes what decodes to the same, at the least and the greatest level", () => {
  for (const coding of COMPRESSION_CODINGS) {
    for (const level of LEVEL_BOUNDS[coding]) {
      const text = contentOf("text", 60_000);
      assert.deepEqual(decode(coding, codeWhole(text, coding, level)), text, `${coding} ${level}`);
    }
  }
});

Deno.test("a Coder's pieces decode to what it was given, however that comes", async () => {
  await fc.assert(
    fc.asyncProperty(
      coding,
      content,
      fc.array(step, { minLength: 1, maxLength: 6 }),
      async (name, bytes, steps) => {
        const coder = new Coder(name, LEVEL_BOUNDS[name][0]);
        const made: Uint8Array[] = [];
        let at = 0;
        for (const [size, following] of steps) {
          made.push(
            ...(await coder.code(bytes.slice(at, at + size), following)).map((piece) =>
              new Uint8Array(piece)
            ),
          );
          at = Math.min(bytes.length, at + size);
          // Whoever reads has all of it in a pause.
          if (following === "pause") assert.deepEqual(decodeSoFar(name, made), bytes.slice(0, at));
        }
        made.push(...await coder.code(bytes.slice(at), "end"));
        coder.close();
        assert.deepEqual(decode(name, joined(made)), bytes);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("Zstandard's window is a small one, at the greatest level too: clients have to have 8 MiB (RFC 9659)", async () => {
  const coder = new Coder("zstd", LEVEL_BOUNDS.zstd[1]);
  const made = await coder.code(contentOf("text", 300_000), "end");
  coder.close();
  const options = { params: { [constants.ZSTD_d_windowLogMax]: 18 } };
  assert.equal(zstdDecompressSync(joined(made), options).length, 300_000);
});

/** What there is to be read of content whose end has not come. */
function decodeSoFar(name: typeof COMPRESSION_CODINGS[number], pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = joined(pieces);
  switch (name) {
    case "gzip":
      return new Uint8Array(gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
    case "br":
      return new Uint8Array(brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }));
    case "zstd":
      return new Uint8Array(zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush }));
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
