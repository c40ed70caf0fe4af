/** When a head that comes in pieces is worth reading. */

import { CR, LF } from "./byte_classes.ts";

/**
 * Whether an empty line ends in bytes[from, to): a cheap question to ask as more bytes come, before parsing all of
 * them again. Each byte is looked at once over all calls, but for two before `from`, and none before `start`.
 *
 * LF LF counts too, so a client that sends bare LF is rejected at once, not awaited.
 */
export function endsHead(bytes: Uint8Array, start: number, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (bytes[at] !== LF || at === start) continue;
    if (bytes[at - 1] === LF) return true;
    if (bytes[at - 1] === CR && at - 2 >= start && bytes[at - 2] === LF) return true;
  }
  return false;
}

/** Lines that a head may have if it is to be read from its beginning whenever one of them has ended. */
const FEW_LINES = 200;

/**
 * Whether a line ends in bytes[from, to), of a head that may have few of them: then it is known at once to be bad, if it is.
 *
 * @param lines how many it may have; each costs a reading from the beginning
 */
export function endsLine(bytes: Uint8Array, from: number, to: number, lines: number): boolean {
  if (lines > FEW_LINES) return false;
  for (let at = from; at < to; at++) {
    if (bytes[at] === LF) return true;
  }
  return false;
}

/** A part of a head that is no longer than this, in bytes, is parsed again whenever more has come. */
const SHORT = 2_048;

/**
 * Whether a head in bytes[start, end) is to be parsed, now that it has grown: a long one that comes in small pieces is not
 * read from its beginning for each, but only when it can be all there, or has become too long.
 *
 * @param seen how many of the bytes have been there before, and were not a whole head
 * @param longest how many there may be
 */
export function isWorthReading(
  bytes: Uint8Array,
  start: number,
  seen: number,
  end: number,
  longest: number,
): boolean {
  const length = end - start;
  if (length === seen) return false;
  return seen === 0 || length <= SHORT || length > longest || endsHead(bytes, start, start + seen, end);
}
