import assert from "node:assert/strict";
import { type Compression, COMPRESSION_DEFAULTS } from "../../src/config/compression.ts";
import { ConfigError } from "../../src/config/error.ts";
import { parseJson } from "../../src/config/json/parse.ts";

function parse(kind: string, compress: string): Compression | undefined {
  const text = `{ "listen": "8080", "sites": [{ "to": "a" }],
"backends": { "a": { "socket": "/a.sock", ${kind}, "compress": ${compress} } } }`;
  return parseJson(text, { name: "fdpass.json", baseDirectory: "/etc" }).backends[0]!.compress;
}

const KINDS = [
  `"fetch": "./a.ts"`,
  `"static": "."`,
  `"upstream": "http://127.0.0.1:1"`,
  `"fastcgi": "fcgi://127.0.0.1:1", "root": "/srv"`,
  `"exec": ["./a"], "cgi": true`,
];

Deno.test("compress is true for what is usual, or says which responses and how", () => {
  for (const kind of KINDS) {
    assert.deepEqual(parse(kind, "true"), COMPRESSION_DEFAULTS, kind);
    assert.deepEqual(parse(kind, "{}"), COMPRESSION_DEFAULTS, kind);
    assert.equal(parse(kind, "false"), undefined, kind);
  }
  const all =
    `{"codings": ["gzip", "br"], "types": ["Text/HTML", "image/*", "*"], "minLength": "1k", "levels": {"gzip": 1}}`;
  assert.deepEqual(parse(KINDS[0]!, all), {
    codings: ["gzip", "br"],
    types: ["text/html", "image/*", "*"],
    minLength: 1024,
    levels: { ...COMPRESSION_DEFAULTS.levels, gzip: 1 },
  });
});

const FAULTY: readonly (readonly [compress: string, message: RegExp])[] = [
  ['"yes"', /compress: Found "yes"; write true, or an object such as/],
  ["[]", /compress: Found a list; write true, or an object/],
  ['{"coding": ["gzip"]}', /compress\.coding: Unknown key; the nearest known key is "codings"/],
  ['{"gzip": 6}', /compress\.gzip: Unknown key here; write "gzip" in "levels" of "compress"/],
  ['{"codings": "gzip"}', /compress\.codings: Found "gzip"; write a list such as \["br", "gzip"\]/],
  ['{"codings": []}', /compress\.codings: Found no coding; write some of zstd, br, gzip/],
  [
    '{"codings": ["deflate"]}',
    /compress\.codings: Cannot compress with "deflate"; write some of zstd, br, gzip/,
  ],
  ['{"codings": ["br", "br"]}', /compress\.codings: Found a coding twice/],
  ['{"types": []}', /compress\.types: Found no type; write one such as "text\/html"/],
  ['{"types": ["html"]}', /compress\.types: Cannot use "html" as a media type/],
  ['{"types": ["text/html; charset=utf-8"]}', /compress\.types: Cannot use .* as a media type/],
  ['{"minLength": -1}', /compress\.minLength: /],
  ['{"minLength": "much"}', /compress\.minLength: /],
  ['{"levels": {"gzip": 10}}', /compress\.levels\.gzip: Found 10; write a whole number from 1 to 9/],
  ['{"levels": {"br": 12}}', /compress\.levels\.br: Found 12; write a whole number from 0 to 11/],
  ['{"levels": {"zstd": 0}}', /compress\.levels\.zstd: Found 0; write a whole number from 1 to 19/],
  ['{"levels": {"deflate": 1}}', /compress\.levels\.deflate: Unknown key; .*"zstd", "br", "gzip"/],
  ['{"levels": 6}', /compress\.levels: Found 6; write an object such as \{"gzip": 6\}/],
];

Deno.test("what compress cannot mean is said where it stands", () => {
  for (const [compress, message] of FAULTY) {
    assert.throws(() => parse(KINDS[1]!, compress), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message, compress);
      return true;
    });
  }
  for (const kind of [`"exec": ["./a"]`, `"upstream": "http://127.0.0.1:1", "plain": true`, `"weight": 1`]) {
    assert.throws(() => parse(kind, "true"), /Found "compress" where no requests are answered/, kind);
  }
});
