/** docs/logs.md lists every field and directive that there is. */

import assert from "node:assert/strict";
import { DIRECTIVES, OWN, WITHOUT_VALUE } from "../../src/logs/directives.ts";
import { EVENTS } from "../../src/control/log/events.ts";
import { JSON_FIELDS } from "../../src/logs/json.ts";

const page = Deno.readTextFileSync(new URL("../../docs/logs.md", import.meta.url));

/** The first column of the table whose heading begins so. */
function names(heading: string): string[] {
  const table = page.split("\n\n").filter((block) => block.startsWith(`| ${heading} `));
  return table.flatMap((block) => [...block.matchAll(/^\| `([\w-]+)` /gm)].map(([, name]) => name!));
}

Deno.test("docs/logs.md has every key of JSON, in order", () => {
  assert.deepEqual(names("key").slice(-Object.keys(JSON_FIELDS).length), Object.keys(JSON_FIELDS));
});

Deno.test("docs/logs.md has every name of %{…}x", () => {
  assert.deepEqual(names("name").sort(), Object.keys(OWN).sort());
});

Deno.test("docs/logs.md has every directive", () => {
  for (const letter of Object.keys(DIRECTIVES)) assert.ok(page.includes(`\`%${letter}\``), letter);
  for (const letter of Object.keys(WITHOUT_VALUE)) assert.ok(page.includes(`\`%${letter}\``), letter);
});

Deno.test("docs/logs.md has every event with its level, and so has the code", () => {
  assert.deepEqual(names("event").sort(), [...EVENTS].sort());
  const told = new Map([...page.matchAll(/^\| `([\w-]+)` +\| (debug|info|warning|error|fatal) /gm)].map(
    ([, name, level]) => [name!, level!],
  ));
  const used = new Map<string, string>();
  for (const file of sourceFiles(new URL("../../src/", import.meta.url))) {
    const calls = Deno.readTextFileSync(file).matchAll(/\.(debug|info|warn|error|fatal)\(\s*([^,]*),/g);
    for (const [, level, first] of calls) {
      for (const [, name] of first!.matchAll(/"([a-z]+(?:-[a-z]+)*)"/g)) {
        if (EVENTS.some((event) => event === name)) used.set(name!, level === "warn" ? "warning" : level!);
      }
    }
  }
  const sorted = (entries: Iterable<[string, string]>) => [...entries].sort(([a], [b]) => a < b ? -1 : 1);
  assert.deepEqual(sorted(used), sorted(told));
});

function* sourceFiles(directory: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    const url = new URL(isDirectory ? `${name}/` : name, directory);
    if (isDirectory) yield* sourceFiles(url);
    else if (name.endsWith(".ts")) yield url;
  }
}
