/** Who a request is addressed to: `uri-host [":" port]` (RFC 9110, 4.2 and 7.2; RFC 3986, 3.2). */

import { CLASSES, COLON, DIGIT, DOT, HEX, REG_NAME, ZERO } from "./byte_classes.ts";
import { ipv4, Ipv6 } from "./ipv6.ts";

const LEFT_BRACKET = 0x5b;
const RIGHT_BRACKET = 0x5d;
const LOWER_X = 0x78;

const ipv6 = new Ipv6();

/**
 * Whether bytes[start, end) is a host that is not empty, with or without a port. User information is none of it:
 * `user@host` is false.
 *
 * Stricter than the grammar: what two readers may take for two hosts is none. So a name has no percent-encoding
 * (`%62.example` is `b.example` to some), and no IPvFuture is known.
 *
 * @param portRequired For `CONNECT`, where a missing or empty port is an error (RFC 9110, 9.3.6).
 */
export function isAuthority(bytes: Uint8Array, start: number, end: number, portRequired: boolean): boolean {
  if (start >= end) return false;
  let at = start;
  if (bytes[at] === LEFT_BRACKET) {
    while (at < end && bytes[at] !== RIGHT_BRACKET) at++;
    if (at === end || !ipv6.read(bytes, start + 1, at)) return false;
    at++;
  } else {
    at = regNameEnd(bytes, start, end);
    if (at === start || !isNameOrIpv4(bytes, start, at)) return false;
  }
  if (at === end) return !portRequired;
  if (bytes[at] !== COLON) return false;
  // "host:" is valid and means the scheme's own port.
  return at + 1 === end ? !portRequired : isPort(bytes, at + 1, end);
}

function regNameEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && CLASSES[bytes[at]!]! & REG_NAME) at++;
  return at;
}

/**
 * Whether a name is what every reader of URLs takes it for. One whose last label is a number, in whatever notation, is an
 * address to the URL standard: of `0x7f.1` it makes 127.0.0.1. Only addresses that are written in full mean the same to
 * all.
 */
function isNameOrIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  const last = end - 1 > start && bytes[end - 1] === DOT ? end - 1 : end;
  let label = last;
  while (label > start && bytes[label - 1] !== DOT) label--;
  return !isNumber(bytes, label, last) || ipv4(bytes, start, end) >= 0;
}

/** Decimal, octal or hexadecimal, as the URL standard has it: `0x` is a number, too. */
function isNumber(bytes: Uint8Array, start: number, end: number): boolean {
  const hexadecimal = end - start >= 2 && bytes[start] === ZERO && (bytes[start + 1]! | 0x20) === LOWER_X;
  const digits = hexadecimal ? HEX : DIGIT;
  const first = hexadecimal ? start + 2 : start;
  for (let at = first; at < end; at++) {
    if (!(CLASSES[bytes[at]!]! & digits)) return false;
  }
  return start < end;
}

/** The grammar allows any number of digits; a number that no port can have is refused all the same. */
function isPort(bytes: Uint8Array, start: number, end: number): boolean {
  let port = 0;
  for (let at = start; at < end; at++) {
    if (!(CLASSES[bytes[at]!]! & DIGIT)) return false;
    port = port * 10 + bytes[at]! - ZERO;
    if (port > 65_535) return false;
  }
  return true;
}
