import assert from "node:assert/strict";
import { NOBODY, ServerNames } from "../../src/tls/names.ts";

const names = new ServerNames([
  { names: ["example.com", "*.example.com"] },
  { names: [] },
  { names: ["deep.below.example.com"] },
]);

for (
  const [name, index] of [
    ["example.com", 0],
    ["www.example.com", 0],
    ["deep.below.example.com", 2],
    ["other.below.example.com", 0],
    ["example.org", NOBODY],
    ["com", NOBODY],
    [undefined, NOBODY],
  ] as const
) {
  Deno.test(`the site of a server name: ${name}`, () => assert.equal(names.find(name), index));
}

Deno.test("without sites nobody has a name", () =>
  assert.equal(new ServerNames([]).find("example.com"), NOBODY));
