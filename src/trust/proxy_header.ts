/**
 * The header of the PROXY protocol, as somebody in front sends it ahead of a connection
 * (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt, 2.1 and 2.2).
 */

import { ADDRESS_BYTES, ADDRESS_PORT, SIZE_ADDRESS } from "../protocol/messages.ts";
import { readAddress } from "../rules/networks.ts";
import { V4, writeAddress } from "./addresses.ts";
import { crc32c } from "./crc32c.ts";

/** Bytes that a header may have: as many as nginx takes. More is no header. */
export const MAX_PROXY_HEADER = 4_096;

/** `PROXY `: how version 1 begins. */
const TEXT = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20);
/** CR LF CR LF NUL CR LF "QUIT" LF: how version 2 begins. */
const BINARY = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
/** The longest line of version 1, its CR LF included (2.1). */
const MAX_LINE = 107;

// struct proxy_hdr_v2: sig[12], ver_cmd, fam, len (big-endian); then addresses and ports, then type-length-values.
const VER_CMD = 12;
const FAM = 13;
const LEN = 14;
const SIZE_FIXED = 16;

const LOCAL = 0x20;
const PROXY = 0x21;

const AF_INET = 0x10;
const AF_INET6 = 0x20;
const AF_UNIX = 0x30;
const STREAM = 0x01;
const DGRAM = 0x02;
/** Bytes that the addresses take, by the upper half of `fam`. */
const SIZES: Readonly<Record<number, number>> = { 0: 0, [AF_INET]: 12, [AF_INET6]: 36, [AF_UNIX]: 216 };

/** Types of type-length-values (2.2). */
const PP2_TYPE_CRC32C = 0x03;
const PP2_TYPE_SSL = 0x20;
/** The bit of `client` in a value of PP2_TYPE_SSL that says: the client came by TLS. */
const PP2_CLIENT_SSL = 0x01;

const LF = 0x0a;
const CR = 0x0d;
const WHY_NONE = "it does not begin with a header of the PROXY protocol";

/**
 * What bytes are: `more` of a header is to come, the header is `whole`, or they can never become one.
 */
export type ProxyVerdict = "more" | "whole" | "bad";

/** Reads headers, one at a time, without allocating for version 2. */
export class ProxyHeader {
  /** Bytes of the header, where it is whole. */
  size = 0;
  /** Why it is none, for people; nothing of what came is in it. */
  why = "";
  /** Whether it says who the client is. Otherwise it is who has connected: LOCAL, UNKNOWN. */
  announced = false;
  /** The client's address, as hand-offs carry it, where it is announced. Of family 0 for one that came by a Unix socket. */
  readonly client: Uint8Array<ArrayBuffer> = new Uint8Array(SIZE_ADDRESS);
  /** Whether it says that the client came by TLS. */
  https = false;

  /** Judges `bytes[0, length)`. */
  read(bytes: Uint8Array, length: number): ProxyVerdict {
    this.announced = this.https = false;
    this.size = 0;
    this.client.fill(0);
    if (length === 0) return "more";
    const beginning = bytes[0] === TEXT[0] ? TEXT : BINARY;
    for (let at = 0; at < beginning.length && at < length; at++) {
      if (bytes[at] !== beginning[at]) return this.#bad(WHY_NONE);
    }
    if (length < beginning.length) return "more";
    return beginning === TEXT ? this.#readText(bytes, length) : this.#readBinary(bytes, length);
  }

  #bad(why: string): ProxyVerdict {
    this.why = why;
    return "bad";
  }

  // --- version 1 ----------------------------------------------------------------------------------------------------

  #readText(bytes: Uint8Array, length: number): ProxyVerdict {
    const most = Math.min(length, MAX_LINE);
    let end = TEXT.length;
    while (end < most && bytes[end] !== CR) {
      if (bytes[end] === LF) return this.#bad("the line of its PROXY header ends without CR");
      end++;
    }
    if (end + 1 >= MAX_LINE) return this.#bad(`the line of its PROXY header has more than ${MAX_LINE} bytes`);
    if (end + 1 >= length) return "more";
    if (bytes[end + 1] !== LF) return this.#bad("the line of its PROXY header has a CR without LF");
    this.size = end + 2;
    // Bytes as they are, one character each: what is not ASCII fits nowhere.
    const words = String.fromCharCode(...bytes.subarray(TEXT.length, end)).split(" ");
    // Whatever follows is to be ignored (2.1).
    if (words[0] === "UNKNOWN") return "whole";
    return this.#takeWords(words) ? "whole" : this.#bad("its PROXY header is malformed");
  }

  #takeWords(words: readonly string[]): boolean {
    const [family, source = "", destination = "", from = "", to = "", ...others] = words;
    if (family !== "TCP4" && family !== "TCP6" || others.length > 0) return false;
    const port = portOf(from);
    if (port < 0 || portOf(to) < 0) return false;
    // The address that was connected to is read, and not kept; the last one read is.
    const known = family === "TCP4"
      ? this.#takeIpv4(destination) && this.#takeIpv4(source)
      : this.#takeIpv6(destination) && this.#takeIpv6(source);
    if (!known) return false;
    this.client[ADDRESS_PORT] = port >> 8;
    this.client[ADDRESS_PORT + 1] = port & 255;
    this.announced = true;
    return true;
  }

  #takeIpv4(text: string): boolean {
    const numbers = text.split(".");
    if (numbers.length !== 4) return false;
    this.client[0] = V4;
    return numbers.every((number, index) => {
      const value = smallNumber(number, 255);
      this.client[ADDRESS_BYTES + index] = value;
      return value >= 0;
    });
  }

  #takeIpv6(text: string): boolean {
    const address = text.includes(":") ? readAddress(text) : undefined;
    if (address !== undefined) writeAddress(this.client, 0, address);
    return address !== undefined;
  }

  // --- version 2 ----------------------------------------------------------------------------------------------------

  #readBinary(bytes: Uint8Array, length: number): ProxyVerdict {
    if (length <= VER_CMD) return "more";
    const command = bytes[VER_CMD]!;
    if (command !== LOCAL && command !== PROXY) {
      return this.#bad("its PROXY header has a version or a command that is not known");
    }
    if (length <= FAM) return "more";
    const family = bytes[FAM]! & 0xf0;
    const transport = bytes[FAM]! & 0x0f;
    const addresses = SIZES[family];
    // Of LOCAL the receiver is to ignore it (2.2).
    if (command === PROXY && (addresses === undefined || transport > DGRAM)) {
      return this.#bad("its PROXY header has an address family that is not known");
    }
    if (length < SIZE_FIXED) return "more";
    const size = SIZE_FIXED + (bytes[LEN]! << 8 | bytes[LEN + 1]!);
    if (size > MAX_PROXY_HEADER) return this.#bad(`its PROXY header has more than ${MAX_PROXY_HEADER} bytes`);
    if (command === PROXY && size < SIZE_FIXED + addresses!) {
      return this.#bad("its PROXY header is too short for its addresses");
    }
    if (length < size) return "more";
    this.size = size;
    if (command === LOCAL) return "whole";
    if (!this.#readVectors(bytes, SIZE_FIXED + addresses!, size)) return "bad";
    if (transport === STREAM && family !== 0) this.#takeAddress(bytes, family);
    return "whole";
  }

  #takeAddress(bytes: Uint8Array, family: number): void {
    const { client } = this;
    this.announced = true;
    // A path of a Unix socket says nothing of who is at its other end.
    if (family === AF_UNIX) return;
    const size = family === AF_INET ? 4 : 16;
    for (let at = 0; at < size; at++) client[ADDRESS_BYTES + at] = bytes[SIZE_FIXED + at]!;
    for (let at = 0; at < 2; at++) client[ADDRESS_PORT + at] = bytes[SIZE_FIXED + 2 * size + at]!;
    if (family === AF_INET) client[0] = V4;
    else writeAddress(client, 0, client.slice(ADDRESS_BYTES));
  }

  /** Looks at the type-length-values: those that are of use, and whether all of them end where the header does. */
  #readVectors(bytes: Uint8Array, start: number, end: number): boolean {
    for (let at = start; at < end;) {
      const value = at + 3;
      const next = value + (bytes[at + 1]! << 8 | bytes[at + 2]!);
      if (value > end || next > end) {
        this.#bad("what follows the addresses in its PROXY header is malformed");
        return false;
      }
      if (bytes[at] === PP2_TYPE_CRC32C && !checks(bytes, end, value, next)) {
        this.#bad("the checksum of its PROXY header is wrong");
        return false;
      }
      if (bytes[at] === PP2_TYPE_SSL && next > value) this.https = (bytes[value]! & PP2_CLIENT_SSL) !== 0;
      at = next;
    }
    return true;
  }
}

/** Whether the CRC32c of a header is that in bytes[start, end), where it counts as zero itself. */
function checks(bytes: Uint8Array, size: number, start: number, end: number): boolean {
  if (end - start !== 4) return false;
  const header = bytes.slice(0, size);
  header.fill(0, start, end);
  const said =
    (bytes[start]! << 24 | bytes[start + 1]! << 16 | bytes[start + 2]! << 8 | bytes[start + 3]!) >>> 0;
  return crc32c(header) === said;
}

function portOf(text: string): number {
  return smallNumber(text, 65_535);
}

/** A decimal number without leading zeros; -1 for anything else. */
function smallNumber(text: string, most: number): number {
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) return -1;
  const value = Number(text);
  return value <= most ? value : -1;
}
