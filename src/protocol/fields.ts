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

/** Where the fields of a message are: filled anew for one message after another, where there are many. */
export class FieldTable {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Offsets of values by type; 0 for none, as the head of a field lies before each. */
  readonly #starts = new Uint32Array(256);
  readonly #lengths = new Uint16Array(256);
  /** The types that the message has, in order. */
  readonly #types = new Uint8Array(256);
  #count = 0;

  /**
   * Reads the fields of `bytes[start, end)`, which are lent until the next message is read.
   *
   * @param known the types that the caller understands; others are skipped below 0x80 and refused from there on
   * @returns what is wrong, in words; then the table means nothing
   */
  read(
    bytes: Uint8Array<ArrayBuffer>,
    start: number,
    end: number,
    known: ReadonlySet<number>,
  ): string | undefined {
    while (this.#count > 0) this.#starts[this.#types[--this.#count]!] = 0;
    this.#bytes = bytes;
    let offset = start;
    while (offset < end) {
      if (offset + SIZE_FIELD > end) return "a field is cut off";
      const type = bytes[offset]!;
      const length = bytes[offset + FIELD_LENGTH]! << 8 | bytes[offset + FIELD_LENGTH + 1]!;
      offset += SIZE_FIELD;
      if (offset + length > end) return `field ${type} is cut off`;
      if (known.has(type)) {
        if (this.has(type)) return `field ${type} occurs twice`;
        this.#starts[type] = offset;
        this.#lengths[type] = length;
        this.#types[this.#count++] = type;
      } else if (type >= CRITICAL) {
        return `field ${type} is not known and must not be skipped`;
      }
      offset += length;
    }
    return undefined;
  }

  has(type: number): boolean {
    return this.#starts[type] !== 0;
  }

  /** A field's value, a view of the message's bytes; undefined where there is none. */
  get(type: number): Uint8Array<ArrayBuffer> | undefined {
    const start = this.#starts[type]!;
    return start === 0 ? undefined : this.#bytes.subarray(start, start + this.#lengths[type]!);
  }

  /** A text field; undefined where it is not UTF-8, the empty text where there is none. @param last what it mostly is */
  text(type: number, last: TextMemo): string | undefined {
    const start = this.#starts[type]!;
    return start === 0 ? "" : last.text(this.#bytes, start, start + this.#lengths[type]!);
  }
}

/** The fields of a message that comes now and then, as {@linkcode FieldTable.read} reads them; or what is wrong. */
export function readFields(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
  known: ReadonlySet<number>,
): FieldTable | string {
  const fields = new FieldTable();
  return fields.read(bytes, start, end, known) ?? fields;
}

/** Decodes texts that are mostly the same as the last one: names of sites and routes, which come with every hand-off. */
export class TextMemo {
  #bytes = new Uint8Array(0);
  #text = "";

  /** The text of `bytes[start, end)`; undefined when it is not UTF-8. */
  text(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): string | undefined {
    const last = this.#bytes;
    let at = end - start === last.length ? 0 : -1;
    while (at >= 0 && at < last.length) at = bytes[start + at] === last[at] ? at + 1 : -1;
    if (at >= 0) return this.#text;
    const value = bytes.slice(start, end);
    const text = fieldText(value);
    if (text === undefined) return undefined;
    this.#bytes = value;
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
