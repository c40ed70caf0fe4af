/**
 * The head of an HTTP/1.1 request: request line, header fields, blank line (RFC 9112), read strictly.
 *
 * Two parties read the same bytes, first the front and then a backend. What parsers are known to read in two
 * ways is rejected here, even where the RFC lets a server guess.
 */

import { isAuthority } from "./authority.ts";
import { ascii, CR, equalsAnyCase, LF, SP, TAB } from "./byte_classes.ts";
import { FieldLines } from "./field_lines.ts";
import {
  CHUNKED,
  CLOSE,
  connectionOptions,
  contentLength,
  expectsContinue,
  KEEP_ALIVE,
  OTHER_CODING,
  transferCodings,
  UPGRADE,
} from "./field_values.ts";
import {
  MORE,
  readRequestLine,
  reject,
  REJECTED,
  type RequestLine,
  type TargetForm,
} from "./request_line.ts";

export type { TargetForm } from "./request_line.ts";

/** What bytes are: the beginning of a head, no head, or a whole one. */
export type Verdict = "more" | "reject" | "head";

/** Header fields that a head may have where nobody says else. */
export const MOST_FIELDS = 100;

/** What a client may send before its connection is handed over. */
export interface HeadLimits {
  /** Bytes of the request line without its CRLF. More: 414. */
  readonly requestLine: number;
  /** Bytes of the whole head. More: 431. */
  readonly head: number;
  /** Header fields; {@linkcode MOST_FIELDS} unless given. More: 431. */
  readonly fields?: number;
}

/** RFC 9112, 2.2 asks to ignore at least one empty line before a request; old clients send one after a POST. */
const EMPTY_LINES = 2;

const HOST = ascii("host");
const EXPECT = ascii("expect");
const UPGRADE_NAME = ascii("upgrade");
const CONNECTION = ascii("connection");
const CONTENT_LENGTH = ascii("content-length");
const TRANSFER_ENCODING = ascii("transfer-encoding");

/**
 * A reusable reader of request heads. Results are offsets in the bytes that were read, so nothing is allocated;
 * they hold after the verdict "head", until the next call.
 *
 * @example
 * ```ts
 * const head = new RequestHead({ requestLine: 8192, head: 32768 });
 * const bytes = new TextEncoder().encode("GET /a?b HTTP/1.1\r\nHost: example.com\r\n\r\n");
 * if (head.parse(bytes, 0, bytes.length) === "head") {
 *   const path = bytes.subarray(head.pathStart, head.pathEnd); // "/a"
 * }
 * ```
 */
export class RequestHead extends FieldLines implements RequestLine {
  /** After "reject": the status to answer with. */
  status = 0;
  /** After "reject": what is wrong, in plain words, a constant text. */
  why = "";
  /** Just past the blank line. */
  end = 0;
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  form: TargetForm = "origin";
  /** Empty where the target has no path: `http://host`, `CONNECT`. The one of `OPTIONS *` is the `*`. */
  pathStart = 0;
  pathEnd = 0;
  /** Without the `?`; empty if there is none. */
  queryStart = 0;
  queryEnd = 0;
  minor: 0 | 1 = 1;
  /** The target's authority if it has one (RFC 9112, 3.2.2), else the Host value. Empty if there is none. */
  hostStart = 0;
  hostEnd = 0;
  /** -1 when absent. */
  contentLength = -1;
  /** Whether the body has the chunked coding. */
  chunked = false;
  /** Whether the client lets the connection go on after this request (RFC 9112, 9.3). */
  keepAlive = false;
  /** Whether the client waits for 100 (Continue) before it sends the body. */
  expectContinue = false;
  /** Whether the client asks to change the protocol (RFC 9110, 7.8). */
  upgrade = false;

  readonly #limits: HeadLimits;
  #hostSeen = false;
  #options = 0;
  #codings = 0;
  #upgradeSeen = false;
  #unknownExpectation = false;

  constructor(limits: HeadLimits) {
    super(limits.fields ?? MOST_FIELDS);
    this.#limits = limits;
  }

  /**
   * Looks at bytes[start, end), from its first byte each time. Never throws on content. More bytes change the
   * verdict "more" only. A caller that uses `endsHead` to spare itself calls must also call when it
   * has more bytes than a limit allows.
   */
  parse(bytes: Uint8Array, start: number, end: number): Verdict {
    const stop = Math.min(end, start + this.#limits.head);
    let at = this.#skipEmptyLines(bytes, start, stop);
    if (at >= 0) at = readRequestLine(this, bytes, at, stop, this.#limits.requestLine);
    if (at >= 0) at = this.readFields(bytes, at, stop);
    if (at >= 0) at = this.#conclude(at);
    if (at === MORE && end > stop) at = reject(this, 431, "the request head is too long");
    if (at === MORE) return "more";
    if (at === REJECTED) return "reject";
    this.end = at;
    return "head";
  }

  #skipEmptyLines(bytes: Uint8Array, start: number, stop: number): number {
    let at = start;
    for (let lines = 0; lines < EMPTY_LINES; lines++) {
      if (at === stop) return MORE;
      if (bytes[at] !== CR) break;
      if (at + 1 === stop) return MORE;
      if (bytes[at + 1] !== LF) return reject(this, 400, "there is a CR without LF");
      at += 2;
    }
    return at;
  }

  protected override readFields(bytes: Uint8Array, start: number, stop: number): number {
    this.contentLength = -1;
    this.expectContinue = false;
    this.#hostSeen = this.#upgradeSeen = this.#unknownExpectation = false;
    this.#options = this.#codings = 0;
    return super.readFields(bytes, start, stop);
  }

  protected override rejectCount(): typeof REJECTED {
    return reject(this, 431, "there are too many header fields");
  }

  protected override malformed(why: string): typeof REJECTED {
    return reject(this, 400, why);
  }

  protected override colonFrom(bytes: Uint8Array, at: number): number {
    const byte = bytes[at]!;
    // RFC 9112, 5.1: such whitespace is how requests are smuggled.
    if (byte === SP || byte === TAB) {
      return this.malformed("there is whitespace between a header field's name and its colon");
    }
    if (byte === CR) return this.malformed("the header field has no colon");
    return this.rejectName(byte);
  }

  protected override note(
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    start: number,
    end: number,
  ): number {
    switch (nameEnd - nameStart) {
      case HOST.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, HOST)) return this.#noteHost(bytes, start, end);
        break;
      case EXPECT.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, EXPECT)) {
          if (expectsContinue(bytes, start, end)) this.expectContinue = true;
          else if (start !== end) this.#unknownExpectation = true;
        }
        break;
      case UPGRADE_NAME.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, UPGRADE_NAME)) this.#upgradeSeen = true;
        break;
      case CONNECTION.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, CONNECTION)) {
          this.#options |= connectionOptions(bytes, start, end);
        }
        break;
      case CONTENT_LENGTH.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, CONTENT_LENGTH)) {
          return this.#noteContentLength(bytes, start, end);
        }
        break;
      case TRANSFER_ENCODING.length:
        if (equalsAnyCase(bytes, nameStart, nameEnd, TRANSFER_ENCODING)) {
          return this.#noteTransferEncoding(bytes, start, end);
        }
        break;
    }
    return 0;
  }

  #noteHost(bytes: Uint8Array, start: number, end: number): number {
    if (this.#hostSeen) return reject(this, 400, "there is more than one Host field");
    this.#hostSeen = true;
    // RFC 9112, 3.2: an empty value is what a client sends for a target without authority.
    if (start !== end && !isAuthority(bytes, start, end, false)) {
      return reject(this, 400, "the Host field is not a host with or without a port");
    }
    if (this.form === "absolute" || this.form === "authority") return 0;
    this.hostStart = start;
    this.hostEnd = end;
    return 0;
  }

  #noteContentLength(bytes: Uint8Array, start: number, end: number): number {
    if (this.contentLength >= 0) return reject(this, 400, "there is more than one Content-Length field");
    if (this.#codings) return this.#rejectBothFramings();
    this.contentLength = contentLength(bytes, start, end);
    return this.contentLength < 0 ? reject(this, 400, "the Content-Length field is not one number") : 0;
  }

  #noteTransferEncoding(bytes: Uint8Array, start: number, end: number): number {
    // RFC 9112, 6.1: faulty framing, since HTTP/1.0 has no transfer codings.
    if (this.minor === 0) return reject(this, 400, "an HTTP/1.0 request has a Transfer-Encoding field");
    if (this.contentLength >= 0) return this.#rejectBothFramings();
    this.#codings = transferCodings(bytes, start, end, this.#codings);
    if (this.#codings >= 0) return 0;
    return reject(this, 400, "the Transfer-Encoding field is not a list of codings with chunked at its end");
  }

  #rejectBothFramings(): typeof REJECTED {
    return reject(this, 400, "there are both a Content-Length and a Transfer-Encoding field");
  }

  /** What only the whole head tells. Malformed heads first: 501 and 417 are for requests that are well-formed. */
  #conclude(end: number): number {
    if (!this.#hostSeen && this.minor === 1) return reject(this, 400, "there is no Host field");
    this.chunked = (this.#codings & CHUNKED) !== 0;
    if (this.#codings && !this.chunked) return reject(this, 400, "the last transfer coding is not chunked");
    if (this.#codings & OTHER_CODING) {
      return reject(this, 501, "a transfer coding other than chunked is used");
    }
    // HTTP/1.0 has neither Expect nor Upgrade: both are ignored there (RFC 9110, 10.1.1 and 7.8).
    if (this.#unknownExpectation && this.minor === 1) {
      return reject(this, 417, "the Expect field asks for more than 100-continue");
    }
    this.expectContinue &&= this.minor === 1;
    this.upgrade = this.minor === 1 && this.#upgradeSeen && (this.#options & UPGRADE) !== 0;
    this.keepAlive = (this.#options & CLOSE) === 0 &&
      (this.minor === 1 || (this.#options & KEEP_ALIVE) !== 0);
    return end;
  }
}
