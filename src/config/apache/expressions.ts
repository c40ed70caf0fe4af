/** Regular expressions: as httpd has them (PCRE), and as JavaScript has them. */

import { Pattern, PatternError } from "../../pattern/pattern.ts";
import { quote, type Reading } from "../reading.ts";

/** Classes of POSIX that are written within brackets. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  upper: "A-Z",
  space: "\\s",
  xdigit: "0-9A-Fa-f",
  word: "\\w",
  punct: "!-\\/:-@\\[-`{-~",
};

/** What JavaScript has not: the sign, and its name for people. */
const MISSING: readonly (readonly [RegExp, string])[] = [
  [/\(\?>/, "an atomic group"],
  [/[*+?}]\+/, "a possessive quantifier"],
  [/\(\?(?:R|\d|&|P>)/, "a recursion"],
  [/\(\?\(/, "a conditional group"],
  [/\(\*[A-Z]/, "a verb of PCRE"],
  [/\\[GKRXCQEpPhHvN]/, "an escape that only PCRE has"],
];

/**
 * Translates an expression.
 *
 * @param text as httpd reads it
 * @returns its source for a {@linkcode Pattern}
 */
export function readExpression(text: string): Reading<string> {
  const cannot = `Cannot use the expression ${quote(text)}`;
  const plain = text.replace(/\\\\/g, "").replace(/\[(?:\\.|[^\]\\])*\]/g, "[]");
  const missing = MISSING.find(([sign]) => sign.test(plain));
  if (missing !== undefined) {
    return { fault: `${cannot}, for ${missing[1]} is not understood here; write it in another way` };
  }
  let source = text
    .replace(
      /\[:(\^?)(\w+):\]/g,
      (whole, no: string, name: string) => no === "" ? CLASSES[name] ?? whole : whole,
    )
    .replace(/\(\?P</g, "(?<")
    .replace(/(^|[^\\])\\A/g, "$1^")
    .replace(/(^|[^\\])\\[zZ]/g, "$1$$");
  const flags = /^\(\?([imsx-]+)\)/.exec(source);
  if (flags !== null) source = `(?${flags[1]}:${source.slice(flags[0].length)})`;
  try {
    new Pattern(source);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { fault: `${cannot} (${error.message}); mend it` };
  }
  return { value: source };
}

/** How many groups an expression captures. */
export function groupsOf(source: string): number {
  return new Pattern(source).groups;
}
