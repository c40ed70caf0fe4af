/** A request's head as text, and the fields in it. */

import { Buffer } from "node:buffer";
import { withoutBlanks } from "../../http/blanks.ts";

/** A header field as it came. */
export type Field = readonly [name: string, value: string];

/** What Buffer.toString() comes down to, which takes any bytes: no view has to be made of those of somebody else. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

/** Latin-1, the encoding of header fields (RFC 9110, 5.5): node:buffer does it several times faster than TextDecoder. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

/** The way back. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return Buffer.from(text, "latin1") as Uint8Array<ArrayBuffer>;
}

/** The same text, as bytes that lie behind each other: one that was put together is a tree until somebody reads it. */
export function inOnePiece(text: string): string {
  const bytes = latin1Bytes(text);
  return latin1(bytes, 0, bytes.length);
}

/**
 * The header fields of a head, in order, names as the client wrote them.
 *
 * @param head from its request line to its blank line, known to be well-formed
 * @param host what Host says instead: where a target is a whole URL, that names the host (RFC 9112, 3.2.2)
 */
export function fieldsOfHead(head: string, host?: string): Field[] {
  // Behind the first line a field is a line, and at the end there is an empty one.
  const lines = head.split("\r\n");
  const fields: Field[] = [];
  for (let at = 1; at < lines.length - 2; at++) {
    const line = lines[at]!;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const replaced = host !== undefined && colon === 4 && name.toLowerCase() === "host";
    fields.push([name, replaced ? host : withoutBlanks(line, colon + 1)]);
  }
  return fields;
}

/** The fields of lines, each with its CRLF. */
export function fieldsOfLines(lines: string): Field[] {
  return fieldsOfHead(`\r\n${lines}\r\n`);
}

/**
 * The first field of a name, as {@linkcode fieldsOfHead} has it; undefined where there is none.
 *
 * @param name in lower case
 */
export function fieldOfHead(head: string, name: string): string | undefined {
  for (let end = head.indexOf("\r\n"); end >= 0; end = head.indexOf("\r\n", end + 2)) {
    const start = end + 2;
    const colon = start + name.length;
    if (head.charCodeAt(colon) !== 0x3a || head.slice(start, colon).toLowerCase() !== name) continue;
    return withoutBlanks(head.slice(start, head.indexOf("\r\n", start)), name.length + 1);
  }
  return undefined;
}
