/** The chunked transfer coding: a body as chunks, each with its length before it (RFC 9112, 7.1). */

import {
  ascii,
  CLASSES,
  COLON,
  CR,
  DQUOTE,
  EQUALS,
  HEX,
  hexValue,
  LF,
  SEMICOLON,
  SP,
  TAB,
  TOKEN,
  VALUE,
} from "./byte_classes.ts";

/** What a {@linkcode ChunkedDecoder} found: a piece of the body, too few bytes, the body's end, or no chunked body. */
export type ChunkedVerdict = "data" | "more" | "end" | "reject";

/** How much a sender may send that is not body. */
export interface ChunkedLimits {
  /** Bytes of one chunk-size line with its extensions, without CRLF; 256 unless given. */
  readonly sizeLine?: number;
  /** Bytes of all chunk extensions together; 16384 unless given. They are unread, so many are an attack. */
  readonly extensions?: number;
  /** Bytes of the trailer section; 8192 unless given. */
  readonly trailers?: number;
}

/** CR LF: the end of a chunk's data. */
export const CRLF: Uint8Array = ascii("\r\n");

/** The last chunk and an empty trailer section: the end of a chunked body. */
export const LAST_CHUNK: Uint8Array = ascii("0\r\n\r\n");

/** What a byte is read as. One state is one place in the grammar. */
const enum State {
  SizeFirst,
  Size,
  /** Whitespace behind the size or an extension; only another extension may follow. */
  Space,
  /** Behind a semicolon. */
  ExtensionStart,
  ExtensionName,
  /** Whitespace behind an extension's name. */
  ExtensionNameSpace,
  /** Behind an equals sign. */
  ExtensionValueStart,
  ExtensionValue,
  Quoted,
  QuotedPair,
  QuotedEnd,
  SizeLf,
  Data,
  DataCr,
  DataLf,
  TrailerFirst,
  TrailerName,
  TrailerValue,
  TrailerLf,
  LastLf,
  End,
  Rejected,
}

const BACKSLASH = 0x5c;

/**
 * Decodes a chunked body as its bytes come, without copying: data is a span of the bytes that were given.
 * Extensions are checked and skipped; trailer fields are checked and kept.
 *
 * @example
 * ```ts
 * const decoder = new ChunkedDecoder();
 * const bytes = new TextEncoder().encode("5\r\nhello\r\n0\r\n\r\n");
 * let at = 0;
 * while (decoder.next(bytes, at, bytes.length) === "data") {
 *   const piece = bytes.subarray(decoder.dataStart, decoder.dataEnd); // "hello"
 *   at = decoder.consumed;
 * }
 * ```
 */
export class ChunkedDecoder {
  /** After each call: the offset to go on at. After "end", the first byte behind the body. */
  consumed = 0;
  /** After "data": where the piece lies in the given bytes. It is never empty. */
  dataStart = 0;
  dataEnd = 0;
  /** After "reject": what is wrong, in plain words, a constant text. */
  why = "";
  /** After "end": the lines of the trailer section, each with its CRLF, in Latin-1. Mostly there are none. */
  trailers = "";

  readonly #sizeLineLimit: number;
  readonly #extensionsLimit: number;
  readonly #trailersLimit: number;
  #state = State.SizeFirst;
  /** Bytes of the current chunk that are still to come. */
  #remaining = 0;
  #sizeLine = 0;
  #extensions = 0;
  #trailers = 0;

  constructor(limits: ChunkedLimits = {}) {
    this.#sizeLineLimit = limits.sizeLine ?? 256;
    this.#extensionsLimit = limits.extensions ?? 16_384;
    this.#trailersLimit = limits.trailers ?? 8_192;
  }

  /** Makes ready for the next body. */
  reset(): void {
    this.consumed = this.dataStart = this.dataEnd = 0;
    this.why = this.trailers = "";
    this.#state = State.SizeFirst;
    this.#remaining =
      this.#sizeLine =
      this.#extensions =
      this.#trailers =
        0;
  }

  /**
   * Reads bytes[start, end), which follow what was consumed so far, up to the next piece of data. "end" and
   * "reject" last until {@linkcode reset}.
   */
  next(bytes: Uint8Array, start: number, end: number): ChunkedVerdict {
    let at = start;
    while (at < end && this.#state < State.End) {
      if (this.#state === State.Data) return this.#takeData(at, end);
      this.#state = this.#step(bytes[at]!);
      // The byte that is wrong is not consumed.
      if (this.#state !== State.Rejected) at++;
    }
    this.consumed = at;
    if (this.#state === State.End) return "end";
    return this.#state === State.Rejected ? "reject" : "more";
  }

  #takeData(at: number, end: number): ChunkedVerdict {
    const length = Math.min(end - at, this.#remaining);
    this.dataStart = at;
    this.dataEnd = this.consumed = at + length;
    this.#remaining -= length;
    if (this.#remaining === 0) this.#state = State.DataCr;
    return "data";
  }

  /** Reads one byte that is not data, and says what the next one is read as. */
  #step(byte: number): State {
    const state = this.#state;
    if (state < State.SizeLf) return this.#stepSizeLine(state, byte);
    switch (state) {
      case State.SizeLf:
        if (byte !== LF) return this.#reject("there is a CR without LF");
        return this.#remaining > 0 ? State.Data : State.TrailerFirst;
      case State.DataCr:
        return byte === CR ? State.DataLf : this.#reject("a chunk is longer than its size");
      case State.DataLf:
        return byte === LF ? State.SizeFirst : this.#reject("a chunk is longer than its size");
      case State.LastLf:
        return byte === LF ? State.End : this.#reject("there is a CR without LF");
      default:
        return this.#stepTrailers(state, byte);
    }
  }

  #stepSizeLine(state: State, byte: number): State {
    if (state === State.SizeFirst) {
      this.#sizeLine = 0;
      this.#remaining = 0;
      if (!(CLASSES[byte]! & HEX)) return this.#reject("a chunk does not start with its size");
    } else if (byte === CR && mayEndSizeLine(state)) return State.SizeLf;
    if (++this.#sizeLine > this.#sizeLineLimit) return this.#reject("a chunk's size line is too long");
    if (state > State.Size && ++this.#extensions > this.#extensionsLimit) {
      return this.#reject("there are too many chunk extensions");
    }
    if (state === State.SizeFirst || (state === State.Size && CLASSES[byte]! & HEX)) {
      return this.#addDigit(hexValue(byte));
    }
    return this.#stepExtension(state, byte);
  }

  /** `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`, where BWS is whitespace that nobody should send. */
  #stepExtension(state: State, byte: number): State {
    const space = byte === SP || byte === TAB;
    const token = (CLASSES[byte]! & TOKEN) !== 0;
    switch (state) {
      case State.Size:
        if (byte === SEMICOLON) return State.ExtensionStart;
        return space ? State.Space : this.#reject("a chunk's size is not a hexadecimal number");
      case State.Space:
        if (space) return state;
        return byte === SEMICOLON
          ? State.ExtensionStart
          : this.#reject("there is whitespace after a chunk's size or extension");
      case State.ExtensionStart:
        if (space) return state;
        return token ? State.ExtensionName : this.#reject("a chunk extension has no name");
      case State.ExtensionName:
      case State.ExtensionNameSpace:
        if (space) return State.ExtensionNameSpace;
        if (byte === EQUALS) return State.ExtensionValueStart;
        if (byte === SEMICOLON) return State.ExtensionStart;
        return token && state === State.ExtensionName
          ? state
          : this.#reject("a chunk extension's name has a character that no name may have");
      case State.ExtensionValueStart:
        if (space) return state;
        if (byte === DQUOTE) return State.Quoted;
        return token ? State.ExtensionValue : this.#reject("a chunk extension has no value");
      case State.ExtensionValue:
        if (token) return state;
        return this.#endExtension(byte, space, "a chunk extension has a character that it must quote");
      case State.QuotedEnd:
        return this.#endExtension(byte, space, "a chunk extension goes on after its quotes");
      case State.Quoted:
        // CR and LF in quotes are control characters too: nothing hides a line's end.
        if (byte === DQUOTE) return State.QuotedEnd;
        if (byte === BACKSLASH) return State.QuotedPair;
        return CLASSES[byte]! & VALUE ? state : this.#reject("a chunk extension has a control character");
      default:
        return CLASSES[byte]! & VALUE
          ? State.Quoted
          : this.#reject("a chunk extension has a control character");
    }
  }

  #endExtension(byte: number, space: boolean, why: string): State {
    if (byte === SEMICOLON) return State.ExtensionStart;
    return space ? State.Space : this.#reject(why);
  }

  #addDigit(digit: number): State {
    // 2^53 - 1 is the largest size that is counted exactly. Compared before multiplying, so nothing rounds.
    if (this.#remaining > (Number.MAX_SAFE_INTEGER - digit) / 16) return this.#reject("a chunk is too large");
    this.#remaining = this.#remaining * 16 + digit;
    return State.Size;
  }

  #stepTrailers(state: State, byte: number): State {
    if (state === State.TrailerFirst && byte === CR) return State.LastLf;
    if (++this.#trailers > this.#trailersLimit) return this.#reject("the trailer section is too long");
    this.trailers += String.fromCharCode(byte);
    switch (state) {
      case State.TrailerFirst:
        return CLASSES[byte]! & TOKEN ? State.TrailerName : this.#reject("a trailer field has no name");
      case State.TrailerName:
        if (CLASSES[byte]! & TOKEN) return state;
        return byte === COLON
          ? State.TrailerValue
          : this.#reject("a trailer field has no colon after its name");
      case State.TrailerValue:
        if (CLASSES[byte]! & VALUE) return state;
        return byte === CR
          ? State.TrailerLf
          : this.#reject("a trailer field's value has a control character");
      default:
        return byte === LF ? State.TrailerFirst : this.#reject("there is a CR without LF");
    }
  }

  #reject(why: string): State.Rejected {
    this.why = why;
    return State.Rejected;
  }
}

function mayEndSizeLine(state: State): boolean {
  return state === State.Size || state === State.ExtensionName || state === State.ExtensionValue ||
    state === State.QuotedEnd;
}

/**
 * The line before a chunk of `length` bytes: `1f4\r\n`. After the data comes {@linkcode CRLF}.
 *
 * @throws {RangeError} If the length is no positive integer; a chunk of 0 bytes would end the body.
 */
export function chunkHead(length: number): Uint8Array {
  if (!Number.isSafeInteger(length) || length <= 0) {
    throw new RangeError(`Cannot send a chunk of "${length}" bytes`);
  }
  return ascii(`${length.toString(16)}\r\n`);
}
