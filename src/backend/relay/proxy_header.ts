/**
 * The header of the PROXY protocol, versions 1 and 2: who is at the ends of a connection that somebody else accepted
 * (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt, 2.1 and 2.2).
 */

import { ADDRESS_BYTES, ADDRESS_PORT } from "../../protocol/messages.ts";
import { type TlsState, tlsVersionName } from "../../protocol/tls_field.ts";
import { readAddress } from "../connection/address.ts";

/** Version 2 begins with what no protocol of text begins with: CR LF CR LF NUL CR LF "QUIT" LF. */
const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a] as const;

/** `ver_cmd`: version 2 in the upper half; below, that the addresses count, or that there are none to be had. */
const PROXY = 0x21;
const LOCAL = 0x20;

/** `fam`: address family in the upper half, SOCK_STREAM below. */
const UNSPEC = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

/** Bytes of an address by the family that hand-offs name. */
const SIZES: Readonly<Record<number, number>> = { 4: 4, 6: 16 };

/**
 * The header for one connection.
 *
 * @param client the client's address, as hand-offs have it (docs/protocol.md, "Addresses")
 * @param local the address that it connected to, in the same form
 * @param tls what is known of TLS on the connection: version 2 says it
 */
export function proxyHeader(
  version: "v1" | "v2",
  client: Uint8Array,
  local: Uint8Array,
  tls?: TlsState,
): Uint8Array<ArrayBuffer> {
  // The header has one family for both ends. Where an address is not known, so is the pair.
  const family = client[0] === local[0] ? client[0]! : 0;
  return version === "v1" ? textHeader(family, client, local) : binaryHeader(family, client, local, tls);
}

function textHeader(family: number, client: Uint8Array, local: Uint8Array): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  if (SIZES[family] === undefined) return encoder.encode("PROXY UNKNOWN\r\n");
  const [from, to] = [readAddress(client), readAddress(local)];
  return encoder.encode(
    `PROXY TCP${family} ${from.hostname} ${to.hostname} ${from.port} ${to.port}\r\n`,
  );
}

function binaryHeader(
  family: number,
  client: Uint8Array,
  local: Uint8Array,
  tls: TlsState | undefined,
): Uint8Array<ArrayBuffer> {
  const size = SIZES[family] ?? 0;
  const more = size === 0 || tls === undefined ? [] : tlsVectors(tls);
  // struct proxy_hdr_v2: sig[12], ver_cmd, fam, len (big-endian); then both addresses, then both ports.
  const length = size === 0 ? 0 : 2 * size + 4 + more.length;
  const header = new Uint8Array(SIGNATURE.length + 4 + length);
  header.set(SIGNATURE);
  header[12] = size === 0 ? LOCAL : PROXY;
  header[13] = size === 0 ? UNSPEC : family === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
  header[14] = length >> 8;
  header[15] = length & 255;
  if (size === 0) return header;
  header.set(client.subarray(ADDRESS_BYTES, ADDRESS_BYTES + size), 16);
  header.set(local.subarray(ADDRESS_BYTES, ADDRESS_BYTES + size), 16 + size);
  header.set(client.subarray(ADDRESS_PORT, ADDRESS_PORT + 2), 16 + 2 * size);
  header.set(local.subarray(ADDRESS_PORT, ADDRESS_PORT + 2), 18 + 2 * size);
  header.set(more, 20 + 2 * size);
  return header;
}

/** PP2_TYPE_* and PP2_SUBTYPE_SSL_* (2.2.1, 2.2.6). */
const AUTHORITY = 0x02;
const SSL = 0x20;
const SSL_VERSION = 0x21;
const SSL_CIPHER = 0x23;

/** The client has connected over TLS; it has shown a certificate on this connection; or in this session. */
const CLIENT_SSL = 0x01;
const CLIENT_CERT_CONN = 0x02;
const CLIENT_CERT_SESS = 0x04;

/** What version 2 says behind the addresses: the name that was asked for and, after a handshake, what came of it. */
function tlsVectors({ way, serverName, version, cipherName, resumed, client }: TlsState): number[] {
  const name = serverName === "" ? [] : vector(AUTHORITY, ascii(serverName));
  if (way === "untouched") return name;
  const shown = client === undefined ? 0 : CLIENT_CERT_SESS | (resumed ? 0 : CLIENT_CERT_CONN);
  // struct pp2_tlv_ssl: client, verify (0 for a certificate that was verified), then vectors.
  const verify = client === undefined ? [0, 0, 0, 1] : [0, 0, 0, 0];
  const inner = [
    ...vector(SSL_VERSION, ascii(tlsVersionName(version))),
    ...vector(SSL_CIPHER, ascii(cipherName)),
  ];
  return [...name, ...vector(SSL, [CLIENT_SSL | shown, ...verify, ...inner])];
}

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function vector(type: number, value: readonly number[]): number[] {
  return [type, value.length >> 8, value.length & 255, ...value];
}
