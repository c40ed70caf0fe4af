import assert from "node:assert/strict";
import { type Asked, Chooser, codedFields } from "../../../src/backend/compression/choice.ts";
import { filtersBy, filtersOf } from "../../../src/backend/compression/filters.ts";
import type { Field } from "../../../src/backend/http/head_text.ts";
import { compressionOf } from "../../../src/config/compression.ts";
import type { FieldOperation } from "../../../src/rules/fields.ts";

const usual = new Chooser(filtersOf(compressionOf({})));
const TEXT: Field = ["Content-Type", "text/plain; charset=utf-8"];

function asked(
  fields: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = {},
): Asked {
  return { field: (name) => fields[name], rules: { variables } };
}
const GZIP = asked({ "accept-encoding": "gzip" });

/** The coding that is chosen, `as is` where another client would get one, `untouched` where nobody would. */
function chosen(
  chooser: Chooser,
  by: Asked,
  fields: readonly Field[],
  status = 200,
  length?: number,
): string {
  const choice = chooser.choose(by, status, fields, length);
  return choice === undefined ? "untouched" : choice.filter?.coding ?? "as is";
}

Deno.test("a Chooser goes by what a client accepts, and by the order of the codings among equals", () => {
  const by = (accepted: string | undefined) =>
    chosen(usual, accepted === undefined ? asked({}) : asked({ "accept-encoding": accepted }), [TEXT]);
  assert.equal(by(undefined), "as is");
  assert.equal(by(""), "as is");
  assert.equal(by("gzip, deflate, br, zstd"), "zstd");
  assert.equal(by("gzip, br"), "br");
  assert.equal(by("br;q=0.5, gzip;q=0.8"), "gzip");
  assert.equal(by("gzip;q=0"), "as is");
  assert.equal(by("*"), "zstd");
  assert.equal(by("*;q=0"), "as is");
  assert.equal(by("identity, gzip;q=0.5"), "as is");
  assert.equal(by("deflate"), "as is");
  assert.equal(by("x-gzip"), "gzip");
});

Deno.test("a Chooser leaves alone what is no whole content of a type that it is for", () => {
  assert.equal(chosen(usual, GZIP, [TEXT]), "gzip");
  for (const status of [100, 101, 204, 205, 206]) {
    assert.equal(chosen(usual, GZIP, [TEXT], status), "untouched");
  }
  for (const status of [200, 201, 203, 300, 404, 500]) {
    assert.equal(chosen(usual, GZIP, [TEXT], status), "gzip");
  }
  const others: readonly Field[][] = [
    [],
    [["Content-Type", "image/png"]],
    [["Content-Type", "text/event-stream"]],
    [TEXT, ["Content-Encoding", "br"]],
    [TEXT, ["content-encoding", "gzip"]],
    [TEXT, ["Content-Range", "bytes 0-99/200"]],
    [TEXT, ["Cache-Control", "public, no-transform"]],
    [TEXT, ["cache-control", "NO-TRANSFORM"]],
  ];
  for (const fields of others) assert.equal(chosen(usual, GZIP, fields), "untouched", JSON.stringify(fields));
  assert.equal(chosen(usual, GZIP, [TEXT, ["Content-Encoding", "identity"]]), "gzip");
  assert.equal(chosen(usual, GZIP, [["content-type", "TEXT/HTML;charset=x"]]), "gzip");
  assert.equal(chosen(usual, GZIP, [TEXT], 200, 255), "untouched");
  assert.equal(chosen(usual, GZIP, [TEXT], 200, 256), "gzip");
  const all = new Chooser(filtersOf(compressionOf({ types: ["*"], minLength: 0 })));
  assert.equal(chosen(all, GZIP, [], 200, 1), "gzip");
  assert.equal(chosen(all, GZIP, [], 200, 0), "untouched");
  const images = new Chooser(filtersOf(compressionOf({ types: ["image/*"] })));
  assert.equal(chosen(images, GZIP, [["Content-Type", "image/png"]]), "gzip");
  assert.equal(chosen(images, GZIP, [TEXT]), "untouched");
});

Deno.test("a Chooser says that content varies, once, and to those who get it as it is too", () => {
  const vary = (fields: readonly Field[], variables = {}) =>
    usual.choose(asked({}, variables), 200, [TEXT, ...fields], undefined)!.fields.filter(([name]) =>
      /^vary$/i.test(name)
    )
      .map(([, value]) => value);
  assert.deepEqual(vary([]), ["Accept-Encoding"]);
  assert.deepEqual(vary([["Vary", "Origin"]]), ["Origin, Accept-Encoding"]);
  assert.deepEqual(vary([["vary", "Origin"], ["Vary", "accept-encoding, Cookie"]]), [
    "Origin",
    "accept-encoding, Cookie",
  ]);
  assert.deepEqual(vary([["Vary", "*"]]), ["*"]);
  assert.deepEqual(vary([["Vary", "X-Accept-Encoding"]]), ["X-Accept-Encoding, Accept-Encoding"]);
  assert.deepEqual(vary([], { "dont-vary": "1" }), []);
});

Deno.test("codedFields() leaves out what is not true of coded content, and weakens its tag", () => {
  const fields: Field[] = [
    TEXT,
    ["ETag", '"v"'],
    ["Accept-Ranges", "bytes"],
    ["Content-Length", "5"],
    ["Content-MD5", "x"],
    ["Digest", "x"],
    ["Content-Digest", "x"],
    ["Repr-Digest", "x"],
    ["Content-Encoding", "identity"],
    ["X-Other", "1"],
  ];
  const filter = { coding: "gzip", types: new Set<string>(), level: 6, tag: "weaken", others: true } as const;
  assert.deepEqual(codedFields(fields, filter), [TEXT, ["ETag", 'W/"v"'], ["X-Other", "1"], [
    "Content-Encoding",
    "gzip",
  ]]);
  assert.deepEqual(codedFields([["etag", 'W/"v"']], filter)[0], ["etag", 'W/"v"']);
  assert.deepEqual(codedFields([["ETag", '"v"']], { ...filter, tag: "keep" })[0], ["ETag", '"v"']);
  assert.deepEqual(codedFields([["ETag", '"v"']], { ...filter, tag: "remove" }), [[
    "Content-Encoding",
    "gzip",
  ]]);
});

Deno.test("of 304, a tag is weak for a client that has been given a weak one for it", () => {
  const tag = (known: string, own: string) =>
    usual.choose(asked({ "if-none-match": known }), 304, [["ETag", own]], undefined)?.fields;
  assert.deepEqual(tag('W/"v"', '"v"'), [["ETag", 'W/"v"'], ["Vary", "Accept-Encoding"]]);
  assert.deepEqual(tag('"a", W/"v"', '"v"'), [["ETag", 'W/"v"'], ["Vary", "Accept-Encoding"]]);
  assert.equal(tag('"v"', '"v"'), undefined);
  assert.equal(tag('W/"v"', 'W/"v"'), undefined);
  assert.equal(tag("*", '"v"'), undefined);
});

Deno.test("variables of rules keep content as it is: no-gzip, and no-brotli", () => {
  const accepted = { "accept-encoding": "gzip, br" };
  assert.equal(chosen(usual, asked(accepted, { "no-gzip": "1" }), [TEXT]), "br");
  assert.equal(chosen(usual, asked(accepted, { "no-brotli": "1" }), [TEXT]), "gzip");
  assert.equal(chosen(usual, asked(accepted, { "no-gzip": "1", "no-brotli": "1" }), [TEXT]), "untouched");
  const only = asked(accepted, { "gzip-only-text/html": "1", "no-brotli": "1" });
  assert.equal(chosen(usual, only, [TEXT]), "untouched");
  assert.equal(chosen(usual, only, [["Content-Type", "text/html"]]), "gzip");
});

Deno.test("filtersBy() takes what rules say of codings, each with its types and its level", () => {
  const say = (name: string, value?: string): FieldOperation => ({
    action: "compress",
    name,
    ...value === undefined ? {} : { value },
  });
  assert.equal(filtersBy([{ action: "set", name: "X", value: "1" }]), undefined);
  const filters = filtersBy([
    say("br", "level=5 text/html"),
    say("gzip", "level=1 etag=keep text/html text/css"),
  ])!;
  const chooser = new Chooser(filters);
  const both = asked({ "accept-encoding": "gzip, br" });
  assert.equal(chosen(chooser, both, [["Content-Type", "text/html"]], 200, 64), "br");
  assert.equal(chosen(chooser, both, [["Content-Type", "text/html"]], 200, 63), "untouched");
  assert.equal(chosen(chooser, both, [["Content-Type", "text/css"]]), "gzip");
  assert.equal(chosen(chooser, asked({ "accept-encoding": "br" }), [["Content-Type", "text/css"]]), "as is");
  assert.deepEqual(filters.list.map(({ level, tag }) => [level, tag]), [[5, "weaken"], [1, "keep"]]);
  assert.equal(filtersBy([say("gzip", "*"), say("none")]), undefined);
  // The types of an inner section take the place of those around it.
  const inner = filtersBy([say("gzip", "text/html"), say("br", "text/html"), say("gzip", "text/css")])!;
  assert.deepEqual(inner.list.map(({ coding, types }) => [coding, ...types]), [["gzip", "text/css"], [
    "br",
    "text/html",
  ]]);
  assert.equal(filtersBy([say("lzma", "*")]), undefined);
});
