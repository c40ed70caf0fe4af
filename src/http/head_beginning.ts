/** What the first bytes of a request say, whether or not they become a head. */

import { ascii, CR, LF } from "./byte_classes.ts";

/** Bytes of the empty lines that may come before a request (RFC 9112, 2.2): two lines. */
const EMPTY_LINES = 4;

const HEAD = ascii("HEAD ");

/** Bytes of a first line that are of interest: as many as request lines may have in httpd unless it is told otherwise. */
const FIRST_LINE = 8_190;

/** Whether bytes[start, end) are nothing but (part of) the empty lines that may come before a request: nothing is asked. */
export function isEmptyLines(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > EMPTY_LINES) return false;
  for (let at = start; at < end; at++) {
    if (bytes[at] !== ((at - start) % 2 === 0 ? CR : LF)) return false;
  }
  return true;
}

/** Whether bytes[start, end) begin a request for HEAD, the answer to which has no content (RFC 9110, 9.3.2). */
export function asksHead(bytes: Uint8Array, start: number, end: number): boolean {
  const at = behindEmptyLines(bytes, start);
  if (end - at < HEAD.length) return false;
  for (let index = 0; index < HEAD.length; index++) {
    if (bytes[at + index] !== HEAD[index]) return false;
  }
  return true;
}

function behindEmptyLines(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < start + EMPTY_LINES && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  return at;
}

/** Where the first line of bytes[start, end) is, or what has come of it: of what is no request, for people. */
export function firstLine(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly from: number; readonly to: number } {
  const from = Math.min(end, behindEmptyLines(bytes, start));
  const most = Math.min(end, from + FIRST_LINE);
  const feed = bytes.subarray(from, most).indexOf(LF);
  const to = feed < 0 ? most : from + feed;
  return { from, to: to > from && bytes[to - 1] === CR ? to - 1 : to };
}

/** Whether the first line ends there, and is not merely all that has come. @param to of {@linkcode firstLine} */
export function endsAt(bytes: Uint8Array, to: number, end: number): boolean {
  return to < end && (bytes[to] === CR || bytes[to] === LF);
}
