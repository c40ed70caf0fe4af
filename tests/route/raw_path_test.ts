import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { normalizePath } from "../../src/route/path.ts";
import { mappedAsWritten } from "../../src/route/raw_path.ts";
import { mappedPath } from "../../src/route/resolve_url.ts";

const CASES: readonly [
  path: string,
  prefix: string,
  mapTo: string | undefined,
  mapped: string | undefined,
][] = [
  ["/a//b", "/", undefined, "/a//b"],
  ["/a/%2e%2e/b", "/", undefined, "/a/%2e%2e/b"],
  ["/a%2fb%7e", "/", undefined, "/a%2fb%7e"],
  ["//a", "/", undefined, undefined],
  ["/app/x/../y", "/app/", undefined, "/x/../y"],
  ["/app/x/../y", "/app/", "/base/", "/base/x/../y"],
  ["/app/x//y", "/app", undefined, "/x//y"],
  ["/app//x", "/app", undefined, "//x"],
  ["/app", "/app", undefined, "/"],
  ["/app//x", "/app/", undefined, undefined],
  ["/%61pp/x", "/app/", undefined, undefined],
  ["/x/../app/y", "/app/", undefined, undefined],
  ["/app/../app/x", "/app/", undefined, undefined],
  ["/app/../app/x", "/app/", "/base/", undefined],
  ["/app/../app/x", "/app/", "/app/", "/app/../app/x"],
];

for (const [path, prefix, mapTo, mapped] of CASES) {
  Deno.test(`${path} below ${prefix}, to ${mapTo ?? "itself"}, is ${mapped ?? "not as it was written"}`, () => {
    assert.equal(mappedAsWritten(path, prefix, mapTo), mapped);
  });
}

Deno.test("whatever a client writes, a server that resolves it comes to what was decided about", () => {
  const segment = fc.constantFrom(
    ".",
    "..",
    "%2e",
    "%2E.",
    "",
    "a",
    "app",
    "%61",
    "b%2fc",
    "%2F..",
    "x|y",
    "base",
  );
  const path = fc.array(segment, { maxLength: 8 }).map((segments) => `/${segments.join("/")}`);
  const mount = fc.constantFrom<[string, string | undefined]>(
    ["/", undefined],
    ["/app", undefined],
    ["/app/", undefined],
    ["/app/", "/base/"],
    ["/app", "/base"],
    ["/app", "/base/"],
    ["/", "/base"],
  );
  fc.assert(fc.property(path, mount, (path, [prefix, mapTo]) => {
    const written = mappedAsWritten(path, prefix, mapTo);
    if (written === undefined) return;
    assert.equal(normalizePath(written), mappedPath(normalizePath(path)!, prefix, mapTo));
    // The rest is the client's, to the character.
    assert.ok(path.endsWith(written.slice((mapTo ?? "").length).replace(/^\//, "")));
  }));
});
