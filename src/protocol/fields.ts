/** The fields behind a message's fixed part: type u8, 0, length u16, value. */

import { FIELD_LENGTH, SIZE_FIELD } from "./messages.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** From this type on a field changes what the message means, so a receiver that does not know it must not go on. */
const CRITICAL = 0x80;

/** Writes the head of a field; its value follows. Returns the offset behind the head. */
export function writeFieldHead(out: Uint8Array, offset: number, type: number, length: number): number {
  out[offset] = type;
  out[offset + 1] = 0;
  out[offset + FIELD_LENGTH] = length >> 8;
  out[offset + FIELD_LENGTH + 1] = length & 255;
  return offset + SIZE_FIELD;
}

/**
 * Encodes text fields, one after another.
 *
 * @param maximum the longest value, in bytes
 * @throws {RangeError} when a value is longer
 */
export function encodeTextFields(
  fields: readonly (readonly [type: number, text: string])[],
  maximum: number,
): Uint8Array<ArrayBuffer> {
  const values = fields.map(([, text]) => encoder.encode(text));
  const out = new Uint8Array(values.reduce((sum, value) => sum + SIZE_FIELD + value.length, 0));
  let offset = 0;
  fields.forEach(([type], index) => {
    const value = values[index]!;
    if (value.length > maximum) {
      throw new RangeError(`Cannot send a field of ${value.length} bytes: at most ${maximum} are allowed`);
    }
    offset = writeFieldHead(out, offset, type, value.length);
    out.set(value, offset);
    offset += value.length;
  });
  return out;
}

/**
 * Reads the fields of `bytes[start, end)`.
 *
 * @param known the types that the caller understands; others are skipped below 0x80 and refused from there on
 * @returns the values, or what is wrong, in words
 */
export function readFields(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
  known: ReadonlySet<number>,
): Map<number, Uint8Array<ArrayBuffer>> | string {
  const values = new Map<number, Uint8Array<ArrayBuffer>>();
  let offset = start;
  while (offset < end) {
    if (offset + SIZE_FIELD > end) return "a field is cut off";
    const type = bytes[offset]!;
    const length = bytes[offset + FIELD_LENGTH]! << 8 | bytes[offset + FIELD_LENGTH + 1]!;
    offset += SIZE_FIELD;
    if (offset + length > end) return `field ${type} is cut off`;
    if (known.has(type)) {
      if (values.has(type)) return `field ${type} occurs twice`;
      values.set(type, bytes.subarray(offset, offset + length));
    } else if (type >= CRITICAL) {
      return `field ${type} is not known and must not be skipped`;
    }
    offset += length;
  }
  return values;
}

/** Decodes texts that are mostly the same as the last one: names of sites and routes, which come with every hand-off. */
export class TextMemo {
  #bytes = new Uint8Array(0);
  #text = "";

  /** The same as {@linkcode fieldText}. */
  text(value: Uint8Array<ArrayBuffer> | undefined): string | undefined {
    if (value === undefined) return "";
    const last = this.#bytes;
    let at = value.length === last.length ? 0 : -1;
    while (at >= 0 && at < last.length) at = value[at] === last[at] ? at + 1 : -1;
    if (at >= 0) return this.#text;
    const text = fieldText(value);
    if (text === undefined) return undefined;
    this.#bytes = value.slice();
    return this.#text = text;
  }
}

/** Decodes a text field; undefined when it is not UTF-8, the empty text when it is absent. */
export function fieldText(value: Uint8Array<ArrayBuffer> | undefined): string | undefined {
  if (value === undefined) return "";
  try {
    return decoder.decode(value);
  } catch {
    return undefined;
  }
}
