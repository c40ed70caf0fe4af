import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { decodedPath, escapeProxied } from "../../src/rules/bytes.ts";
import { normalizePath } from "../../src/route/path.ts";

Deno.test("an encoded slash stays one, and what only looks like one does not become it", () => {
  assert.equal(decodedPath("/a%2Fb%20c%25"), "/a%2Fb c%");
  assert.equal(decodedPath("/a%252F%25252f%2541"), "/a%252F%25252f%41");
  assert.equal(escapeProxied("/a%2Fb c%"), "/a%2Fb%20c%25");
  const part = fc.constantFrom("%2F", "%25", "2F", "25", "a", "/", "%20", "%3F", "%C3%A4");
  fc.assert(fc.property(fc.array(part), (parts) => {
    const path = normalizePath(`/${parts.join("")}`);
    if (path === undefined) return;
    assert.equal(escapeProxied(decodedPath(path)), path);
  }));
});
