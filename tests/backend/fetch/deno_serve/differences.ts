/**
 * Where a fetch backend differs from `Deno.serve`, as docs/library.md tells it. A difference that is not in this table fails
 * the test, and so does one that is met no more.
 */

import type { Case } from "./case.ts";
import type { Outcome } from "./outcome.ts";

/** A part in which the two outcomes of a case are not the same. */
export interface Parting {
  readonly each: Case;
  /** As {@linkcode Outcome} names it. */
  readonly part: string;
  readonly deno: string | undefined;
  readonly own: string | undefined;
  readonly outcome: Outcome;
}

/** A class of differences. */
export interface Difference {
  /** The first cell of its row in docs/library.md. */
  readonly name: string;
  readonly covers: (parting: Parting) => boolean;
}

/** Parts that only say how the fields are arranged. */
const ARRANGED = /^(order of fields|letters of names)$/;

/** A field that one of the two has not, or otherwise, in cases of this name. */
function field(name: string, cases: RegExp): Difference["covers"] {
  return ({ each, part }) => cases.test(each.name) && (part === `field ${name}` || ARRANGED.test(part));
}

/** Everything in cases of this name. */
function all(cases: RegExp): Difference["covers"] {
  return ({ each }) => cases.test(each.name);
}

function saw(what: string, cases = /^/): Difference["covers"] {
  return ({ each, part }) => part === `saw ${what}` && cases.test(each.name);
}

export const DIFFERENCES: readonly Difference[] = [
  // Responses.
  {
    name: "The HTTP version of a response to HTTP/1.0",
    covers: ({ part, deno }) => part === "version" && deno === "HTTP/1.0",
  },
  { name: "`Connection` of a response to HTTP/1.0", covers: field("connection", /^GET 1\.0|^request 19$/) },
  {
    name: "`Connection: close` of a handler",
    covers: ({ each, part }) =>
      each.name.endsWith(": Connection: close") && (part === "connection" || ARRANGED.test(part)),
  },
  { name: "`Connection: keep-alive` of a handler", covers: field("connection", /: Connection: keep-alive$/) },
  {
    name: "Other options of `Connection`, and `Keep-Alive`",
    covers: ({ each, part }) =>
      each.name.endsWith(": Connection: x") &&
      (/^field (connection|keep-alive)$/.test(part) || ARRANGED.test(part)),
  },
  {
    name: "`Transfer-Encoding` of a handler",
    covers: ({ each, part }) =>
      each.name.endsWith(": Transfer-Encoding: chunked") &&
      (/^(field (transfer-encoding|content-length)|chunks)$/.test(part) || ARRANGED.test(part)),
  },
  { name: "`Upgrade` of a handler", covers: field("connection", /: Upgrade$/) },
  {
    name: "`Date` of a handler",
    covers: ({ each, part }) => each.name.endsWith(": Date") && ARRANGED.test(part),
  },
  { name: "205", covers: field("content-length", /: 205$/) },
  { name: "`statusText`", covers: ({ each, part }) => part === "reason" && each.name.endsWith(": a phrase") },
  {
    name: "How content is divided into chunks",
    covers: ({ part, deno, own }) => part === "chunks" && !!deno && !!own,
  },
  {
    name: "Capital letters in the names of fields",
    covers: ({ part, deno, own }) => part === "letters of names" && namesOf(deno) === namesOf(own),
  },
  {
    name: "A stream longer than its `Content-Length`",
    covers: ({ each, part }) =>
      part === "connection" && each.name.endsWith(": a stream longer than its length"),
  },
  { name: "A response with 101 that upgrades nothing", covers: all(/: 101$/) },
  { name: "A text or bytes whose stream is locked", covers: all(/: text whose stream is locked$/) },
  // Requests.
  {
    name: "What is refused",
    covers: ({ each, outcome }) =>
      /^request \d+$/.test(each.name) && /^(400|417|505)$/.test(outcome.get("status")!),
  },
  { name: "`request.url`", covers: saw("url", /^request (1|3|4|5|9|11)$/) },
  { name: "`request.url` where the client names no host", covers: saw("url", /^request (7|19)$/) },
  {
    name: "`Host` beside a target that is a URL",
    covers: ({ each, part }) => /^request (8|9)$/.test(each.name) && /^saw (headers|clone\(\))$/.test(part),
  },
  { name: "`request.redirect`", covers: saw("redirect") },
  {
    name: "Success in answer to CONNECT",
    covers: ({ each, part }) => each.name === "request 11" && !part.startsWith("saw"),
  },
  {
    name: "100 (Continue)",
    covers: ({ part, own }) => part === "interim 0" && own === undefined,
  },
  {
    name: "The stream of an empty content",
    covers: saw("value", /^a reader of (no content|Content-Length: 0|no chunks)$/),
  },
  {
    name: 'A reader with memory of its own (`mode: "byob"`)',
    covers: saw("value", /^a reader with memory of its own/),
  },
  // Clients.
  {
    name: "A client that has only ended its side",
    covers: all(/^ends its side while a handler waits$/),
  },
  { name: "`info.completed` of a client that has left", covers: saw("completed", /^leaves a stream/) },
  {
    name: "A stream with a `Content-Length` that waits when the client leaves",
    covers: saw("cancel", /^leaves a stream of a length$/),
  },
  { name: "`request.signal` after the response", covers: saw("abort", /^gets a whole response$/) },
];

/** The same names, in whatever letters. */
function namesOf(names: string | undefined): string | undefined {
  return names?.toLowerCase().split(", ").sort().join();
}
