/**
 * The head of an HTTP/1.1 response as a client reads it: status line, header fields, blank line (RFC 9112, 4 and 5).
 *
 * Read strictly. Whoever passes a response on vouches for where it ends: what one party could read as one response and
 * another as two is rejected, even where the RFC lets a client guess.
 */

import {
  ascii,
  CLASSES,
  COLON,
  CR,
  DIGIT,
  equalsAnyCase,
  LF,
  SP,
  TAB,
  TOKEN,
  VALUE,
} from "./byte_classes.ts";
import {
  CHUNKED,
  CLOSE,
  connectionOptions,
  contentLength,
  KEEP_ALIVE,
  OTHER_CODING,
  skipSpace,
  transferCodings,
  trimSpace,
} from "./field_values.ts";
import type { Verdict } from "./request_head.ts";

/** What a server may send as a head. */
export interface ResponseLimits {
  /** Bytes of the whole head. */
  readonly head: number;
  /** Header fields; 200 unless given. */
  readonly fields?: number;
}

/** How the end of a response's content is found (RFC 9112, 6.3). */
export type ResponseFraming = "none" | "length" | "chunked" | "close";

const MORE = -1;
const REJECTED = -2;

const ZERO = 0x30;
const VERSION = ascii("HTTP/1.");
const CONNECTION = ascii("connection");
const CONTENT_LENGTH = ascii("content-length");
const TRANSFER_ENCODING = ascii("transfer-encoding");

/**
 * A reusable reader of response heads. Results are offsets in the bytes that were read; they hold after the verdict
 * "head", until the next call.
 *
 * @example
 * ```ts
 * const response = new ResponseParser({ head: 32768 });
 * const bytes = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
 * if (response.parse(bytes, 0, bytes.length) === "head") {
 *   response.framing("GET"); // "length"
 * }
 * ```
 */
export class ResponseParser {
  /** After "reject": what is wrong, in plain words, a constant text. */
  why = "";
  /** Just past the blank line. */
  end = 0;
  /** The `x` of HTTP/1.x. */
  minor: 0 | 1 = 1;
  /** 100–999. */
  status = 0;
  reasonStart = 0;
  reasonEnd = 0;
  fieldCount = 0;
  /** Four offsets a field: start and end of its name, start and end of its value without space around it. */
  readonly fields: Int32Array;
  /** -1 when absent. */
  contentLength = -1;
  /** Whether the content has the chunked coding. */
  chunked = false;
  /** Whether the server lets the connection go on after this response (RFC 9112, 9.3). */
  keepAlive = false;

  readonly #limits: ResponseLimits;
  readonly #maxFields: number;
  #options = 0;
  #codings = 0;

  constructor(limits: ResponseLimits) {
    this.#limits = limits;
    this.#maxFields = limits.fields ?? 200;
    this.fields = new Int32Array(4 * this.#maxFields);
  }

  /** Looks at bytes[start, end), from its first byte each time. Never throws on content. More bytes change "more" only. */
  parse(bytes: Uint8Array, start: number, end: number): Verdict {
    const stop = Math.min(end, start + this.#limits.head);
    let at = this.#readStatusLine(bytes, start, stop);
    if (at >= 0) at = this.#readFields(bytes, at, stop);
    if (at >= 0) at = this.#conclude(at);
    if (at === MORE && end > stop) at = this.#reject("its head is too long");
    if (at === MORE) return "more";
    if (at < 0) return "reject";
    this.end = at;
    return "head";
  }

  /**
   * Where the content of this response ends (RFC 9112, 6.3).
   *
   * @param method of the request that it answers
   */
  framing(method: string): ResponseFraming {
    if (method === "HEAD" || this.status < 200 || this.status === 204 || this.status === 304) return "none";
    if (this.chunked) return "chunked";
    return this.contentLength >= 0 ? "length" : "close";
  }

  #reject(why: string): typeof REJECTED {
    this.why = why;
    return REJECTED;
  }

  #readStatusLine(bytes: Uint8Array, start: number, stop: number): number {
    let at = start;
    for (; at - start < VERSION.length; at++) {
      if (at === stop) return MORE;
      if (bytes[at] !== VERSION[at - start]) return this.#reject("it does not start with HTTP/1.1");
    }
    if (at === stop) return MORE;
    const minor = bytes[at++]! - ZERO;
    if (minor !== 0 && minor !== 1) return this.#reject("its HTTP version is neither 1.0 nor 1.1");
    this.minor = minor;
    if (at === stop) return MORE;
    if (bytes[at++] !== SP) return this.#reject("there is no space after its HTTP version");
    let status = 0;
    for (let digit = 0; digit < 3; digit++, at++) {
      if (at === stop) return MORE;
      if (!(CLASSES[bytes[at]!]! & DIGIT)) return this.#reject("its status is not three digits");
      status = status * 10 + bytes[at]! - ZERO;
    }
    if (status < 100) return this.#reject("its status is less than 100");
    this.status = status;
    if (at === stop) return MORE;
    // A server must send the space even without a reason phrase; many do not, and nothing depends on it.
    if (bytes[at] === SP) at++;
    else if (bytes[at] !== CR) return this.#reject("its status is not three digits");
    this.reasonStart = at;
    while (at < stop && CLASSES[bytes[at]!]! & VALUE) at++;
    this.reasonEnd = at;
    return this.#endLine(bytes, at, stop);
  }

  /** Reads the CRLF of a line. */
  #endLine(bytes: Uint8Array, at: number, stop: number): number {
    if (at === stop) return MORE;
    if (bytes[at] !== CR) {
      return this.#reject(bytes[at] === LF ? "there is an LF without CR" : "there is a control character");
    }
    if (at + 1 === stop) return MORE;
    return bytes[at + 1] === LF ? at + 2 : this.#reject("there is a CR without LF");
  }

  #readFields(bytes: Uint8Array, start: number, stop: number): number {
    this.fieldCount = 0;
    this.contentLength = -1;
    this.#options = this.#codings = 0;
    let at = start;
    for (;;) {
      if (at === stop) return MORE;
      if (bytes[at] === CR) return this.#endLine(bytes, at, stop);
      if (this.fieldCount === this.#maxFields) return this.#reject("it has too many header fields");
      const nameStart = at;
      while (at < stop && CLASSES[bytes[at]!]! & TOKEN) at++;
      if (at === stop) return MORE;
      const nameEnd = at;
      if (nameEnd === nameStart) return this.#rejectName(bytes[at]!);
      // RFC 9112, 5.1: a proxy takes this whitespace away, so that nobody behind it reads another name.
      at = skipSpace(bytes, at, stop);
      if (at === stop) return MORE;
      if (bytes[at] !== COLON) return this.#reject("a header field has no colon after its name");
      const valueStart = at = skipSpace(bytes, at + 1, stop);
      while (at < stop && CLASSES[bytes[at]!]! & VALUE) at++;
      const valueStop = at;
      at = this.#endLine(bytes, at, stop);
      if (at < 0) return at;
      const valueEnd = trimSpace(bytes, valueStart, valueStop);
      const slot = 4 * this.fieldCount++;
      this.fields[slot] = nameStart;
      this.fields[slot + 1] = nameEnd;
      this.fields[slot + 2] = valueStart;
      this.fields[slot + 3] = valueEnd;
      if (this.#note(bytes, nameStart, nameEnd, valueStart, valueEnd) === REJECTED) return REJECTED;
    }
  }

  #rejectName(byte: number): typeof REJECTED {
    if (byte === COLON) return this.#reject("a header field has no name");
    // RFC 9112, 5.2: a proxy may discard a response with folded lines.
    if (byte === SP || byte === TAB) return this.#reject("a header line starts with whitespace");
    if (byte === LF) return this.#reject("there is an LF without CR");
    return this.#reject("a header field's name has a character that no name may have");
  }

  /** Takes note of the fields that say how the message is framed and how the connection goes on. */
  #note(bytes: Uint8Array, nameStart: number, nameEnd: number, start: number, end: number): number {
    switch (nameEnd - nameStart) {
      case CONNECTION.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, CONNECTION)) {
          this.#options |= connectionOptions(bytes, start, end);
        }
        break;
      case CONTENT_LENGTH.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, CONTENT_LENGTH)) {
          if (this.contentLength >= 0) return this.#reject("it has more than one Content-Length field");
          this.contentLength = contentLength(bytes, start, end);
          if (this.contentLength < 0) return this.#reject("its Content-Length is not one number");
        }
        break;
      case TRANSFER_ENCODING.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, TRANSFER_ENCODING)) {
          // RFC 9112, 6.1: faulty framing, since HTTP/1.0 has no transfer codings.
          if (this.minor === 0) return this.#reject("an HTTP/1.0 response has a Transfer-Encoding field");
          this.#codings = transferCodings(bytes, start, end, this.#codings);
          if (this.#codings < 0) return this.#reject("its Transfer-Encoding is not a list that chunked ends");
        }
        break;
    }
    return 0;
  }

  #conclude(end: number): number {
    this.chunked = (this.#codings & CHUNKED) !== 0;
    if (this.#codings !== 0 && this.contentLength >= 0) {
      return this.#reject("it has both a Content-Length and a Transfer-Encoding field");
    }
    if (this.#codings & OTHER_CODING) return this.#reject("it has a transfer coding other than chunked");
    this.keepAlive = (this.#options & CLOSE) === 0 &&
      (this.minor === 1 || (this.#options & KEEP_ALIVE) !== 0);
    // RFC 9112, 6.3: such a response ends at its blank line, whatever it says; a server that says otherwise may go on.
    const bodiless = this.status === 204 || this.status < 200;
    if (bodiless && this.status !== 101 && (this.chunked || this.contentLength > 0)) this.keepAlive = false;
    return end;
  }
}
