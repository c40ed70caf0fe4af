/** Who a request is addressed to: `uri-host [":" port]` (RFC 9110, 4.2 and 7.2; RFC 3986, 3.2). */

import { CLASSES, COLON, DIGIT, DOT, HEX, PERCENT, REG_NAME, ZERO } from "./byte_classes.ts";

const LEFT_BRACKET = 0x5b;
const RIGHT_BRACKET = 0x5d;

/**
 * Whether bytes[start, end) is a host that is not empty, with or without a port. User information is none of it:
 * `user@host` is false.
 *
 * @param portRequired For `CONNECT`, where a missing or empty port is an error (RFC 9110, 9.3.6).
 */
export function isAuthority(bytes: Uint8Array, start: number, end: number, portRequired: boolean): boolean {
  if (start >= end) return false;
  let at = start;
  if (bytes[at] === LEFT_BRACKET) {
    while (at < end && bytes[at] !== RIGHT_BRACKET) at++;
    if (at === end || !isIpv6(bytes, start + 1, at)) return false;
    at++;
  } else {
    at = regNameEnd(bytes, start, end);
    if (at === start) return false;
  }
  if (at === end) return !portRequired;
  if (bytes[at] !== COLON) return false;
  // "host:" is valid and means the scheme's own port.
  return at + 1 === end ? !portRequired : isPort(bytes, at + 1, end);
}

/** Dotted IPv4 addresses need no case of their own: each is a reg-name too. */
function regNameEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (CLASSES[byte]! & REG_NAME) at++;
    else if (byte === PERCENT && end - at > 2 && isHex(bytes[at + 1]!) && isHex(bytes[at + 2]!)) at += 3;
    else break;
  }
  return at;
}

function isHex(byte: number): boolean {
  return (CLASSES[byte]! & HEX) !== 0;
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

/** No zones (`%25eth0`), which mean nothing to another host, and no IPvFuture, of which none is defined. */
function isIpv6(bytes: Uint8Array, start: number, end: number): boolean {
  let groups = 0;
  let compressed = false;
  let at = start;
  if (end - start < 2) return false;
  if (bytes[at] === COLON) {
    if (bytes[at + 1] !== COLON) return false;
    compressed = true;
    at += 2;
  }
  while (at < end) {
    const group = at;
    while (at < end && at - group < 4 && isHex(bytes[at]!)) at++;
    if (at === group) return false;
    if (at < end && bytes[at] === DOT) {
      if (!isIpv4(bytes, group, end)) return false;
      groups += 2;
      break;
    }
    groups++;
    if (at === end) break;
    if (bytes[at] !== COLON || at + 1 === end) return false;
    at++;
    if (bytes[at] === COLON) {
      if (compressed) return false;
      compressed = true;
      at++;
    }
  }
  // "::" stands for at least one group of zeros.
  return compressed ? groups <= 7 : groups === 8;
}

function isIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (let octet = 1; octet <= 4; octet++) {
    const first = at;
    let value = 0;
    while (at < end && at - first < 3 && CLASSES[bytes[at]!]! & DIGIT) {
      value = value * 10 + bytes[at++]! - ZERO;
    }
    if (at === first || value > 255 || (bytes[first] === ZERO && at - first > 1)) return false;
    if (octet === 4) return at === end;
    if (at === end || bytes[at] !== DOT) return false;
    at++;
  }
  return false;
}
