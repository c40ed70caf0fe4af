/** docs/logs.md lists every field and directive that there is. */

import assert from "node:assert/strict";
import { DIRECTIVES, OWN, WITHOUT_VALUE } from "../../src/logs/directives.ts";
import { JSON_FIELDS } from "../../src/logs/json.ts";

const page = Deno.readTextFileSync(new URL("../../docs/logs.md", import.meta.url));

/** The first column of the table whose heading begins so. */
function names(heading: string): string[] {
  const table = page.split("\n\n").filter((block) => block.startsWith(`| ${heading} `));
  return table.flatMap((block) => [...block.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name!));
}

Deno.test("docs/logs.md has every key of JSON, in order", () => {
  assert.deepEqual(names("key").filter((name) => name in JSON_FIELDS), Object.keys(JSON_FIELDS));
});

Deno.test("docs/logs.md has every name of %{…}x", () => {
  assert.deepEqual(names("name").sort(), Object.keys(OWN).sort());
});

Deno.test("docs/logs.md has every directive", () => {
  for (const letter of Object.keys(DIRECTIVES)) assert.ok(page.includes(`\`%${letter}\``), letter);
  for (const letter of Object.keys(WITHOUT_VALUE)) assert.ok(page.includes(`\`%${letter}\``), letter);
});
