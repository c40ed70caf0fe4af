import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { acceptedCodings } from "../../../src/backend/static/encodings.ts";
import { parseAcceptEncoding } from "../../../src/http/accept_encoding.ts";

const ACCEPTED: readonly (readonly [value: string | undefined, names: string])[] = [
  [undefined, ""],
  ["", ""],
  ["gzip", "gzip"],
  ["GZip", "gzip"],
  ["x-gzip", "gzip"],
  ["gzip, deflate, br", "br gzip"],
  ["gzip, deflate, br, zstd", "br zstd gzip"],
  ["gzip,br", "br gzip"],
  ["deflate", ""],
  ["compress", ""],
  ["identity", ""],
  ["*", "br zstd gzip"],
  ["*;q=0", ""],
  ["gzip, *;q=0", "gzip"],
  ["gzip;q=0, *", "br zstd"],
  ["gzip;q=0", ""],
  ["gzip;q=0.000", ""],
  ["gzip;q=0.001", "gzip"],
  ["br;q=0.5, gzip;q=0.8", "gzip br"],
  ["br;q=0.8, gzip;q=0.8", "br gzip"],
  ["br;q=0.5, *;q=0.8", "zstd gzip br"],
  ["gzip ; q=0.5 , br\t;\tQ=0.7", "br gzip"],
  ["gzip;q=1.000", "gzip"],
  // Who likes the file better as it is gets it so; who does not say gets it compressed.
  ["gzip;q=0.5, identity", ""],
  ["gzip;q=0.5, identity;q=0.5", "gzip"],
  ["gzip, identity;q=0", "gzip"],
  ["br;q=0.2, gzip;q=0.6, identity;q=0.4", "gzip"],
  // Malformed members count for nothing.
  ["gzip;q=2", ""],
  ["gzip;q=0.0001", ""],
  ["gzip;q=x, br", "br"],
  ["gzip;level=9", ""],
  ["gz ip, br", "br"],
  [",,gzip,,", "gzip"],
];

Deno.test("acceptedCodings() goes by weights, then by what is best", () => {
  for (const [value, names] of ACCEPTED) {
    // The second time it remembers.
    for (let count = 0; count < 2; count++) {
      assert.equal(acceptedCodings(value).map(({ name }) => name).join(" "), names, value);
    }
  }
});

const coding = fc.constantFrom("br", "zstd", "gzip", "identity", "deflate", "*");

Deno.test("acceptedCodings() never has a coding that the client refuses, whatever it is given", () => {
  const piece = fc.oneof(coding, fc.constantFrom(",", ";q=", ";", "0", "1", "0.5", " ", "="));
  fc.assert(fc.property(fc.array(piece).map((pieces) => pieces.join("")), (value) => {
    const weights = parseAcceptEncoding(value);
    const chosen = acceptedCodings(value).map(({ name }) => weights.get(name) ?? weights.get("*") ?? 0);
    assert.ok(chosen.every((weight) => weight > 0));
    assert.deepEqual(chosen, chosen.toSorted((a, b) => b - a));
  }));
});
