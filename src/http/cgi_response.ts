/** The head of what a CGI program writes (RFC 3875, 6): fields, of which some are for the server, and a blank line. */

import { ownReference } from "./reference.ts";
import { withoutBlanks } from "./blanks.ts";
import { endToEnd, type HeaderField, valuesOf } from "./hop_by_hop.ts";

/** Bytes that such a head may have. */
export const MAX_CGI_HEAD = 65_536;

/** A head that is whole and valid. */
export interface CgiHead {
  readonly verdict: "head";
  /** Where the content starts. */
  readonly end: number;
  readonly status: number;
  /** Whether nothing is said of the status: neither one, nor a place to go to. */
  readonly isPlain: boolean;
  /** What stands behind the status; undefined for the registered phrase. */
  readonly reason: string | undefined;
  /**
   * A path and query that the server is to answer for instead (6.2.2); nothing else counts then. Where it does not, the
   * client gets it as a reference to the same host.
   */
  readonly localRedirect: string | undefined;
  /** Bytes of content, where the program says so. */
  readonly contentLength: number | undefined;
  /** For the client: without the fields that are the server's, or about the connection. */
  readonly fields: readonly HeaderField[];
}

/** What the bytes are so far. */
export type CgiVerdict =
  | { readonly verdict: "more" }
  | { readonly verdict: "reject"; readonly why: string }
  | CgiHead;

const LF = 10;
const CR = 13;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** No control characters but a tab (RFC 9110, 5.5). */
// deno-lint-ignore no-control-regex -- those it is about
const VALUE = /^[^\0-\x08\x0a-\x1f\x7f]*$/;
const STATUS = /^([2-9]\d\d)(?:[ \t]([^]*))?$/;

/** Fields that are the server's to read, or its own to write. */
const SERVERS = new Set(["status"]);

function reject(why: string): CgiVerdict {
  return { verdict: "reject", why };
}

/**
 * Reads a head. Lines end with LF or CRLF (6.3), and no line goes on in the next one.
 *
 * @param bytes what the program has written so far, from its first byte
 */
export function parseCgiHead(bytes: Uint8Array): CgiVerdict {
  const lines: string[] = [];
  let start = 0;
  for (;;) {
    const at = bytes.indexOf(LF, start);
    if (at < 0 || at >= MAX_CGI_HEAD) {
      if (bytes.length >= MAX_CGI_HEAD) return reject(`its head has more than ${MAX_CGI_HEAD} bytes`);
      // Its first line tells, and a program that writes no other would be waited for in vain.
      return lines.length === 0 && startsAsHttp(bytes) ? reject(NPH) : { verdict: "more" };
    }
    const line = latin1(bytes, start, at > start && bytes[at - 1] === CR ? at - 1 : at);
    start = at + 1;
    if (line === "") return readHead(lines, start);
    if (lines.length === 0 && startsAsHttp(bytes)) return reject(NPH);
    lines.push(line);
  }
}

const NPH = "it begins with HTTP/, as non-parsed-header programs do, which are not supported";

function startsAsHttp(bytes: Uint8Array): boolean {
  return latin1(bytes, 0, Math.min(5, bytes.length)) === "HTTP/";
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

function readHead(lines: readonly string[], end: number): CgiVerdict {
  const fields: HeaderField[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const value = withoutBlanks(line, colon + 1);
    if (!TOKEN.test(name) || !VALUE.test(value)) {
      return reject(`the line ${JSON.stringify(line)} is no header field`);
    }
    fields.push([name, value]);
  }
  const [status, ...otherStatuses] = valuesOf(fields, "status");
  const [location, ...otherLocations] = valuesOf(fields, "location");
  const [type] = valuesOf(fields, "content-type");
  if (otherStatuses.length > 0 || otherLocations.length > 0) {
    return reject("a field of its head stands there twice");
  }
  // 6.2: one of these three has to be there.
  if (status === undefined && location === undefined && type === undefined) {
    return reject("it has neither Content-Type nor Location nor Status");
  }
  const match = status === undefined ? undefined : STATUS.exec(status);
  if (match === null) return reject(`its Status is ${JSON.stringify(status)}, which is no final status`);
  const length = readLength(fields);
  if (length === "invalid") return reject("its Content-Length is no number, or there are several");
  // Of two slashes the second starts a host. What is neither that nor a path is for the client: a URL, or a part of one.
  const local = location !== undefined && status === undefined && /^\/(?!\/)/.test(location);
  return {
    verdict: "head",
    end,
    status: match ? Number(match[1]) : location === undefined ? 200 : 302,
    isPlain: status === undefined && location === undefined,
    reason: withoutBlanks(match?.[2] ?? "") || undefined,
    localRedirect: local ? location : undefined,
    contentLength: length,
    // 6.3.5: fields of CGI itself are not for the client.
    fields: endToEnd(fields, SERVERS).filter(([name]) => !/^x-cgi-/i.test(name)).map((field) =>
      local && field[0].toLowerCase() === "location" ? [field[0], ownReference(location)] : field
    ),
  };
}

function readLength(fields: readonly HeaderField[]): number | undefined | "invalid" {
  const values = valuesOf(fields, "content-length");
  if (values.length === 0) return undefined;
  const length = Number(values[0]);
  return values.length === 1 && /^\d{1,15}$/.test(values[0]!) ? length : "invalid";
}
