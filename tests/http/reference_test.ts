import { strict as assert } from "node:assert";
import fc from "../support/properties.ts";
import { ownReference } from "../../src/http/reference.ts";

const CASES: readonly [path: string, reference: string][] = [
  ["/", "/"],
  ["", "/"],
  ["/a?b#c", "/a?b#c"],
  ["/a//b", "/a//b"],
  ["//evil.example/", "/evil.example/"],
  ["/\\evil.example/", "/evil.example/"],
  ["\\\\evil.example/", "/evil.example/"],
  ["/\t/evil.example/", "/evil.example/"],
  ["/ /evil.example/", "/evil.example/"],
  ["/a\\b\tc d?e\\f", "/a%5Cb%09c%20d?e\\f"],
  ["/?//evil.example/", "/?//evil.example/"],
  ["/%5Cevil.example/", "/%5Cevil.example/"],
  ["/größe", "/größe"],
];

for (const [path, reference] of CASES) {
  Deno.test(`ownReference() makes ${JSON.stringify(reference)} of ${JSON.stringify(path)}`, () => {
    assert.equal(ownReference(path), reference);
  });
}

Deno.test("ownReference() leads nowhere else, as the URL standard reads it", () => {
  const piece = fc.constantFrom(
    "/",
    "\\",
    "\t",
    " ",
    "\x7f",
    "evil.example",
    "@",
    ":",
    "http:",
    "a",
    "?",
    "#",
    "..",
    "%09",
    "ä",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const reference = ownReference(`/${pieces.join("")}`);
      assert.match(reference, /^\/(?![/\\])/);
      assert.doesNotMatch(reference.split(/[?#]/)[0]!, /[\\\0-\x20\x7f]/);
      for (const base of ["http://own.example/", "https://own.example/a/b?c"]) {
        assert.equal(new URL(reference, base).host, "own.example", reference);
      }
      assert.equal(ownReference(reference), reference);
    }),
    { numRuns: 3_000 },
  );
});
