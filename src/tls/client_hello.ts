/**
 * The first message of a TLS client, looked at without taking it: which name it asks for, and which protocols it would
 * speak (RFC 8446, section 4.1.2; RFC 6066, section 3; RFC 7301, section 3.1). Whether the rest of it is any good is
 * OpenSSL's to say.
 */

import { DECODE_ERROR, PROTOCOL_VERSION, UNEXPECTED_MESSAGE } from "./alerts.ts";

/** Bytes that a ClientHello may have, with its header. Those of browsers have 2,000, the largest with every extension 8,000. */
export const MAX_CLIENT_HELLO = 16_384;

/** Bytes that are looked at, with the headers of records: the same ClientHello in very small records is not waited for. */
export const MAX_HELLO_RECORDS = 32_768;

/** What a client says first. */
export interface ClientHello {
  /** In lower case and without a final dot; undefined when it asks for none, or for what is no host name. */
  readonly serverName: string | undefined;
  /** Protocols that it would speak over TLS, best first (ALPN); undefined when it says nothing of them. */
  readonly protocols: readonly string[] | undefined;
}

/** What looking at the first bytes of a connection has found out. */
export type HelloVerdict =
  /** Not all of it is there. `needed` bytes have to be before it can be: looking earlier finds nothing new. */
  | { readonly verdict: "more"; readonly needed: number }
  | { readonly verdict: "hello"; readonly hello: ClientHello }
  /** The client speaks HTTP in clear text. */
  | { readonly verdict: "http" }
  /** It is no ClientHello that can be answered but by an alert. */
  | { readonly verdict: "reject"; readonly alert: number; readonly why: string };

const RECORD_HEADER = 5;
const HANDSHAKE = 22;
const ALERT = 21;
const MAX_FRAGMENT = 16_384;

const HANDSHAKE_HEADER = 4;
const CLIENT_HELLO = 1;

const RANDOM = 32;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const PROTOCOL_NEGOTIATION = 16; // application_layer_protocol_negotiation

function reject(alert: number, why: string): HelloVerdict {
  return { verdict: "reject", alert, why };
}

/** Reads first bytes. Reused for every connection: one message is put together in it at a time. */
export class ClientHelloReader {
  readonly #message = new Uint8Array(MAX_CLIENT_HELLO);

  /**
   * Looks at all that has come on a connection so far.
   *
   * @param bytes where it is
   * @param length how many of the bytes count
   */
  read(bytes: Uint8Array, length: number): HelloVerdict {
    if (length === 0) return { verdict: "more", needed: 1 };
    if (isLetter(bytes[0]!)) return { verdict: "http" };
    // The first byte of SSLv2 is the upper half of a length with its highest bit set; its third one says ClientHello.
    if (bytes[0]! >= 0x80) {
      if (length < 3) return { verdict: "more", needed: 3 };
      return bytes[2] === CLIENT_HELLO
        ? reject(PROTOCOL_VERSION, "the client speaks SSL 2")
        : reject(UNEXPECTED_MESSAGE, "what the client sent is no TLS");
    }
    return this.#records(bytes, length);
  }

  /** Puts the message together that lies in one or more records. */
  #records(bytes: Uint8Array, length: number): HelloVerdict {
    const message = this.#message;
    let have = 0;
    let want = HANDSHAKE_HEADER;
    for (let at = 0;;) {
      // At the least one more record, and in it all that is missing.
      const needed = at + RECORD_HEADER + want - have;
      if (needed > MAX_HELLO_RECORDS) return reject(DECODE_ERROR, "the ClientHello is too long");
      if (length < at + 1) return { verdict: "more", needed };
      if (bytes[at] !== HANDSHAKE) return notHandshake(bytes[at]!);
      if (length >= at + 2 && bytes[at + 1] !== 3) {
        return reject(PROTOCOL_VERSION, "what the client sent is no version of TLS");
      }
      if (length < at + RECORD_HEADER) return { verdict: "more", needed };
      const size = bytes[at + 3]! << 8 | bytes[at + 4]!;
      if (size === 0 || size > MAX_FRAGMENT) {
        return reject(DECODE_ERROR, `a record of ${size} bytes`);
      }
      at += RECORD_HEADER;
      const part = Math.min(size, length - at, want - have);
      for (let index = 0; index < part; index++) message[have + index] = bytes[at + index]!;
      have += part;
      if (have === want && want === HANDSHAKE_HEADER) {
        if (message[0] !== CLIENT_HELLO) {
          return reject(UNEXPECTED_MESSAGE, "the client does not begin with a ClientHello");
        }
        want += message[1]! << 16 | message[2]! << 8 | message[3]!;
        if (want > MAX_CLIENT_HELLO) return reject(DECODE_ERROR, `a ClientHello of ${want} bytes`);
        const rest = Math.min(size - part, length - at - part, want - have);
        for (let index = 0; index < rest; index++) message[have + index] = bytes[at + part + index]!;
        have += rest;
      }
      if (have === want) return readHello(message, want);
      if (length < at + size) {
        const needed = length + Math.max(size - (length - at), want - have);
        if (needed > MAX_HELLO_RECORDS) return reject(DECODE_ERROR, "the ClientHello is too long");
        return { verdict: "more", needed };
      }
      at += size;
    }
  }
}

function isLetter(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a || byte >= 0x61 && byte <= 0x7a;
}

function notHandshake(type: number): HelloVerdict {
  return reject(
    UNEXPECTED_MESSAGE,
    type === ALERT ? "the client sent an alert" : "what the client sent is no TLS",
  );
}

const CUT_OFF = reject(DECODE_ERROR, "the ClientHello is malformed");

/** Reads the message itself. @param end its length, header and all */
function readHello(message: Uint8Array, end: number): HelloVerdict {
  let at = HANDSHAKE_HEADER + 2 + RANDOM; // legacy_version
  // Each a list with its length before it: legacy_session_id, cipher_suites, legacy_compression_methods.
  for (const lengthSize of [1, 2, 1]) {
    if (at + lengthSize > end) return CUT_OFF;
    at += lengthSize + number(message, at, lengthSize);
  }
  let serverName: string | undefined;
  let protocols: readonly string[] | undefined;
  if (at > end) return CUT_OFF;
  // A client of TLS 1.2 need not have extensions.
  if (at < end) {
    if (at + 2 > end || at + 2 + number(message, at, 2) !== end) return CUT_OFF;
    at += 2;
    while (at < end) {
      if (at + 4 > end) return CUT_OFF;
      const type = number(message, at, 2);
      const next = at + 4 + number(message, at + 2, 2);
      if (next > end) return CUT_OFF;
      if (type === SERVER_NAME && serverName === undefined) serverName = readName(message, at + 4, next);
      if (type === PROTOCOL_NEGOTIATION && protocols === undefined) {
        protocols = readProtocols(message, at + 4, next);
        if (protocols === undefined) return CUT_OFF;
      }
      at = next;
    }
  }
  return { verdict: "hello", hello: { serverName, protocols } };
}

function number(bytes: Uint8Array, at: number, size: number): number {
  return size === 1 ? bytes[at]! : bytes[at]! << 8 | bytes[at + 1]!;
}

/** The first host name of a server_name extension; undefined when there is none that could be one. */
function readName(bytes: Uint8Array, start: number, end: number): string | undefined {
  let at = start + 2; // of the list
  while (at + 3 <= end) {
    const length = number(bytes, at + 1, 2);
    if (at + 3 + length > end) return undefined;
    if (bytes[at] === HOST_NAME) return hostName(bytes, at + 3, at + 3 + length);
    at += 3 + length;
  }
  return undefined;
}

const DOT = 0x2e;
const LONGEST_NAME = 255;

function hostName(bytes: Uint8Array, start: number, end: number): string | undefined {
  const last = end > start && bytes[end - 1] === DOT ? end - 1 : end;
  if (last === start || last - start > LONGEST_NAME) return undefined;
  for (let at = start; at < last; at++) {
    const byte = bytes[at]!;
    const good = isLetter(byte) || byte >= 0x30 && byte <= 0x39 || byte === 0x2d || byte === DOT ||
      byte === 0x5f;
    if (!good) return undefined;
  }
  return String.fromCharCode(...bytes.subarray(start, last)).toLowerCase();
}

/** The protocols of an application_layer_protocol_negotiation extension; undefined when it is malformed. */
function readProtocols(bytes: Uint8Array, start: number, end: number): string[] | undefined {
  if (start + 2 > end || start + 2 + number(bytes, start, 2) !== end) return undefined;
  const protocols: string[] = [];
  for (let at = start + 2; at < end;) {
    const next = at + 1 + bytes[at]!;
    if (next === at + 1 || next > end) return undefined;
    protocols.push(String.fromCharCode(...bytes.subarray(at + 1, next)));
    at = next;
  }
  return protocols;
}
