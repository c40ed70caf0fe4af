import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { decodeGeneration, encodeGeneration } from "../../src/protocol/generation.ts";

const u32 = fc.nat(0xffff_ffff);
const generation = fc.record({
  number: u32,
  idleTime: u32,
  requests: u32,
  trusted: fc.string({ minLength: 1 }),
  requestRate: fc.record({
    rate: fc.integer({ min: 1, max: 10 ** 9 }).map((rate) => rate / 1_000),
    burst: u32,
  }, { noNullPrototype: true }),
  rates: fc.record({
    descriptor: u32,
    seed: u32,
    name: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => bytes.toHex()),
  }, { noNullPrototype: true }),
}, { requiredKeys: ["number", "idleTime", "requests"], noNullPrototype: true });

Deno.test("GENERATION is read as it was written, and cut off says so", () => {
  fc.assert(fc.property(generation, (terms) => {
    const bytes = encodeGeneration(terms);
    assert.deepEqual(decodeGeneration(bytes, bytes.length), terms);
    for (let length = 0; length < bytes.length; length++) {
      const cut = decodeGeneration(bytes, length);
      if (typeof cut !== "string") assert.ok(Object.keys(cut).length < Object.keys(terms).length);
    }
  }));
});
