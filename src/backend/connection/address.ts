/** Addresses of a hand-off, for people and handlers. */

import { formatIpv4, formatIpv6 } from "../../../ffi/mod.ts";
import { ADDRESS_BYTES, ADDRESS_PORT } from "../../protocol/messages.ts";

/** An end of a TCP connection, in the shape that `Deno.serve` gives its handlers. */
export interface TcpAddress {
  readonly transport: "tcp";
  /** An IP address without brackets; empty where the front did not know it. */
  readonly hostname: string;
  readonly port: number;
}

/** Reads an address of a hand-off message (docs/protocol.md, "Addresses"). */
export function readAddress(bytes: Uint8Array): TcpAddress {
  const family = bytes[0];
  const hostname = family === 4
    ? formatIpv4(bytes, ADDRESS_BYTES)
    : family === 6
    ? formatIpv6(bytes, ADDRESS_BYTES)
    : "";
  return { transport: "tcp", hostname, port: bytes[ADDRESS_PORT]! << 8 | bytes[ADDRESS_PORT + 1]! };
}
