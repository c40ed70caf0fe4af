/** What the compliance table is made of: bytes that a client sends, and what a server makes of them. */

import type { HeadLimits } from "../../../src/http/request_head.ts";

/** Small, so that the cases about limits can be read. */
export const LIMITS: HeadLimits = { requestLine: 60, head: 400, fields: 6 };

/**
 * What becomes of the connection:
 *
 * - `open`: it is between two requests and waits for the next;
 * - `close`: it ends after the last response, and what lies behind that request is not looked at;
 * - `head`, `content`: a request has begun, and the rest of its head or content is waited for;
 * - a status: the head is refused with it, and the connection ends;
 * - `broken`: the head is in order and its content is not; it is refused with 400, and the connection ends.
 */
export type Then = "open" | "close" | "head" | "content" | "broken" | number;

/**
 * A case: where the rule comes from, the bytes (each character is one), what becomes of the connection, and the requests
 * that are seen on it, in order, as {@linkcode seen} writes them.
 */
export type Case = readonly [source: string, bytes: string, then: Then, ...seen: string[]];

/** A chapter of the table. */
export interface Chapter {
  readonly title: string;
  readonly cases: readonly Case[];
}

/** Of a request, what a case may be about. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** Host and port that it is for. */
  readonly authority: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Its content, each byte a character. */
  readonly content: string;
}

/**
 * A request in one line: `POST /path [content]`; then `@host` where it is for another host than `a`, and those fields
 * whose names begin with `X-`.
 */
export function seen({ method, target, authority, fields, content }: SeenRequest): string {
  const host = authority === "a" ? "" : ` @${authority}`;
  const shown = fields.filter(([name]) => /^x-/i.test(name)).map(([name, value]) => ` {${name}: ${value}}`);
  return `${method} ${target} [${content}]${host}${shown.join("")}`;
}

/** A head with this request line, otherwise in order. */
export function line(text: string): string {
  return `${text}\r\nHost: a\r\n\r\n`;
}

/** A head with this Host value, otherwise in order. */
export function host(value: string): string {
  return `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;
}

/** A head with these lines of fields after Host, otherwise in order. */
export function fields(...lines: string[]): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${lines.map((each) => each + "\r\n").join("")}\r\n`;
}

/** A head of HTTP/1.0 with these lines of fields. */
export function old(...lines: string[]): string {
  return `GET / HTTP/1.0\r\n${lines.map((each) => each + "\r\n").join("")}\r\n`;
}

/** A request with a chunked content, given as it is on the wire. */
export function chunked(content: string): string {
  return fields("Transfer-Encoding: chunked") + content;
}

/** An ordinary request, to follow another. */
export function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

/** The bytes of a text, each character one. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A case in a message of a test. */
export function show([source, bytes]: Case): string {
  return `${JSON.stringify(bytes.length > 90 ? `${bytes.slice(0, 90)}…` : bytes)} (${source})`;
}
