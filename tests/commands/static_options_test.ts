import { Command } from "commander";
import fc from "../support/properties.ts";
import assert from "node:assert/strict";
import { addKindOptions, readKind } from "../../src/commands/kinds/kinds.ts";
import { type Static, SYMLINKS } from "../../src/config/config.ts";
import { parseJson } from "../../src/config/json/parse.ts";
import { programOf, serverOf } from "../../src/control/kinds/programs.ts";
import { logOf } from "../../src/control/log/log.ts";

/** Every combination of what a static backend may be told. */
const kind: fc.Arbitrary<Static> = fc.record({
  kind: fc.constant("static" as const),
  directory: fc.constantFrom("/srv/public", "/srv/with space", "/srv/-x"),
  precompressed: fc.constant(true),
  symlinks: fc.constantFrom(...SYMLINKS),
  spa: fc.constant(true),
  maxAge: fc.integer({ min: 0, max: 0x7fff_ffff }),
  fileCache: fc.oneof(fc.constant(false as const), fc.integer({ min: 1, max: 3_600 })),
}, { requiredKeys: ["kind", "directory"], noNullPrototype: true });

Deno.test("the arguments of a static backend are read as what they were made of", () => {
  fc.assert(fc.property(kind, (value) => {
    const command = new Command();
    addKindOptions(command);
    command.parse(programOf(value).arguments(value), { from: "user" });
    assert.deepEqual(readKind(command.opts()), value);
  }));
});

Deno.test("the keys of a static backend are read as its options are", () => {
  fc.assert(fc.property(kind, ({ kind, directory, ...keys }) => {
    const backends = { files: { socket: "/a.sock", static: directory, ...keys } };
    const text = JSON.stringify({ listen: "80", sites: [{ to: "files" }], backends });
    const config = parseJson(text, { name: "f", baseDirectory: () => "/" });
    assert.deepEqual(config.backends[0]!.runs, { kind, directory, ...keys });
  }));
});

Deno.test("what is off by default may be said to be off", () => {
  const backends = { files: { socket: "/a.sock", static: "/srv", precompressed: false, spa: false } };
  const text = JSON.stringify({ listen: "80", sites: [{ to: "files" }], backends });
  const { runs } = parseJson(text, { name: "f", baseDirectory: () => "/" }).backends[0]!;
  assert.deepEqual(runs, { kind: "static", directory: "/srv" });
});

Deno.test("Apache has said which file is sent, and how: nothing is to be adjusted", async () => {
  const serve = (more: Partial<Static>) =>
    serverOf({ kind: "static", directory: "/etc/hostname", ...more }, logOf("backend a"), "a", true);
  await serve({});
  await assert.rejects(serve({ spa: true }), /^UsageError: Cannot use --spa with --apache: /);
  await assert.rejects(serve({ maxAge: 1 }), /^UsageError: Cannot use --max-age with --apache: /);
});
