/** Paths as expressions see them: decoded, with a way back to the encoded path that each part comes from. */

/** The characters of a triple that stays encoded: a slash that separates nothing. */
const ENCODED_SLASH = "%2F";

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
    const { decoded, length } = characterAt(path, at);
    text += decoded;
    starts.push(at);
    at += length;
    // What begins inside of a character begins behind it.
    for (let unit = 1; unit < decoded.length; unit++) starts.push(at);
  }
  starts.push(path.length);
  return { text, encoded: (start, end) => path.slice(starts[start], starts[end]) };
}

/** The character at an offset, and how long it is when encoded. */
function characterAt(path: string, at: number): { decoded: string; length: number } {
  if (path[at] !== "%") return { decoded: path[at]!, length: 1 };
  const triple = path.slice(at, at + 3);
  if (triple === ENCODED_SLASH) return { decoded: triple, length: 3 };
  const length = 3 * sequenceLength(Number.parseInt(triple.slice(1), 16));
  try {
    return { decoded: decodeURIComponent(path.slice(at, at + length)), length };
  } catch {
    return { decoded: triple, length: 3 };
  }
}

/** How many bytes a character has in UTF-8 that begins with this one (RFC 3629, section 3). */
function sequenceLength(byte: number): number {
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}
