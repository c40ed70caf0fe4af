/** Addresses on their way from the kernel into a hand-off: copied byte by byte, never formatted. */

import { AF_INET, AF_INET6, isIpv4Mapped } from "../../../ffi/mod.ts";
import { ADDRESS_BYTES, ADDRESS_PORT, SIZE_ADDRESS } from "../../protocol/messages.ts";

// struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)).
const SIN_PORT = 2; // sin6_port is at the same place
const SIN_ADDR = 4;
const SIN6_ADDR = 8;

/**
 * Writes a `struct sockaddr_in` or `sockaddr_in6` as the protocol has addresses. An IPv4 address that a dual-stack
 * socket shows as `::ffff:a.b.c.d` is written as the IPv4 address it is; any other family as unknown.
 */
export function writeSockaddr(out: Uint8Array, offset: number, sockaddr: Uint8Array): void {
  for (let i = 0; i < SIZE_ADDRESS; i++) out[offset + i] = 0;
  // The family is in host byte order, which is little-endian on what fdpass runs on; both families are below 256.
  const family = sockaddr[0];
  if (family !== AF_INET && family !== AF_INET6) return;
  const mapped = family === AF_INET6 && isIpv4Mapped(sockaddr, SIN6_ADDR);
  const v4 = family === AF_INET || mapped;
  const from = family === AF_INET ? SIN_ADDR : mapped ? SIN6_ADDR + 12 : SIN6_ADDR;
  out[offset] = v4 ? 4 : 6;
  out[offset + ADDRESS_PORT] = sockaddr[SIN_PORT]!;
  out[offset + ADDRESS_PORT + 1] = sockaddr[SIN_PORT + 1]!;
  const length = v4 ? 4 : 16;
  for (let i = 0; i < length; i++) out[offset + ADDRESS_BYTES + i] = sockaddr[from + i]!;
}
