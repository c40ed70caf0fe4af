/** What the first bytes of a request say, whether or not they become a head. */

import { ascii, CR, LF } from "./byte_classes.ts";

/** Bytes of the empty lines that may come before a request (RFC 9112, 2.2): two lines. */
const EMPTY_LINES = 4;

const HEAD = ascii("HEAD ");

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
  let at = start;
  while (at < start + EMPTY_LINES && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  if (end - at < HEAD.length) return false;
  for (let index = 0; index < HEAD.length; index++) {
    if (bytes[at + index] !== HEAD[index]) return false;
  }
  return true;
}
