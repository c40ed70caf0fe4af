/** The values of those fields that say how a message is framed and how its connection goes on. */

import { ascii, CLASSES, COMMA, DIGIT, equalsAnyCase, SP, TAB, TOKEN, ZERO } from "./byte_classes.ts";

const CLOSE_TOKEN = ascii("close");
const KEEP_ALIVE_TOKEN = ascii("keep-alive");
const UPGRADE_TOKEN = ascii("upgrade");
const CHUNKED_TOKEN = ascii("chunked");
const CONTINUE_TOKEN = ascii("100-continue");

/** Bits of {@linkcode connectionOptions}. */
export const CLOSE = 1;
export const KEEP_ALIVE = 2;
export const UPGRADE = 4;

/** Bits of {@linkcode transferCodings}. */
export const CHUNKED = 1;
export const OTHER_CODING = 2;

/** Where whitespace at the start of bytes[start, end) ends. */
export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === SP || bytes[at] === TAB)) at++;
  return at;
}

/** Where whitespace at the end of bytes[start, end) starts. */
export function trimSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === SP || bytes[at - 1] === TAB)) at--;
  return at;
}

function memberEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== COMMA) at++;
  return at;
}

/**
 * The number that a Content-Length value is (RFC 9110, 8.6), or -1.
 *
 * A list of equal numbers ("5, 5") might be read as one; it is refused, since a backend that reads the same
 * bytes may take the first number, the last or none, and then what follows the body is read as a request.
 */
export function contentLength(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return -1;
  let length = 0;
  for (let at = start; at < end; at++) {
    if (!(CLASSES[bytes[at]!]! & DIGIT)) return -1;
    // The digit's value first: a sum with the byte itself may pass 2^53 and be rounded.
    length = length * 10 + (bytes[at]! - ZERO);
    if (length > Number.MAX_SAFE_INTEGER) return -1;
  }
  return length;
}

/** Which of the options that matter here a Connection value has (RFC 9110, 7.6.1). Unknown ones count for nothing. */
export function connectionOptions(bytes: Uint8Array, start: number, end: number): number {
  let options = 0;
  for (let at = start; at < end;) {
    const comma = memberEnd(bytes, at, end);
    const first = skipSpace(bytes, at, comma);
    const last = trimSpace(bytes, first, comma);
    if (equalsAnyCase(bytes, first, last, KEEP_ALIVE_TOKEN)) options |= KEEP_ALIVE;
    else if (equalsAnyCase(bytes, first, last, CLOSE_TOKEN)) options |= CLOSE;
    else if (equalsAnyCase(bytes, first, last, UPGRADE_TOKEN)) options |= UPGRADE;
    at = comma + 1;
  }
  return options;
}

/**
 * Adds the codings of a Transfer-Encoding value to those of the fields before it (RFC 9112, 6.1).
 *
 * Stricter than the list grammar: no empty members and no parameters. No registered coding has parameters, and
 * parsers that disagree about such a value disagree about where the request ends.
 *
 * @returns Bits, or -1 for what is no list of tokens or goes on after `chunked`, which must be last.
 */
export function transferCodings(bytes: Uint8Array, start: number, end: number, before: number): number {
  let codings = before;
  let at = start;
  do {
    const comma = memberEnd(bytes, at, end);
    const first = skipSpace(bytes, at, comma);
    const last = trimSpace(bytes, first, comma);
    if (first === last || codings & CHUNKED) return -1;
    for (let i = first; i < last; i++) {
      if (!(CLASSES[bytes[i]!]! & TOKEN)) return -1;
    }
    codings |= equalsAnyCase(bytes, first, last, CHUNKED_TOKEN) ? CHUNKED : OTHER_CODING;
    at = comma + 1;
    // A comma at the very end opens one more member, an empty one.
  } while (at <= end);
  return codings;
}

/** Whether an Expect value asks for nothing but 100-continue (RFC 9110, 10.1.1). */
export function expectsContinue(bytes: Uint8Array, start: number, end: number): boolean {
  return equalsAnyCase(bytes, start, end, CONTINUE_TOKEN);
}
