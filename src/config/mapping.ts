/** Expressions that routes match paths with, and what they map paths to. */

import { MAX_NAME } from "../protocol/messages.ts";
import { Pattern, PatternError } from "../pattern/pattern.ts";
import { plainEscape } from "./path.ts";
import { quote, type Reading } from "./reading.ts";

/**
 * The expression of a route. Always this one, so that what is checked is what is run.
 *
 * @throws {PatternError} If it is none, or cannot be matched in bounded time.
 */
export function routeExpression(match: string): Pattern {
  return new Pattern(match);
}

/**
 * Reads the expression of a route.
 *
 * @param text A regular expression of JavaScript, without slashes around it.
 * @returns The same text; it is compiled again where it is used.
 */
export function readExpression(text: string): Reading<string> {
  const cannot = `Cannot match paths with ${quote(text)}`;
  if (text === "") return { fault: `${cannot}, which matches all; write "^/" to say so` };
  try {
    routeExpression(text);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return {
      fault: `${cannot} (${error.message}); write a regular expression, such as "^/img/(.*)$"`,
    };
  }
  return { value: text };
}

/**
 * Reads what stands in mapped paths in place of a prefix.
 *
 * @param text A path, which may end in the middle of a segment; characters beyond ASCII may stand unescaped.
 * @returns The path, escaped where it must be.
 */
export function readMapTo(text: string): Reading<string> {
  const cannot = `Cannot map paths to ${quote(text)}`;
  if (!text.startsWith("/")) {
    return { fault: `${cannot}, which does not start with "/"; write ${quote(`/${text}`)}` };
  }
  const reading = readMapped(text, cannot);
  // What backends get is in the normal form, whatever stands in front of it.
  if ("fault" in reading) return reading;
  return { value: reading.value.replace(/\/{2,}/g, "/").replace(/%../g, plainEscape) };
}

/**
 * Reads what an expression makes of paths.
 *
 * @param text A path with `$0` to `$9` in it; characters beyond ASCII may stand unescaped.
 * @param match The expression, which has been read.
 * @returns The template, escaped where it must be.
 */
export function readTemplate(text: string, match: string): Reading<string> {
  const cannot = `Cannot map paths to ${quote(text)}`;
  if (!/^(\/|\$[0-9])/.test(text)) {
    return { fault: `${cannot}, which starts with neither "/" nor a group; write ${quote(`/${text}`)}` };
  }
  const { groups } = routeExpression(match);
  for (const [group] of text.replaceAll("$$", "").matchAll(/\$[0-9]/g)) {
    if (Number(group[1]) <= groups) continue;
    const most = groups === 0
      ? "the expression has no groups"
      : `its groups end with $${Math.min(groups, 9)}`;
    return { fault: `${cannot}, for there is no ${group}: ${most}; write "$0" for all that it matches` };
  }
  return readMapped(text, cannot);
}

/** What prefixes and templates have in common. */
function readMapped(text: string, cannot: string): Reading<string> {
  if (/[?#]/.test(text)) {
    return { fault: `${cannot}, for queries stay as they are; write it without "?" and "#"` };
  }
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(text)) {
    return { fault: `${cannot}, which has a "." or ".." segment; write the path that it stands for` };
  }
  if (/%(?![0-9a-f]{2})|%00/i.test(text)) {
    return {
      fault: `${cannot}, which has a "%" that encodes nothing, or NUL; write "%25" for a percent sign`,
    };
  }
  if (text.includes("\\")) {
    return { fault: `${cannot}, which has a backslash; write a slash, or "%5C" if it is a part of a name` };
  }
  const value = text.toWellFormed().replace(/[^!-~]+|["<>^`{|}]/gu, encodeURIComponent);
  if (value.length > MAX_NAME) {
    return { fault: `${cannot}, which has ${value.length} bytes; write at most ${MAX_NAME}` };
  }
  return { value };
}
