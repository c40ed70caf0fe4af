/** Text from anywhere, made safe for a line of a log or a terminal. */

import { sanitizeControlSequences } from "@logtape/logtape";

/** What the library leaves alone: a tab, and the two separators that some viewers end a line at. */
const REST: Readonly<Record<string, string>> = { "\t": "\\t", "\u2028": "\\u2028", "\u2029": "\\u2029" };

/**
 * Writes control characters as escapes: `\n`, `\x1b`, `\x9b`. What is left cannot end a line, forge another one, or tell
 * a terminal anything.
 *
 * A backslash stays as it is: this is for people's eyes, and cannot be turned back.
 */
export function oneLine(text: string): string {
  return sanitizeControlSequences(text, { sgr: "escape", newlines: "escape" })
    .replace(/[\t\u2028\u2029]/g, (character) => REST[character]!);
}
