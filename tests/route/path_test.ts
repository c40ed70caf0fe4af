import { strict as assert } from "node:assert";
import fc from "../support/properties.ts";
import { normalizePath, PathNormalizer } from "../../src/route/path.ts";
import { naiveNormalize, place } from "./naive.ts";

function normalize(path: string, normalizer = new PathNormalizer()): string | undefined {
  const { bytes, pathStart, pathEnd } = place("", path);
  if (!normalizer.normalize(bytes, pathStart, pathEnd)) return undefined;
  return String.fromCharCode(...normalizer.bytes.subarray(normalizer.start, normalizer.end));
}

const CASES: readonly [path: string, normal: string | undefined][] = [
  ["", "/"],
  ["/", "/"],
  ["*", "/"],
  ["/a", "/a"],
  ["/a/", "/a/"],
  ["/a/b.c", "/a/b.c"],
  ["//", "/"],
  ["///a", "/a"],
  ["/a//b///", "/a/b/"],
  ["/.", "/"],
  ["/./", "/"],
  ["/a/.", "/a/"],
  ["/a/./b", "/a/b"],
  ["/a/..", "/"],
  ["/a/../", "/"],
  ["/a/b/..", "/a/"],
  ["/a/b/../", "/a/"],
  ["/a/b/../c", "/a/c"],
  ["/a/b/../../c", "/c"],
  ["/a//../b", "/b"],
  ["/a/...", "/a/..."],
  ["/a/..b", "/a/..b"],
  ["/a/b..", "/a/b.."],
  ["/.well-known/x", "/.well-known/x"],
  ["/..", undefined],
  ["/../a", undefined],
  ["/a/../..", undefined],
  ["/a/../../a", undefined],
  ["//..", undefined],
  ["/%61%7A%2d%5f%7e%41%39", "/az-_~A9"],
  ["/%2e", "/"],
  ["/a/%2e%2E/b", "/b"],
  ["/a/.%2e", "/"],
  ["/%2e%2e", undefined],
  ["/a%2fb", "/a%2Fb"],
  ["/a/%2f../b", "/a/%2F../b"],
  ["/a/..%2fb", "/a/..%2Fb"],
  ["/%c3%a4", "/%C3%A4"],
  ["/%25%32%65", "/%252e"],
  ["/%252e%252e/", "/%252e%252e/"],
  ["/a\\..\\b", undefined],
  ["/a\\", undefined],
  ["/%5c", "/%5C"],
  ["/a+b;c=d", "/a+b;c=d"],
  ["/\xe4", "/%E4"],
  ['/a|b^c{d}"<>`', "/a%7Cb%5Ec%7Bd%7D%22%3C%3E%60"],
  ["/[a]~!$&'()*+,;=:@-_", "/[a]~!$&'()*+,;=:@-_"],
  ["/{}/../a", "/a"],
  ["/a\0", undefined],
  ["/%", undefined],
  ["/%2", undefined],
  ["/%2/", undefined],
  ["/%zz", undefined],
  ["/%g1", undefined],
  ["/%1g", undefined],
  ["/%%61", undefined],
  ["/%zz/..", undefined],
  ["/%00", undefined],
  ["/a%00/..", undefined],
  ["a", undefined],
  ["**", undefined],
  ["%2fa", undefined],
];

for (const [path, expected] of CASES) {
  Deno.test(`PathNormalizer makes ${expected === undefined ? "nothing" : `"${expected}"`} of "${path}"`, () => {
    assert.equal(normalize(path), expected);
    assert.equal(naiveNormalize(path), expected);
  });
}

Deno.test("PathNormalizer.normalize points at a path that is normal already", () => {
  const { bytes, pathStart, pathEnd } = place("", "/a/b.c/");
  const normalizer = new PathNormalizer();
  assert.ok(normalizer.normalize(bytes, pathStart, pathEnd));
  assert.equal(normalizer.bytes, bytes);
  assert.deepEqual([normalizer.start, normalizer.end], [pathStart, pathEnd]);
});

Deno.test("PathNormalizer.normalize leaves its input alone and can be used again", () => {
  const { bytes, pathStart, pathEnd } = place("", "/%61//b");
  const before = bytes.slice();
  const normalizer = new PathNormalizer();
  normalizer.normalize(bytes, pathStart, pathEnd);
  assert.deepEqual(bytes, before);
  assert.equal(normalize("/long/%2e%2e/x", normalizer), "/x");
  assert.equal(normalize("/..", normalizer), undefined);
  assert.equal(normalize("", normalizer), "/");
});

Deno.test("PathNormalizer.normalize takes paths that are longer than its buffer", () => {
  assert.equal(normalize("/%2F".repeat(5_000)), "/%2F".repeat(5_000));
  assert.equal(normalize("/a/..".repeat(5_000)), "/");
  assert.equal(normalize("/%61".repeat(5_000)), "/a".repeat(5_000));
});

Deno.test("normalizePath encodes what cannot be in a request line", () => {
  assert.equal(normalizePath("/grö ße/"), "/gr%C3%B6%20%C3%9Fe/");
  assert.equal(normalizePath("/\ud800"), "/%EF%BF%BD");
  assert.equal(normalizePath("/😀"), "/%F0%9F%98%80");
  assert.equal(normalizePath("/100%"), undefined);
});

const TOKENS = [
  "/",
  "/",
  "/",
  "a",
  "b",
  ".",
  "..",
  "%2e",
  "%2E",
  "%2f",
  "%61",
  "%00",
  "%zz",
  "%",
  "%c3",
  "\\",
  "~",
];
const path = fc.oneof(
  fc.array(fc.constantFrom(...TOKENS), { maxLength: 12 }).map((tokens) => "/" + tokens.join("")),
  fc.array(fc.constantFrom("/a", "/%61", "/.", "/..", "/%2e%2e", "/", "/%2F"), { maxLength: 10 })
    .map((segments) => segments.join("")),
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 })
    .map((codes) => "/" + String.fromCharCode(...codes)),
);

Deno.test("PathNormalizer agrees with a normalisation of strings", () => {
  const normalizer = new PathNormalizer();
  fc.assert(
    fc.property(path, (path) => assert.equal(normalize(path, normalizer), naiveNormalize(path))),
    { numRuns: 2_000 },
  );
});

Deno.test("PathNormalizer makes a normal path of a path, from which it makes the same again", () => {
  const normalizer = new PathNormalizer();
  fc.assert(
    fc.property(path, (path) => {
      const normal = normalize(path, normalizer);
      if (normal === undefined) return;
      assert.equal(normalize(normal, normalizer), normal);
      assert.match(normal, /^\//);
      assert.doesNotMatch(normal, /\/\/|\/\.\.?(\/|$)/);
    }),
    { numRuns: 1_000 },
  );
});
