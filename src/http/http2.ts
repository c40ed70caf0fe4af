/** What is said to a client that speaks HTTP/2 without having asked (RFC 9113, 3.3: with prior knowledge). */

import { ascii } from "./byte_classes.ts";

/** How such a client begins (RFC 9113, 3.4); as far as no request of HTTP/1.1 does. */
const BEGINNING = ascii("PRI * HTTP/2");

/** Whether bytes[start, end) begin as HTTP/2 does. */
export function isHttp2(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < BEGINNING.length) return false;
  for (let at = 0; at < BEGINNING.length; at++) {
    if (bytes[start + at] !== BEGINNING[at]) return false;
  }
  return true;
}

/**
 * A server's preface, and the end of the connection: an empty SETTINGS frame (RFC 9113, 6.5), then GOAWAY (6.8) with no
 * stream served and the code HTTP_1_1_REQUIRED (7).
 */
export const HTTP_1_1_REQUIRED: Uint8Array<ArrayBuffer> = new Uint8Array([
  ...[0, 0, 0, 4, 0, 0, 0, 0, 0],
  ...[0, 0, 8, 7, 0, 0, 0, 0, 0],
  ...[0, 0, 0, 0],
  ...[0, 0, 0, 13],
]);
