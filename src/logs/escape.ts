/**
 * Text from anywhere, made safe for a line of an access log: what a client says cannot end the line, close a quote, or
 * tell a terminal anything.
 */

/** Printable ASCII but for the quotation mark and the backslash. */
const UNSAFE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

const NAMED: Readonly<Record<number, string>> = {
  0x08: "\\b",
  0x09: "\\t",
  0x0a: "\\n",
  0x0b: "\\v",
  0x0d: "\\r",
  0x22: '\\"',
  0x5c: "\\\\",
};

const encoder = new TextEncoder();

/**
 * Escapes as Apache's httpd does (ap_escape_logitem): `\"`, `\\`, `\n` and its like, `\xhh` for every other byte that is
 * not printable ASCII.
 *
 * @param text a character per byte, as heads are read; what is above U+00FF counts as its bytes in UTF-8
 */
export function escapeItem(text: string): string {
  return UNSAFE.test(text) ? escapeEach(text) : text;
}

function escapeEach(text: string): string {
  let out = "";
  let safeFrom = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c) continue;
    out += text.slice(safeFrom, at);
    if (code <= 0xff) out += NAMED[code] ?? hex(code);
    else {
      const character = String.fromCodePoint(text.codePointAt(at)!);
      for (const byte of encoder.encode(character)) out += hex(byte);
      at += character.length - 1;
    }
    safeFrom = at + 1;
  }
  return out + text.slice(safeFrom);
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** What JSON.stringify leaves as it is: DEL, the C1 controls, and all that is not ASCII. */
// deno-lint-ignore no-control-regex -- everything but printable ASCII is what is looked for
const NOT_ASCII = /[^\x00-\x7e]/g;
const HIGH = /[\x80-\uffff]/;
const decoder = new TextDecoder(); // not fatal: what is no UTF-8 becomes U+FFFD

/**
 * A JSON string of ASCII characters alone.
 *
 * @param text a character per byte; bytes that are UTF-8 become the characters that they stand for
 */
export function jsonString(text: string): string {
  // Nothing in it has another way to be written.
  if (!UNSAFE.test(text)) return `"${text}"`;
  if (!HIGH.test(text)) return JSON.stringify(text).replace(NOT_ASCII, escapeUnit);
  return JSON.stringify(characters(text)).replace(NOT_ASCII, escapeUnit);
}

function characters(text: string): string {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // From a configuration, then, and no bytes.
    if (code > 0xff) return text;
    bytes[at] = code;
  }
  return decoder.decode(bytes);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
