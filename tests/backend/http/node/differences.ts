/**
 * Where this project and Node read the same bytes differently, and why this project is right to. A difference that is not
 * in this table fails the test; docs/http.md tells of each.
 */

import { METHODS } from "node:http";
import type { SeenRequest } from "../../../http/compliance/case.ts";
import type { Parting } from "./parting.ts";

/** A class of differences. */
export interface Difference {
  readonly name: string;
  /** The number of an RFC and a section. */
  readonly source: string;
  /** The major version of Node from which on it is none any more. */
  readonly gone?: number;
  readonly covers: (parting: Parting) => boolean;
}

/** Bytes that are refused here for this reason, and that Node takes, or passes over. */
function refused(why: RegExp): Difference["covers"] {
  return (parting) => parting.request === undefined && why.test(parting.why);
}

function hasField(request: SeenRequest | undefined, name: string): boolean {
  return request?.fields.some(([other]) => other.toLowerCase() === name) ?? false;
}

const known = new Set(METHODS);

export const DIFFERENCES: readonly Difference[] = [
  // Read more strictly here.
  {
    name: "More than one Host field",
    source: "9112, 3.2",
    covers: refused(/^there is more than one Host field$/),
  },
  {
    name: "A Host that is no host",
    source: "9112, 3.2",
    covers: refused(/^the Host field is not a host/),
  },
  {
    name: "No Host field: the connection ends as well",
    source: "9112, 3.2",
    covers: refused(/^there is no Host field$/),
  },
  {
    name: "An unknown expectation: the connection ends as well",
    source: "9110, 10.1.1",
    covers: refused(/^the Expect field asks for more/),
  },
  {
    name: "HTTP/0.9",
    source: "9112, 2.3",
    covers: refused(/^the request line has no HTTP version$/),
  },
  {
    name: "HTTP versions other than 1.0 and 1.1",
    source: "9110, 15.6.6",
    covers: refused(/^the HTTP version is neither 1\.0 nor 1\.1$/),
  },
  {
    name: "Transfer-Encoding of HTTP/1.0",
    source: "9112, 6.1",
    covers: refused(/^an HTTP\/1\.0 request has a Transfer-Encoding field$/),
  },
  {
    name: "Transfer codings that are not undone",
    source: "9112, 6.1",
    covers: refused(
      /^(a transfer coding other than chunked is used|the last transfer coding is not chunked)$/,
    ),
  },
  {
    name: "An empty Transfer-Encoding",
    source: "9112, 6.1",
    gone: 22,
    covers: (parting) =>
      refused(/^the Transfer-Encoding field is not a list/)(parting) && parting.node === "request",
  },
  {
    name: "A target with a fragment",
    source: "9112, 3.2",
    covers: refused(/^the request target has a fragment$/),
  },
  {
    name: "A target with other than visible ASCII characters, or of no form",
    source: "9112, 3.2",
    covers: refused(/^the request target (has a character|has no valid host|has user|is neither a path)/),
  },
  {
    name: "The target * of a method other than OPTIONS",
    source: "9112, 3.2.4",
    covers: refused(/^only OPTIONS may have the target \*$/),
  },
  {
    name: "CONNECT to something else than a host and a port",
    source: "9112, 3.2.3",
    covers: refused(/^the target of CONNECT is not a host and a port$/),
  },
  {
    name: "More than one space in a request line",
    source: "9112, 3",
    covers: refused(/^the request target is not followed by a space and an HTTP version$/),
  },
  {
    name: "A chunk extension without a name or a value, or with something behind it",
    source: "9112, 7.1.1",
    covers: refused(/^(a chunk extension|there is whitespace after a chunk's size or extension)/),
  },
  {
    name: "Before a request, a CR or LF by itself, or many empty lines",
    source: "9112, 2.2",
    covers: ({ request, why }) =>
      request === undefined &&
      /^(there is a CR without LF|the request does not start with a method)$/.test(why),
  },
  {
    name: "close beside keep-alive",
    source: "9112, 9.3",
    covers: ({ request, why, before }) =>
      request === undefined && why === "close" && hasField(before, "connection"),
  },
  // Read where Node does not.
  {
    name: "Any token is a method",
    source: "9110, 9.1",
    covers: ({ request, node }) =>
      request !== undefined && (!known.has(request.method)) &&
      (node === "HPE_INVALID_METHOD" || node === "HPE_INVALID_VERSION" || node === "HPE_INVALID_CONSTANT"),
  },
  {
    name: "A trailer field that belongs into a head",
    source: "9110, 6.5.1",
    covers: ({ request, node }) =>
      hasField(request, "transfer-encoding") && node === "HPE_INVALID_CONTENT_LENGTH",
  },
  {
    name: "A tab behind Content-Length or Transfer-Encoding",
    source: "9112, 5.1",
    covers: ({ text, request, node }) =>
      /\t\r\n/.test(text) && request !== undefined &&
      /^HPE_INVALID_(CONTENT_LENGTH|TRANSFER_ENCODING)$/.test(node),
  },
  {
    name: "Whitespace before a chunk extension",
    source: "9112, 7.1.1",
    covers: ({ request, node }) =>
      hasField(request, "transfer-encoding") && /^HPE_(STRICT|INVALID_CHUNK_SIZE)$/.test(node),
  },
  // Not HTTP any more for one of the two.
  {
    name: "What follows the head of a request for an upgrade that does not happen",
    source: "9110, 7.8",
    covers: ({ request, begun, before, node }) =>
      node === "" && [request, begun, before].some((each) => hasField(each, "upgrade")),
  },
  {
    name: "What follows CONNECT",
    source: "9110, 9.3.6",
    covers: ({ request, begun, before }) =>
      [request, begun, before].some((each) => each?.method === "CONNECT"),
  },
];
