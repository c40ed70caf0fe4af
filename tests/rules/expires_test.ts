import assert from "node:assert/strict";
import { changeResponse, type Field } from "../../src/rules/fields.ts";
import { mergeExpiry } from "../../src/rules/expires.ts";

const NOW = Date.UTC(2026, 0, 1);

/** What a response says of its age. */
function aged(
  fields: readonly Field[],
  rules: Parameters<typeof mergeExpiry>[0],
  status = 200,
  ofFile = false,
) {
  const operation = { action: "expires", name: "Expires", expires: mergeExpiry(rules) } as const;
  const operations = [{ ...operation, ...ofFile ? { ofFile: true as const } : {} }];
  return changeResponse(fields, operations, status, false, undefined, NOW)
    .filter(([name]) => /^(cache-control|expires)$/i.test(name));
}

const HOUR = { otherwise: { from: "access", seconds: 3_600 } } as const;

Deno.test("expiry: by type, by half of it, else for all; the last word counts", () => {
  const rules = [
    HOUR,
    { types: { "text/css": { from: "access", seconds: 10 }, "image/*": { from: "access", seconds: 20 } } },
    { types: { "text/css": { from: "access", seconds: 30 } } },
  ] as const;
  const age = (type: string) => aged([["Content-Type", type]], rules)[0]![1];
  assert.equal(age("text/css; charset=utf-8"), "max-age=30");
  assert.equal(age("Image/PNG"), "max-age=20");
  assert.equal(age("text/html"), "max-age=3600");
});

Deno.test("expiry: joins Cache-Control, and leaves alone who has an Expires, errors, and what has no date", () => {
  assert.deepEqual(aged([["Cache-Control", "public"]], [HOUR]), [
    ["Cache-Control", "public, max-age=3600"],
    ["Expires", "Thu, 01 Jan 2026 01:00:00 GMT"],
  ]);
  assert.deepEqual(aged([["expires", "0"]], [HOUR]), [["expires", "0"]]);
  assert.deepEqual(aged([], [HOUR], 404), []);
  const changed = [{ otherwise: { from: "modification", seconds: 86_400 } }] as const;
  const modified: Field[] = [["Last-Modified", "Wed, 31 Dec 2025 12:00:00 GMT"]];
  assert.deepEqual(aged(modified, changed), []);
  assert.equal(aged(modified, changed, 200, true)[0]![1], "max-age=43200");
  // What is over is over now.
  assert.equal(
    aged([["Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"]], changed, 200, true)[0]![1],
    "max-age=0",
  );
});
