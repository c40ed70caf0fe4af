/**
 * Socket addresses, both ways: ip(7), ipv6(7), unix(7).
 *
 * @module
 */

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

// struct sockaddr_in, sockaddr_in6, sockaddr_un: offsets of their fields, in bytes.
const SA_FAMILY = 0; // in host byte order; every port and address is in network byte order
const SIN_PORT = 2;
const SIN_ADDR = 4;
const SIZEOF_SOCKADDR_IN = 16;
const SIN6_PORT = 2;
const SIN6_ADDR = 8;
const SIZEOF_SOCKADDR_IN6 = 28;
const SUN_PATH = 2;
const SIZEOF_SUN_PATH = 108;

/** sizeof(struct sockaddr_storage): room for any address. */
export const SIZEOF_SOCKADDR_STORAGE = 128;

/** The longest path of a Unix socket, in bytes; the kernel wants a NUL behind it. */
export const UNIX_PATH_MAX: number = SIZEOF_SUN_PATH - 1;

/** A TCP address for people and configuration. IPv6 without brackets, in the shortest form of RFC 5952. */
export interface InternetAddress {
  readonly family: 4 | 6;
  readonly host: string;
  readonly port: number;
}

/** Reads dotted decimal, strictly: four numbers of 0–255 without leading zeros. */
function parseIpv4(text: string): number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1);
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith("0")))) return undefined;
  return parts.map(Number);
}

/** Reads RFC 4291 section 2.2, all three forms; no zone identifier. */
function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const words = (half: string): number[] | undefined => {
    if (half === "") return [];
    const out: number[] = [];
    const groups = half.split(":");
    for (const [index, group] of groups.entries()) {
      const v4 = index === groups.length - 1 && group.includes(".") ? parseIpv4(group) : undefined;
      if (v4 !== undefined) out.push(v4[0]! << 8 | v4[1]!, v4[2]! << 8 | v4[3]!);
      else if (/^[0-9a-fA-F]{1,4}$/.test(group)) out.push(parseInt(group, 16));
      else return undefined;
    }
    return out;
  };
  const head = words(halves[0]!);
  const tail = halves.length === 2 ? words(halves[1]!) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  // An embedded IPv4 address may only stand at the very end.
  if (halves.length === 2 && halves[0]!.includes(".")) return undefined;
  return [...head, ...new Array(missing).fill(0), ...tail].flatMap((word) => [word >> 8, word & 255]);
}

/**
 * A `struct sockaddr_in` or `sockaddr_in6`, ready for bind(2) or connect(2).
 *
 * @param host an IP address; names are not resolved here
 * @param port 0–65535
 * @throws {TypeError} when the host is no IP address or the port no port
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeInternetAddress, encodeInternetAddress } from "@fdpass/fdpass/libc";
 *
 * const sockaddr = encodeInternetAddress("::1", 80);
 * assert.deepEqual(decodeInternetAddress(sockaddr), { family: 6, host: "::1", port: 80 });
 * ```
 */
export function encodeInternetAddress(host: string, port: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new TypeError(`Cannot use the port "${port}"`);
  }
  const v4 = parseIpv4(host);
  const address = v4 ?? parseIpv6(host);
  if (address === undefined) throw new TypeError(`Cannot use "${host}" as an IP address`);
  const bytes = new Uint8Array(v4 === undefined ? SIZEOF_SOCKADDR_IN6 : SIZEOF_SOCKADDR_IN);
  const view = new DataView(bytes.buffer);
  view.setUint16(SA_FAMILY, v4 === undefined ? AF_INET6 : AF_INET, true);
  view.setUint16(v4 === undefined ? SIN6_PORT : SIN_PORT, port);
  bytes.set(address, v4 === undefined ? SIN6_ADDR : SIN_ADDR);
  return bytes;
}

/**
 * A `struct sockaddr_un` with the path's NUL, ready for bind(2) or connect(2).
 *
 * @throws {TypeError} when the path is empty, longer than {@linkcode UNIX_PATH_MAX} bytes, or contains a NUL (a
 *   leading one would name an abstract socket, which has no owner and no permissions)
 */
export function encodeUnixAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  if (name.length === 0 || name.length > UNIX_PATH_MAX || name.includes(0)) {
    throw new TypeError(
      `Cannot use "${path}" as the path of a Unix socket: it takes 1 to ${UNIX_PATH_MAX} bytes, none of them NUL`,
    );
  }
  const bytes = new Uint8Array(SUN_PATH + name.length + 1);
  new DataView(bytes.buffer).setUint16(SA_FAMILY, AF_UNIX, true);
  bytes.set(name, SUN_PATH);
  return bytes;
}

/**
 * The path in a `struct sockaddr_un`.
 *
 * @param bytes as getsockname(2) fills it in, zeros behind it
 * @returns undefined for another family, a socket without a name, and an abstract name
 */
export function decodeUnixAddress(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(SA_FAMILY, true) !== AF_UNIX || bytes[SUN_PATH] === 0) return undefined;
  const end = bytes.indexOf(0, SUN_PATH);
  return new TextDecoder().decode(bytes.subarray(SUN_PATH, end < 0 ? bytes.length : end));
}

/** Writes an IPv6 address as RFC 5952 wants it: lower case, the longest run of zero words as `::`. */
export function formatIpv6(bytes: Uint8Array, offset: number): string {
  const words = Array.from({ length: 8 }, (_, i) => bytes[offset + 2 * i]! << 8 | bytes[offset + 2 * i + 1]!);
  let best = -1;
  let bestLength = 1; // a single zero word is written out (section 4.2.2)
  for (let i = 0; i < 8; i++) {
    let j = i;
    while (j < 8 && words[j] === 0) j++;
    if (j - i > bestLength) [best, bestLength] = [i, j - i];
    if (j > i) i = j;
  }
  const hex = words.map((word) => word.toString(16));
  if (best < 0) return hex.join(":");
  return `${hex.slice(0, best).join(":")}::${hex.slice(best + bestLength).join(":")}`;
}

/** Whether 16 bytes are an IPv4 address as a dual-stack socket shows it, `::ffff:0:0/96` (RFC 4291 2.5.5.2). */
export function isIpv4Mapped(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 255 && bytes[offset + 11] === 255;
}

/** Writes an IPv4 address as dotted decimal. */
export function formatIpv4(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/**
 * Reads a `struct sockaddr_in` or `sockaddr_in6`. IPv4 addresses mapped into IPv6 come out as the IPv4 they are.
 *
 * @returns undefined for any other family
 */
export function decodeInternetAddress(bytes: Uint8Array): InternetAddress | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(SA_FAMILY, true);
  if (family === AF_INET) {
    return { family: 4, host: formatIpv4(bytes, SIN_ADDR), port: view.getUint16(SIN_PORT) };
  }
  if (family !== AF_INET6) return undefined;
  const port = view.getUint16(SIN6_PORT);
  if (isIpv4Mapped(bytes, SIN6_ADDR)) return { family: 4, host: formatIpv4(bytes, SIN6_ADDR + 12), port };
  return { family: 6, host: formatIpv6(bytes, SIN6_ADDR), port };
}

/**
 * `127.0.0.1:80`, `[::1]:80`: an address as people write it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatAddress } from "@fdpass/fdpass/libc";
 *
 * assert.equal(formatAddress({ host: "::1", port: 80 }), "[::1]:80");
 * ```
 */
export function formatAddress(address: { readonly host: string; readonly port: number }): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
