/** Addresses as hand-offs carry them (docs/protocol.md, "Addresses"), and as networks compare them. */

import { ADDRESS_BYTES, SIZE_ADDRESS } from "../protocol/messages.ts";
import { type Address, readAddress } from "../rules/networks.ts";

/** The family of an address; 0 for one that is not known, as behind a Unix socket. */
export const V4 = 4;
export const V6 = 6;

/** Where an address of IPv4 begins in one of IPv6 that maps it, behind 80 zero bits and 16 ones. */
const MAPPED = 12;

/** Writes an address of 16 bytes from `at` on, but for its port: one that maps IPv4 as the IPv4 address it is. */
export function writeAddress(out: Uint8Array, at: number, address: Address): void {
  const isMapped = address[10] === 255 && address[11] === 255 &&
    address.subarray(0, 10).every((byte) => byte === 0);
  out[at] = isMapped ? V4 : V6;
  out.fill(0, at + ADDRESS_BYTES, at + SIZE_ADDRESS);
  out.set(isMapped ? address.subarray(MAPPED) : address, at + ADDRESS_BYTES);
}

/** Writes such an address, from `at` on, as one of 16 bytes; false where its family is not known. */
export function mapAddress(out: Uint8Array, addresses: Uint8Array, at: number): boolean {
  const family = addresses[at];
  const isV4 = family === V4;
  if (!isV4 && family !== V6) return false;
  out.fill(0);
  if (isV4) out[10] = out[11] = 255;
  const from = at + ADDRESS_BYTES;
  out.set(addresses.subarray(from, from + (isV4 ? 4 : 16)), isV4 ? MAPPED : 0);
  return true;
}

/** The longest text that may be one: an address in full, brackets and port. */
const MOST = 64;

/** An address in brackets, or a dotted one, and a port: a number, or a name that hides it (RFC 7239, 6). */
const BRACKETED = /^\[([^\]]*)\](?::(?:(\d{1,5})|_[\w.-]+))?$/;
const DOTTED = /^([\d.]+):(?:(\d{1,5})|_[\w.-]+)$/;

/**
 * Reads who asks as a member of a list has it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
 *
 * @returns the address and the port, 0 where there is none or it is hidden; undefined for what is no address, `unknown` for example
 */
export function readNode(text: string): { readonly address: Address; readonly port: number } | undefined {
  if (text.length > MOST) return undefined;
  const bracketed = BRACKETED.exec(text);
  const dotted = bracketed ?? DOTTED.exec(text);
  const bare = dotted?.[1] ?? text;
  if (bracketed !== null && !bare.includes(":")) return undefined;
  const address = readAddress(bare);
  const port = Number(dotted?.[2] ?? 0);
  return address === undefined || port > 65_535 ? undefined : { address, port };
}
