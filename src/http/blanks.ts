/**
 * Blanks around what a field says: optional whitespace (RFC 9110, 5.6.3), which is spaces and tabs. It is cut off by
 * index: an expression that looks for blanks at the end of a text starts anew at each of those in the middle.
 */

import { SP, TAB } from "./byte_classes.ts";

/**
 * A part of a text without the blanks at its beginning and its end.
 *
 * @param end offset behind the part; the text's end unless given
 */
export function withoutBlanks(text: string, start = 0, end: number = text.length): string {
  let [first, last] = [start, end];
  while (first < last && isBlank(text.charCodeAt(first))) first++;
  while (last > first && isBlank(text.charCodeAt(last - 1))) last--;
  return text.slice(first, last);
}

function isBlank(code: number): boolean {
  return code === SP || code === TAB;
}
