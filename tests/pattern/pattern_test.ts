import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { parsePattern } from "../../src/pattern/parser.ts";
import { Pattern, PatternError } from "../../src/pattern/pattern.ts";
import { compile } from "../../src/pattern/program.ts";
import { Search } from "../../src/pattern/search.ts";

/** The search that remembers, also for what the engine of the runtime would be asked about. */
function search(source: string, text: string): number[] | undefined {
  const { tree, groups } = parsePattern(source);
  const found = new Search(compile(tree, groups)).run(text);
  return found === undefined ? undefined : [...found];
}

function native(source: string, text: string): number[] | undefined {
  const indices = new RegExp(source, "ds").exec(text)?.indices;
  return indices === undefined ? undefined : Array.from(indices).flatMap((pair) => pair ?? [-1, -1]);
}

const CASES: readonly (readonly [string, readonly string[]])[] = [
  ["^/img/(.*)$", ["/img/", "/img/a/b", "/im"]],
  ["(a|ab)(c|bcd)(d*)", ["abcd", "xabcd"]],
  ["^/(?!\\.well-known)(.*)", ["/a", "/.well-known/x", "/"]],
  ["^((?!foo).)*$", ["bar", "a foo", "fo"]],
  ["(?<!a)b", ["ab", "cb", "b"]],
  ["(?<=ab|c)d", ["abd", "cd", "bd"]],
  ["(?:a*?)(a*)b?", ["aaab", "b"]],
  ["[^/]+\\.(?:php|html?)$", ["/a/b.php", "/a.htm", "/a.ph"]],
  ["\\bfoo\\b|\\Bx", ["a foo b", "xx", "foox"]],
  ["(?i:ABC)d", ["abcd", "aBcD"]],
  ["[\\w-]{2,3}", ["a-b", "?", "ab"]],
  ["(x?)*y", ["xxy", "y", "x"]],
  ["[a\\-z]", ["-", "b"]],
  ["\\x41\\u0042\\t", ["AB\t"]],
  ["(?<name>a)+?a", ["aa"]],
  ["", ["", "a"]],
  ["a|", ["a", "b"]],
];

Deno.test("Search finds what backtracking finds", () => {
  for (const [source, texts] of CASES) {
    for (const text of texts) {
      assert.deepEqual(search(source, text), native(source, text), `${source} ${text}`);
    }
  }
});

const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\w", "(?:a|b)", "(b)");
const expression = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(atom, fc.constantFrom("*", "+", "?", "*?", "{1,2}")).map((parts) => parts.join("")),
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => a + b),
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(?:${a}|${b})`),
    // What may match nothing is repeated in other ways by other engines.
    tie("node").map((a) => `(?:[ab]${a})*`),
    tie("node").map((a) => `(?=${a})`),
    tie("node").map((a) => `(?!${a})`),
    tie("node").map((a) => `^${a}$`),
  ),
})).node;

Deno.test("Search matches where, and as far as, the engine of the runtime does", () => {
  fc.assert(
    fc.property(
      expression,
      fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 }),
      (source, text) => {
        assert.deepEqual(search(source, text)?.slice(0, 2), native(source, text)?.slice(0, 2));
        const pattern = new Pattern(source);
        assert.deepEqual(pattern.exec(text)?.slice(0, 2), native(source, text)?.slice(0, 2));
        assert.equal(pattern.test(text), native(source, text) !== undefined);
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("Pattern takes steps in proportion to the text, also for expressions that are known to explode", () => {
  for (
    const source of [
      "^(a+)+$",
      "(a|a)*b",
      "(.*)(.*)(.*)(.*)x",
      "^(?:a?){30}a{30}$",
      "(?!.*b)c",
      "(?=(?:a+)+b)c",
      "(a*)*b",
      ".*.*=.*",
      "^(([a-z])+.)+[A-Z]([a-z])+$",
    ]
  ) {
    const pattern = new Pattern(source);
    assert.equal(pattern.isNative, false, source);
    assert.equal(pattern.test("a".repeat(20_000) + "!"), false, source);
  }
});

Deno.test("Pattern leaves to the engine of the runtime what cannot explode", () => {
  for (
    const source of [
      "^/img/(.*)$",
      "^/old(/|$)",
      "\\.php$",
      "^(?!/x)/[^/]+$",
      "^/(en|de)/(.*)\\.html?$",
      "^/a{2,4}$",
      "^",
    ]
  ) {
    assert.equal(new Pattern(source).isNative, true, source);
  }
  assert.deepEqual(new Pattern("^/IMG/(.*)", { ignoreCase: true }).exec("/img/a"), [0, 6, 5, 6]);
});

Deno.test("Pattern says what it does not take", () => {
  for (
    const [source, why] of [
      ["(a", /unterminated group/],
      ["a)", /unmatched \)/],
      ["[a", /unterminated character class/],
      ["*", /nothing to repeat/],
      ["a**", /nothing to repeat/],
      ["{1}", /nothing to repeat/],
      ["a|{1,}b", /nothing to repeat/],
      ["x*y*(?:{2})", /nothing to repeat/],
      ["(?<a>x)(?<a>y)", /duplicate capture group name/],
      ["(?<a>x)(?<a>y).*z.*", /duplicate capture group name/],
      ["(?ii:a)", /repeated flag/],
      ["(?i-i:a)", /repeated flag/],
      ["(?-:a)", /invalid flag group/],
      ["(a)\\1", /references to what a group/],
      ["(?<=a*)b", /looks behind in other lengths/],
      ["((a{1000}){1000})", /too large/],
      ["[b-a]", /out of order/],
      ["a{2,1}", /out of order/],
      ["\\", /at end of pattern/],
    ] as const
  ) {
    assert.throws(
      () => new Pattern(source),
      (error) => error instanceof PatternError && why.test(error.message),
      source,
    );
  }
});

Deno.test("Pattern takes any text for an expression or throws PatternError", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."ab()[]{}*+?|^$\\.-,1<=>!:disxukc"), maxLength: 24 }),
      (source) => {
        let pattern: Pattern;
        try {
          pattern = new Pattern(source);
        } catch (error) {
          assert.ok(error instanceof PatternError, String(error));
          return;
        }
        pattern.exec("aab1-");
      },
    ),
    { numRuns: 3_000 },
  );
});
