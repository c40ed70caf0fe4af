/** What a byte may be part of in HTTP/1.1, as one table of bits, and comparison without case. */

/** `tchar`: methods, field names, connection options (RFC 9110, 5.6.2). */
export const TOKEN = 1;
/**
 * What a request target may hold before its query: visible ASCII but `#`, `?` and the backslash, which some readers of URLs
 * take for a slash.
 */
export const PATH = 2;
/** {@linkcode PATH}, `?` and the backslash. Wider than RFC 3986, since browsers send `|`, `^` or `{` as they are. */
export const TARGET = 4;
/** What a field value may hold: visible ASCII, obs-text, space and tab (RFC 9110, 5.5). */
export const VALUE = 8;
/** A `reg-name` but for its percent-encoded bytes (RFC 3986, 3.2.2). */
export const REG_NAME = 16;
/** `0`–`9`. */
export const DIGIT = 32;
/** `0`–`9`, `A`–`F`, `a`–`f`. */
export const HEX = 64;

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const DQUOTE = 0x22;
export const PERCENT = 0x25;
export const COMMA = 0x2c;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const ONE = 0x31;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;

/** The classes of each byte, as bits. */
export const CLASSES: Uint8Array = classes();

function classes(): Uint8Array {
  const table = new Uint8Array(256);
  const add = (bits: number, characters: string) => {
    for (const character of characters) table[character.charCodeAt(0)]! |= bits;
  };
  const addRange = (bits: number, first: number, last: number) => {
    for (let byte = first; byte <= last; byte++) table[byte]! |= bits;
  };
  const decimal = "0123456789";
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  add(TOKEN | REG_NAME, decimal + letters);
  add(TOKEN, "!#$%&'*+-.^_`|~");
  add(REG_NAME, "-._~" + "!$&'()*+,;=");
  add(DIGIT | HEX, decimal);
  add(HEX, "abcdefABCDEF");
  addRange(PATH | TARGET, 0x21, 0x7e);
  table["#".charCodeAt(0)]! &= ~(PATH | TARGET);
  table["?".charCodeAt(0)]! &= ~PATH;
  table["\\".charCodeAt(0)]! &= ~PATH;
  addRange(VALUE, 0x20, 0x7e);
  addRange(VALUE, 0x80, 0xff);
  add(VALUE, "\t");
  return table;
}

/** The bytes of an ASCII text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * Whether bytes[start, end) is `lower` in any case.
 *
 * Setting bit 5 lowers letters. It also maps control characters onto digits and punctuation, so the range must
 * be free of them: a token, or a field value that was checked.
 */
export function equalsAnyCase(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  if (end - start !== lower.length) return false;
  for (let at = 0; at < lower.length; at++) {
    if ((bytes[start + at]! | 0x20) !== lower[at]!) return false;
  }
  return true;
}

/** The value of a hexadecimal digit; only for bytes of class {@linkcode HEX}. */
export function hexValue(byte: number): number {
  return byte <= 0x39 ? byte - ZERO : (byte | 0x20) - 0x57;
}
