/** The header fields of a request or a response: a line each, up to the blank one (RFC 9112, 5), read strictly. */

import { CLASSES, COLON, CR, LF, SP, TAB, TOKEN, VALUE } from "./byte_classes.ts";
import { skipSpace, trimSpace } from "./field_values.ts";
import { MORE, REJECTED } from "./request_line.ts";

/** A reader of heads. Results are offsets in the bytes that were read, so nothing is allocated. */
export abstract class FieldLines {
  fieldCount = 0;
  /** Four offsets a field: start and end of its name, start and end of its value without space around it. */
  readonly fields: Int32Array;

  /** @param maxFields how many there may be */
  constructor(readonly maxFields: number) {
    this.fields = new Int32Array(4 * maxFields);
  }

  /**
   * Takes note of a field that matters to the reader. Most do not, and their names' lengths alone say so.
   *
   * @returns {@linkcode REJECTED} when it must not be there, or be so
   */
  protected abstract note(
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): number;

  /** There are more fields than there may be. */
  protected abstract rejectCount(): typeof REJECTED;

  /** It is malformed. @param why in plain words, a constant text */
  protected abstract malformed(why: string): typeof REJECTED;

  /**
   * Where a field's colon is, which does not stand behind its name at once.
   *
   * @param at behind the name, which has at least one character
   * @returns {@linkcode MORE}, or {@linkcode REJECTED} where there is none
   */
  protected abstract colonFrom(bytes: Uint8Array, at: number, stop: number): number;

  /**
   * Reads bytes[start, stop) up to the blank line.
   *
   * @returns just past it, or {@linkcode MORE} or {@linkcode REJECTED}
   */
  protected readFields(bytes: Uint8Array, start: number, stop: number): number {
    this.fieldCount = 0;
    let at = start;
    for (;;) {
      if (at === stop) return MORE;
      if (bytes[at] === CR) return this.endLine(bytes, at, stop);
      if (this.fieldCount === this.maxFields) return this.rejectCount();
      const nameStart = at;
      while (at < stop && CLASSES[bytes[at]!]! & TOKEN) at++;
      if (at === stop) return MORE;
      const nameEnd = at;
      if (nameEnd === nameStart) return this.rejectName(bytes[at]!);
      if (bytes[at] !== COLON) {
        at = this.colonFrom(bytes, at, stop);
        if (at < 0) return at;
      }
      const valueStart = at = skipSpace(bytes, at + 1, stop);
      while (at < stop && CLASSES[bytes[at]!]! & VALUE) at++;
      const valueStop = at;
      at = this.endLine(bytes, at, stop, "a header field's value has a control character");
      if (at < 0) return at;
      const valueEnd = trimSpace(bytes, valueStart, valueStop);
      const slot = 4 * this.fieldCount++;
      this.fields[slot] = nameStart;
      this.fields[slot + 1] = nameEnd;
      this.fields[slot + 2] = valueStart;
      this.fields[slot + 3] = valueEnd;
      if (this.note(bytes, nameStart, nameEnd, valueStart, valueEnd) === REJECTED) return REJECTED;
    }
  }

  /** Reads the CRLF of a line; just past it. @param otherwise what is wrong where neither of the two is there */
  protected endLine(
    bytes: Uint8Array,
    at: number,
    stop: number,
    otherwise = "there is a control character",
  ): number {
    if (at === stop) return MORE;
    if (bytes[at] !== CR) return this.malformed(bytes[at] === LF ? "there is an LF without CR" : otherwise);
    if (at + 1 === stop) return MORE;
    return bytes[at + 1] === LF ? at + 2 : this.malformed("there is a CR without LF");
  }

  /** A name starts with a byte that no name may start with. */
  protected rejectName(byte: number): typeof REJECTED {
    if (byte === COLON) return this.malformed("a header field has no name");
    // RFC 9112, 5.2: folded lines are how messages are smuggled.
    if (byte === SP || byte === TAB) return this.malformed("a header line starts with whitespace");
    if (byte === LF) return this.malformed("there is an LF without CR");
    return this.malformed("a header field's name has a character that no name may have");
  }
}
