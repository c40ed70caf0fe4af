import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { parseAcceptEncoding, rankCodings } from "../../src/http/accept_encoding.ts";

const coding = fc.constantFrom("br", "zstd", "gzip", "identity", "deflate", "*");
const weight = fc.integer({ min: 0, max: 1000 });

Deno.test("parseAcceptEncoding() reads each weight that is written, in any layout", () => {
  const space = fc.constantFrom("", " ", "\t", "  ");
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(coding, weight), { selector: ([name]) => name }),
      space,
      (list, gap) => {
        const value = list.map(([name, thousandths]) =>
          `${name}${gap};${gap}q=${(thousandths / 1000).toFixed(3)}`
        )
          .join(`${gap},${gap}`);
        const expected = list.map(([name, thousandths]) => [name, thousandths / 1000] as const);
        assert.deepEqual(parseAcceptEncoding(value), new Map(expected));
      },
    ),
  );
});

Deno.test("rankCodings() goes by weights, then by what is better here", () => {
  const ranked = (value: string) => rankCodings(parseAcceptEncoding(value), ["zstd", "br", "gzip"]).join(" ");
  assert.equal(ranked("gzip, deflate, br, zstd"), "zstd br gzip");
  assert.equal(ranked("gzip;q=1.0, br;q=0.9, *;q=0.1"), "gzip br zstd");
  assert.equal(ranked("identity, *;q=0.5"), "");
  assert.equal(ranked("zstd;q=0, *"), "br gzip");
});
