/** Long texts that make an expression, or a loop, go over its input again and again, if anything does. */

/** What is repeated, what stands before it and behind it. */
export type Pattern = readonly [before: string, repeated: string, behind: string];

export const PATTERNS: readonly Pattern[] = [
  ["a", " ", "b"],
  ["a", "\t", "b"],
  ["", " ", "b"],
  ["a", " \t", ""],
  ["", "a", "!"],
  ["", "a", " \x80"],
  ["", ",", "a"],
  ["a", " ,", " a b"],
  ["a", ", ", "a"],
  ["a", " ; ", "b"],
  ["a;q", "=", "a"],
  ["a;q=", "0", "x"],
  ["", "a,", "b c"],
  ["", "a ,a\t,", "b c"],
  ["", '"', "a"],
  ['"', "\\", '"'],
  ['"a', '","', '"x'],
  ["W/", "W/", '"a"'],
  ['W/"', "a", '" x'],
  ["bytes=", "0-0,", "x"],
  ["bytes=0-0,x", " ", "x"],
  ["bytes=", "1", "-"],
  ["bytes=", ",", "0-0 x"],
  ["Sun, 06 Nov 1994 08:49:37 ", " ", "GMT"],
  ["a=1; Path=/old", " ", "x"],
  ["a=1; Path", " ", "=/old"],
  ["a=1; ", "Path=/old; ", "Domain"],
  ["a=1;", " ", "Path=/old"],
  ["", "=", ""],
  ["", ";", ""],
  ["http://", "a", "/"],
  ["http://up", "/", "\\"],
  ["http://up/", "/\\", ""],
  ["/", "../", "a"],
  ["/", "%2e%2e/", "a"],
  ["/", "%FF", ""],
  ["/", "?", "#"],
  ["1.1 fdpass", " ", "(x)"],
  ["", "1.1 a,", "b"],
  ["timeout", "=", "5"],
  ["", "timeout=", "x"],
  ["200", " ", "x"],
  ["200 ", " x", ""],
  ["", "(", ")"],
  ["for=", '"[', "]"],
  ["", "\x80", ""],
  ["", "h2c,", "websocket x"],
  ["dGhlIHNhbXBsZSBub25jZQ", "=", ""],
];

/** A text of about that many characters. */
export function made([before, repeated, behind]: Pattern, size: number): string {
  return before + repeated.repeat(Math.ceil(size / repeated.length)) + behind;
}
