/** Several ranges of a file as one content: `multipart/byteranges` (RFC 9110, 14.6; RFC 2046, 5.1). */

import { type ByteRange, contentRange } from "./ranges.ts";

/** Characters of a boundary. A file that has it in it would have to guess 100 bits. */
const BOUNDARY_LENGTH = 20;

/** A text that divides parts: digits and small letters. @param random bytes, 20 or more */
export function boundaryOf(random: Uint8Array): string {
  return Array.from(random.subarray(0, BOUNDARY_LENGTH), (byte) => (byte & 31).toString(32)).join("");
}

/** What stands before each range, in order, and behind the last, and how long all of it is. */
export interface Multipart {
  readonly heads: readonly string[];
  readonly end: string;
  /** Bytes, those of the ranges included. */
  readonly length: number;
}

/**
 * Puts the frame around ranges.
 *
 * @param type Content-Type of each part, where one is known
 * @param size of the file, in bytes
 */
export function frame(
  ranges: readonly ByteRange[],
  size: number,
  type: string | undefined,
  boundary: string,
): Multipart {
  const typeLine = type === undefined ? "" : `Content-Type: ${type}\r\n`;
  // The line break before the first boundary is no part of the content, and other servers have it too.
  const heads = ranges.map((range) =>
    `\r\n--${boundary}\r\n${typeLine}Content-Range: ${contentRange(range, size)}\r\n\r\n`
  );
  const end = `\r\n--${boundary}--\r\n`;
  const bytes = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return { heads, end, length: heads.reduce((sum, head) => sum + head.length, bytes + end.length) };
}
