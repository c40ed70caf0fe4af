/** IPv6 addresses as texts (RFC 4291, 2.2; RFC 5952). */

import { CLASSES, COLON, DIGIT, DOT, HEX, hexValue, ZERO } from "./byte_classes.ts";

/** Groups of 16 bits that an address has. */
const GROUPS = 8;

/** Bytes of the longest text. */
export const MAX_IPV6_TEXT = 39;

/** Reads and writes addresses, one at a time, without allocating. */
export class Ipv6 {
  readonly #groups = new Uint16Array(GROUPS);

  /**
   * Reads an address.
   *
   * No zones (`%25eth0`), which mean nothing to another host.
   *
   * @returns whether bytes[start, end) is one
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const groups = this.#groups;
    let count = 0;
    let gap = -1;
    let at = start;
    if (end - start < 2) return false;
    if (bytes[at] === COLON) {
      if (bytes[at + 1] !== COLON) return false;
      gap = 0;
      at += 2;
    }
    while (at < end) {
      if (count === GROUPS) return false;
      const group = at;
      let value = 0;
      while (at < end && at - group < 4 && CLASSES[bytes[at]!]! & HEX) {
        value = value << 4 | hexValue(bytes[at++]!);
      }
      if (at === group) return false;
      if (at < end && bytes[at] === DOT) {
        const address = ipv4(bytes, group, end);
        if (address < 0 || count + 2 > GROUPS) return false;
        groups[count++] = Math.floor(address / 0x10000);
        groups[count++] = address % 0x10000;
        break;
      }
      groups[count++] = value;
      if (at === end) break;
      if (bytes[at] !== COLON || at + 1 === end) return false;
      at++;
      if (bytes[at] !== COLON) continue;
      if (gap >= 0) return false;
      gap = count;
      at++;
    }
    if (gap < 0) return count === GROUPS;
    // "::" stands for at least one group of zeros.
    if (count === GROUPS) return false;
    groups.copyWithin(gap + GROUPS - count, gap, count);
    groups.fill(0, gap, gap + GROUPS - count);
    return true;
  }

  /**
   * Writes the address that was read last in the one way that RFC 5952, 4 has, but for embedded IPv4 addresses, which are
   * groups like all others: as the URL standard writes it.
   *
   * @param out has room for {@linkcode MAX_IPV6_TEXT} bytes behind `start`
   * @returns the offset behind the text
   */
  write(out: Uint8Array, start: number): number {
    const groups = this.#groups;
    const [zeros, length] = longestZeros(groups);
    let at = start;
    for (let group = 0; group < GROUPS; group++) {
      if (group === zeros) {
        // What stands before has its colon; at the beginning there is none.
        if (group === 0) out[at++] = COLON;
        out[at++] = COLON;
        group += length - 1;
        continue;
      }
      const value = groups[group]!;
      for (let shift = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0; shift >= 0; shift -= 4) {
        const digit = value >> shift & 15;
        out[at++] = digit < 10 ? ZERO + digit : 0x57 + digit;
      }
      if (group < GROUPS - 1) out[at++] = COLON;
    }
    return at;
  }
}

/** Where the first longest run of zeros is that is longer than one group; -1 where there is none. */
function longestZeros(groups: Uint16Array): [start: number, length: number] {
  let [start, length] = [-1, 1];
  for (let group = 0; group < GROUPS; group++) {
    let end = group;
    while (end < GROUPS && groups[end] === 0) end++;
    if (end - group > length) [start, length] = [group, end - group];
    if (end > group) group = end;
  }
  return [start, length];
}

/** An IPv4 address of four decimal numbers as one of 32 bits, or -1: without leading zeros, which some read as octal. */
export function ipv4(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let address = 0;
  for (let octet = 1;; octet++) {
    const first = at;
    let value = 0;
    while (at < end && at - first < 3 && CLASSES[bytes[at]!]! & DIGIT) {
      value = value * 10 + bytes[at++]! - ZERO;
    }
    if (at === first || value > 255 || (bytes[first] === ZERO && at - first > 1)) return -1;
    address = address * 256 + value;
    if (octet === 4) return at === end ? address : -1;
    if (at === end || bytes[at] !== DOT) return -1;
    at++;
  }
}
