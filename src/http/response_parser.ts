/**
 * The head of an HTTP/1.1 response as a client reads it: status line, header fields, blank line (RFC 9112, 4 and 5).
 *
 * Read strictly. Whoever passes a response on vouches for where it ends: what one party could read as one response and
 * another as two is rejected, even where the RFC lets a client guess.
 */

import { ascii, CLASSES, COLON, CR, DIGIT, equalsAnyCase, SP, VALUE } from "./byte_classes.ts";
import { FieldLines } from "./field_lines.ts";
import {
  CHUNKED,
  CLOSE,
  connectionOptions,
  contentLength,
  KEEP_ALIVE,
  OTHER_CODING,
  skipSpace,
  transferCodings,
} from "./field_values.ts";
import type { Verdict } from "./request_head.ts";
import { MORE, REJECTED } from "./request_line.ts";

/** What a server may send as a head. */
export interface ResponseLimits {
  /** Bytes of the whole head. */
  readonly head: number;
  /** Header fields; 200 unless given. */
  readonly fields?: number;
}

/** How the end of a response's content is found (RFC 9112, 6.3). */
export type ResponseFraming = "none" | "length" | "chunked" | "close";

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
export class ResponseParser extends FieldLines {
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
  /** -1 when absent. */
  contentLength = -1;
  /** Whether the content has the chunked coding. */
  chunked = false;
  /** Whether the server lets the connection go on after this response (RFC 9112, 9.3). */
  keepAlive = false;

  readonly #limits: ResponseLimits;
  #options = 0;
  #codings = 0;

  constructor(limits: ResponseLimits) {
    super(limits.fields ?? 200);
    this.#limits = limits;
  }

  /** Bytes that a head may have. */
  get longest(): number {
    return this.#limits.head;
  }

  /** Looks at bytes[start, end), from its first byte each time. Never throws on content. More bytes change "more" only. */
  parse(bytes: Uint8Array, start: number, end: number): Verdict {
    const stop = Math.min(end, start + this.#limits.head);
    let at = this.#readStatusLine(bytes, start, stop);
    if (at >= 0) at = this.readFields(bytes, at, stop);
    if (at >= 0) at = this.#conclude(at);
    if (at === MORE && end > stop) at = this.malformed("its head is too long");
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

  protected override malformed(why: string): typeof REJECTED {
    this.why = why;
    return REJECTED;
  }

  #readStatusLine(bytes: Uint8Array, start: number, stop: number): number {
    let at = start;
    for (; at - start < VERSION.length; at++) {
      if (at === stop) return MORE;
      if (bytes[at] !== VERSION[at - start]) return this.malformed("it does not start with HTTP/1.1");
    }
    if (at === stop) return MORE;
    const minor = bytes[at++]! - ZERO;
    if (minor !== 0 && minor !== 1) return this.malformed("its HTTP version is neither 1.0 nor 1.1");
    this.minor = minor;
    if (at === stop) return MORE;
    if (bytes[at++] !== SP) return this.malformed("there is no space after its HTTP version");
    let status = 0;
    for (let digit = 0; digit < 3; digit++, at++) {
      if (at === stop) return MORE;
      if (!(CLASSES[bytes[at]!]! & DIGIT)) return this.malformed("its status is not three digits");
      status = status * 10 + bytes[at]! - ZERO;
    }
    if (status < 100) return this.malformed("its status is less than 100");
    this.status = status;
    if (at === stop) return MORE;
    // A server must send the space even without a reason phrase; many do not, and nothing depends on it.
    if (bytes[at] === SP) at++;
    else if (bytes[at] !== CR) return this.malformed("its status is not three digits");
    this.reasonStart = at;
    while (at < stop && CLASSES[bytes[at]!]! & VALUE) at++;
    this.reasonEnd = at;
    return this.endLine(bytes, at, stop);
  }

  protected override readFields(bytes: Uint8Array, start: number, stop: number): number {
    this.contentLength = -1;
    this.#options = this.#codings = 0;
    return super.readFields(bytes, start, stop);
  }

  protected override rejectCount(): typeof REJECTED {
    return this.malformed("it has too many header fields");
  }

  protected override colonFrom(bytes: Uint8Array, from: number, stop: number): number {
    // RFC 9112, 5.1: a proxy takes this whitespace away, so that nobody behind it reads another name.
    const at = skipSpace(bytes, from, stop);
    if (at === stop) return MORE;
    return bytes[at] === COLON ? at : this.malformed("a header field has no colon after its name");
  }

  /** Takes note of the fields that say how the message is framed and how the connection goes on. */
  protected override note(
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    start: number,
    end: number,
  ): number {
    switch (nameEnd - nameStart) {
      case CONNECTION.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, CONNECTION)) {
          this.#options |= connectionOptions(bytes, start, end);
        }
        break;
      case CONTENT_LENGTH.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, CONTENT_LENGTH)) {
          if (this.contentLength >= 0) return this.malformed("it has more than one Content-Length field");
          this.contentLength = contentLength(bytes, start, end);
          if (this.contentLength < 0) return this.malformed("its Content-Length is not one number");
        }
        break;
      case TRANSFER_ENCODING.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, TRANSFER_ENCODING)) {
          // RFC 9112, 6.1: faulty framing, since HTTP/1.0 has no transfer codings.
          if (this.minor === 0) return this.malformed("an HTTP/1.0 response has a Transfer-Encoding field");
          this.#codings = transferCodings(bytes, start, end, this.#codings);
          if (this.#codings < 0) {
            return this.malformed("its Transfer-Encoding is not a list that chunked ends");
          }
        }
        break;
    }
    return 0;
  }

  #conclude(end: number): number {
    this.chunked = (this.#codings & CHUNKED) !== 0;
    if (this.#codings !== 0 && this.contentLength >= 0) {
      return this.malformed("it has both a Content-Length and a Transfer-Encoding field");
    }
    if (this.#codings & OTHER_CODING) return this.malformed("it has a transfer coding other than chunked");
    this.keepAlive = (this.#options & CLOSE) === 0 &&
      (this.minor === 1 || (this.#options & KEEP_ALIVE) !== 0);
    // RFC 9112, 6.3: such a response ends at its blank line, whatever it says; a server that says otherwise may go on.
    const bodiless = this.status === 204 || this.status < 200;
    if (bodiless && this.status !== 101 && (this.chunked || this.contentLength > 0)) this.keepAlive = false;
    return end;
  }
}
