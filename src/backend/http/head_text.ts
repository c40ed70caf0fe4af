/** A request's head as text, and the fields in it. */

import { Buffer } from "node:buffer";

/** A header field as it came. */
export type Field = readonly [name: string, value: string];

/** Whitespace around a field's value, and the CR of its line (RFC 9112, 5). */
const OUTER_SPACE = /^[ \t]+|[ \t]*\r?$/g;

let viewed: Buffer = Buffer.alloc(0);

/** Latin-1, the encoding of header fields (RFC 9110, 5.5): node:buffer does it several times faster than TextDecoder. */
export function latin1(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): string {
  // Mostly the same memory as the last time, that which all connections share.
  if (viewed.buffer !== bytes.buffer || viewed.byteOffset !== bytes.byteOffset || viewed.length < end) {
    viewed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return viewed.toString("latin1", start, end);
}

/**
 * The header fields of a head, in order, names as the client wrote them.
 *
 * @param head from its request line to its blank line, known to be well-formed
 */
export function fieldsOfHead(head: string): Field[] {
  // Behind the first line a field is a line, and at the end there is an empty one.
  const lines = head.split("\n");
  const fields: Field[] = [];
  for (let at = 1; at < lines.length - 2; at++) {
    const line = lines[at]!;
    const colon = line.indexOf(":");
    fields.push([line.slice(0, colon), line.slice(colon + 1).replace(OUTER_SPACE, "")]);
  }
  return fields;
}
