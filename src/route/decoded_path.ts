/** Paths as expressions see them: decoded, with a way back to the encoded path that each part comes from. */

const PERCENT = 0x25;
const SLASH = 0x2f;

/** A decoded path that knows where in the encoded one its characters come from. */
export interface DecodedPath {
  readonly text: string;
  /**
   * The part of the encoded path that `text.slice(start, end)` stands for. It holds whole encodings only: where a
   * character lies partly outside, it belongs to the part that it begins in.
   */
  encoded(start: number, end: number): string;
}

/**
 * Decodes a path. `%2F` stays, as a decoded slash would separate what the client did not separate, and so do bytes that
 * are not UTF-8.
 *
 * @param path A normalised path, whose encodings are all whole.
 */
export function decodePath(path: string): DecodedPath {
  if (!path.includes("%")) return { text: path, encoded: (start, end) => path.slice(start, end) };
  let text = "";
  // For each UTF-16 unit of the text, and its end, where in the path its character starts.
  const starts: number[] = [];
  for (let at = 0; at < path.length;) {
    starts.push(at);
    if (path.charCodeAt(at) !== PERCENT) {
      text += path[at++];
      continue;
    }
    const code = encodedAt(path, at);
    const character = code < 0 ? path.slice(at, at + 3) : String.fromCodePoint(code);
    text += character;
    at += 3 * (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
    // What begins inside of a character begins behind it.
    for (let unit = 1; unit < character.length; unit++) starts.push(at);
  }
  starts.push(path.length);
  return { text, encoded: (start, end) => path.slice(starts[start], starts[end]) };
}

/**
 * The code point that is encoded at an offset.
 *
 * Bytes are judged one by one: an exception for each that is no UTF-8 would cost far more than all that is.
 *
 * @returns -1 where there is none: a slash that separates nothing, or what is no UTF-8 (RFC 3629, section 4)
 */
function encodedAt(path: string, at: number): number {
  const first = byteAt(path, at);
  if (first < 0x80) return first === SLASH ? -1 : first;
  const length = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length === 0) return -1;
  let code = first & (0x7f >> length);
  for (let index = 1; index < length; index++) {
    const next = byteAt(path, at + 3 * index);
    if ((next & 0xc0) !== 0x80) return -1;
    code = code << 6 | next & 0x3f;
  }
  // Longer than need be, a half of a pair of UTF-16, or beyond Unicode.
  if (code < SMALLEST[length]! || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return -1;
  return code;
}

/** The smallest code point that takes so many bytes. */
const SMALLEST = [0, 0, 0x80, 0x800, 0x10000] as const;

/** The byte that is encoded at an offset, or 0, which no normal path has. */
function byteAt(path: string, at: number): number {
  if (path.charCodeAt(at) !== PERCENT) return 0;
  return digit(path.charCodeAt(at + 1)) << 4 | digit(path.charCodeAt(at + 2));
}

/** A normal path has digits in upper case. */
function digit(code: number): number {
  return code <= 0x39 ? code - 0x30 : code - 0x37;
}
