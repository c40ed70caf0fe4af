/** The first line of a request: `method SP request-target SP HTTP-version CRLF` (RFC 9112, 3). */

import { isAuthority } from "./authority.ts";
import {
  ascii,
  CLASSES,
  COLON,
  CR,
  DIGIT,
  DOT,
  LF,
  ONE,
  PATH,
  SLASH,
  SP,
  TARGET,
  TOKEN,
  ZERO,
} from "./byte_classes.ts";

/** How a request names what it is for (RFC 9112, 3.2). */
export type TargetForm = "origin" | "absolute" | "authority" | "asterisk";

/** Where {@linkcode readRequestLine} writes what it finds. Offsets are absolute in the bytes that were read. */
export interface RequestLine {
  /** The status to answer with, after a rejection. */
  status: number;
  /** What is wrong, in plain words, after a rejection. */
  why: string;
  methodStart: number;
  methodEnd: number;
  targetStart: number;
  targetEnd: number;
  form: TargetForm;
  /** The path; empty where the target has none: `http://host`, `CONNECT`. The one of `OPTIONS *` is the `*`. */
  pathStart: number;
  pathEnd: number;
  /** The query without its `?`; empty if there is none. */
  queryStart: number;
  queryEnd: number;
  /** The authority that the target holds; empty if it holds none. */
  hostStart: number;
  hostEnd: number;
  /** The `x` of HTTP/1.x. */
  minor: 0 | 1;
}

/** In place of an offset: the bytes end too soon. */
export const MORE = -1;
/** In place of an offset: `status` and `why` say what is wrong. */
export const REJECTED = -2;

const QUESTION_MARK = 0x3f;
const ASTERISK = 0x2a;
const HASH = 0x23;
const AT_SIGN = 0x40;
const LOWER_S = 0x73;
const HTTP = ascii("http");
const VERSION_PREFIX = ascii("HTTP/");

/** Writes down a rejection. */
export function reject(line: RequestLine, status: number, why: string): typeof REJECTED {
  line.status = status;
  line.why = why;
  return REJECTED;
}

/**
 * Reads a request line that starts at `start`, strictly from left to right: a verdict depends on nothing behind
 * the byte that decides it. So it is the same however the bytes arrive.
 *
 * @param limit Bytes that the line may have without its CRLF.
 * @returns The offset behind the line's CRLF, {@linkcode MORE} or {@linkcode REJECTED}.
 */
export function readRequestLine(
  line: RequestLine,
  bytes: Uint8Array,
  start: number,
  end: number,
  limit: number,
): number {
  // Nothing but the CRLF may lie behind the limit, so all else is read as if the bytes ended there.
  const stop = Math.min(end, start + limit);
  let at = readMethod(line, bytes, start, stop);
  if (at >= 0) at = readTarget(line, bytes, at, stop);
  if (at >= 0) at = readVersion(line, bytes, at, stop);
  if (at === MORE && end > stop) return reject(line, 414, "the request line is too long");
  if (at < 0) return at;
  // Not before the version is known: the HTTP/2 preface is "PRI * HTTP/2.0", and deserves 505.
  if (line.form === "asterisk" && !isMethod(line, bytes, "OPTIONS")) {
    return reject(line, 400, "only OPTIONS may have the target *");
  }
  if (at === end) return MORE;
  if (bytes[at] !== CR) return reject(line, 400, "the request line does not end after the HTTP version");
  if (at + 1 === end) return MORE;
  if (bytes[at + 1] !== LF) return reject(line, 400, "there is a CR without LF");
  return at + 2;
}

/** Methods are case-sensitive (RFC 9110, 9.1). */
function isMethod(line: RequestLine, bytes: Uint8Array, name: string): boolean {
  if (line.methodEnd - line.methodStart !== name.length) return false;
  for (let at = 0; at < name.length; at++) {
    if (bytes[line.methodStart + at] !== name.charCodeAt(at)) return false;
  }
  return true;
}

function readMethod(line: RequestLine, bytes: Uint8Array, start: number, stop: number): number {
  let at = start;
  while (at < stop && CLASSES[bytes[at]!]! & TOKEN) at++;
  line.methodStart = start;
  line.methodEnd = at;
  if (at === stop) return MORE;
  if (at === start) return reject(line, 400, "the request does not start with a method");
  if (bytes[at] !== SP) return reject(line, 400, "there is no single space after the method");
  return at + 1;
}

function readTarget(line: RequestLine, bytes: Uint8Array, start: number, stop: number): number {
  line.targetStart = start;
  line.hostStart = line.hostEnd = start;
  if (start === stop) return MORE;
  if (isMethod(line, bytes, "CONNECT")) return readAuthorityForm(line, bytes, start, stop);
  switch (bytes[start]) {
    case SLASH:
      line.form = "origin";
      return readPath(line, bytes, start, stop);
    case ASTERISK:
      line.form = "asterisk";
      line.pathStart = start;
      line.pathEnd = line.queryStart = line.queryEnd = start + 1;
      return endTarget(line, bytes, start + 1, stop);
    default:
      line.form = "absolute";
      return readAbsoluteForm(line, bytes, start, stop);
  }
}

function readPath(line: RequestLine, bytes: Uint8Array, start: number, stop: number): number {
  let at = start;
  while (at < stop && CLASSES[bytes[at]!]! & PATH) at++;
  line.pathStart = start;
  line.pathEnd = line.queryStart = at;
  if (at < stop && bytes[at] === QUESTION_MARK) {
    line.queryStart = ++at;
    while (at < stop && CLASSES[bytes[at]!]! & TARGET) at++;
  }
  line.queryEnd = at;
  return endTarget(line, bytes, at, stop);
}

/** `http://authority[/path][?query]`, which clients of a forward proxy send (RFC 9112, 3.2.2). */
function readAbsoluteForm(line: RequestLine, bytes: Uint8Array, start: number, stop: number): number {
  let at = start;
  for (; at - start < HTTP.length; at++) {
    if (at === stop) return MORE;
    if ((bytes[at]! | 0x20) !== HTTP[at - start]) {
      return reject(line, 400, "the request target is neither a path nor an http or https URL");
    }
  }
  if (at < stop && (bytes[at]! | 0x20) === LOWER_S) at++;
  for (let step = 0; step < 3; step++, at++) {
    if (at === stop) return MORE;
    if (bytes[at] !== (step === 0 ? COLON : SLASH)) {
      return reject(line, 400, "the request target is neither a path nor an http or https URL");
    }
  }
  line.hostStart = at;
  while (at < stop && CLASSES[bytes[at]!]! & PATH && bytes[at] !== SLASH) {
    // RFC 9110, 4.2.4: a sign of phishing, and backends differ on which part is the host.
    if (bytes[at] === AT_SIGN) return reject(line, 400, "the request target has user information");
    at++;
  }
  line.hostEnd = at;
  if (at === stop) return MORE;
  if (!isAuthority(bytes, line.hostStart, at, false)) {
    return reject(line, 400, "the request target has no valid host");
  }
  return readPath(line, bytes, at, stop);
}

/** `host:port`, and only for CONNECT (RFC 9112, 3.2.3). */
function readAuthorityForm(line: RequestLine, bytes: Uint8Array, start: number, stop: number): number {
  let at = start;
  while (at < stop && CLASSES[bytes[at]!]! & TARGET) at++;
  line.form = "authority";
  line.hostEnd = at;
  line.pathStart =
    line.pathEnd =
    line.queryStart =
    line.queryEnd =
      at;
  if (at < stop && !isAuthority(bytes, start, at, true)) {
    return reject(line, 400, "the target of CONNECT is not a host and a port");
  }
  return endTarget(line, bytes, at, stop);
}

function endTarget(line: RequestLine, bytes: Uint8Array, at: number, stop: number): number {
  line.targetEnd = at;
  if (at === stop) return MORE;
  const byte = bytes[at];
  if (byte === SP) return at + 1;
  if (byte === CR || byte === LF) return reject(line, 400, "the request line has no HTTP version");
  if (byte === HASH) return reject(line, 400, "the request target has a fragment");
  return reject(line, 400, "the request target has a character that it must percent-encode");
}

/** RFC 9112, 2.3. The name is case-sensitive, and each number is one digit. */
function readVersion(line: RequestLine, bytes: Uint8Array, start: number, stop: number): number {
  for (let at = start; at - start < VERSION_PREFIX.length; at++) {
    if (at === stop) return MORE;
    if (bytes[at] !== VERSION_PREFIX[at - start]) {
      return reject(line, 400, "the request target is not followed by a space and an HTTP version");
    }
  }
  const at = start + VERSION_PREFIX.length;
  if (at === stop) return MORE;
  if (!(CLASSES[bytes[at]!]! & DIGIT)) return reject(line, 400, "the HTTP version is not a number");
  if (bytes[at] !== ONE) return reject(line, 505, "the HTTP version is neither 1.0 nor 1.1");
  if (at + 1 === stop) return MORE;
  if (bytes[at + 1] !== DOT) return reject(line, 400, "the HTTP version is not a number");
  if (at + 2 === stop) return MORE;
  const minor = bytes[at + 2]!;
  if (!(CLASSES[minor]! & DIGIT)) return reject(line, 400, "the HTTP version is not a number");
  if (minor > ONE) return reject(line, 505, "the HTTP version is neither 1.0 nor 1.1");
  line.minor = minor === ZERO ? 0 : 1;
  return at + 3;
}
