/** How a client finds the end of a response's content (RFC 9112, 6.3). */

import type { Spelling } from "./own_fields.ts";

/**
 * What tells it: there is no content whatever the fields say (HEAD, 204, 304); its length; its last chunk; or nothing but
 * the connection's end, for HTTP/1.0 has no chunks.
 */
export type Framing = "contentless" | "counted" | "chunked" | "closing";

/**
 * How a response is framed.
 *
 * @param method of the request
 * @param minor the client's version
 * @param length bytes of content, where they are known
 */
export function framingOf(method: string, minor: 0 | 1, status: number, length: number | undefined): Framing {
  if (method === "HEAD" || status === 204 || status === 304) return "contentless";
  if (length !== undefined) return "counted";
  return minor === 1 ? "chunked" : "closing";
}

/** The line of the head that says so; empty where there is none. */
export function framingLine(
  framing: Framing,
  status: number,
  length: number | undefined,
  spelling: Spelling,
): string {
  if (length === undefined) return framing === "chunked" ? spelling.chunked : "";
  // RFC 9110, 8.6: not with 204. With 304 and HEAD it says what GET would have got; a 304 without anything says nothing.
  return status === 204 || status === 304 && length === 0 ? "" : `${spelling.length}${length}\r\n`;
}
