/** Parts of a file that a client asks for (RFC 9110, 14). */

import { withoutBlanks } from "../../http/blanks.ts";

/** Bytes of a file, both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Ranges of one request beyond which the whole file is sent. */
export const MOST_RANGES = 200;

/**
 * Reads the value of a Range field.
 *
 * The whole file is what a client gets whose Range is malformed or in another unit, or would make many or repeated bytes:
 * more than {@linkcode MOST_RANGES} ranges, or ranges that are more than the file in all, as only those are that
 * overlap (14.2 leaves all of these to the server). So does who asks for any part of an empty file.
 *
 * @param size of the file, in bytes
 * @returns `whole`, `unsatisfiable`, or the ranges that the file has, in the order of the request; at least one
 */
export function selectRanges(value: string, size: number): "whole" | "unsatisfiable" | readonly ByteRange[] {
  const set = /^bytes=([^]*)$/i.exec(value)?.[1];
  // An empty file has no ranges, but then a client that asks for some of it has all of it: so do other servers.
  if (set === undefined || size === 0) return "whole";
  const ranges: ByteRange[] = [];
  let count = 0;
  let sum = 0;
  for (const part of set.split(",")) {
    const spec = withoutBlanks(part);
    // A list may have empty members (5.6.1.2).
    if (spec === "") continue;
    if (++count > MOST_RANGES) return "whole";
    const range = readRange(spec, size);
    if (range === "malformed") return "whole";
    if (range === "none") continue;
    ranges.push(range);
    sum += range.last - range.first + 1;
  }
  if (count === 0) return "whole";
  if (ranges.length === 0) return "unsatisfiable";
  return sum > size ? "whole" : ranges;
}

/** Digits of either end may be missing, not both (14.1.2). */
function readRange(spec: string, size: number): ByteRange | "malformed" | "none" {
  const match = /^(\d*)-(\d*)$/.exec(spec);
  if (match === null || spec === "-") return "malformed";
  const [, from, to] = match as unknown as [string, string, string];
  if (from === "") {
    const length = Number(to);
    if (length === 0) return "none";
    return { first: Math.max(0, size - length), last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? Infinity : Number(to);
  if (last < first) return "malformed";
  return first >= size ? "none" : { first, last: Math.min(last, size - 1) };
}

/** The value of Content-Range for one part (14.4). @param size of the file, in bytes */
export function contentRange({ first, last }: ByteRange, size: number): string {
  return `bytes ${first}-${last}/${size}`;
}
