/** The fields of a request that decide which response a file makes. */

import { withoutBlanks } from "../../http/blanks.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Conditions } from "./conditional.ts";

/** Their values; of a field with several lines, joined by commas (RFC 9110, 5.3). */
export interface RequestFields extends Conditions {
  readonly accept?: string;
  readonly acceptEncoding?: string;
  readonly range?: string;
}

type Found = { -readonly [Key in keyof RequestFields]: RequestFields[Key] };

const NAMES: ReadonlyMap<string, keyof RequestFields> = new Map([
  ["accept", "accept"],
  ["accept-encoding", "acceptEncoding"],
  ["if-match", "ifMatch"],
  ["if-modified-since", "ifModifiedSince"],
  ["if-none-match", "ifNoneMatch"],
  ["if-range", "ifRange"],
  ["if-unmodified-since", "ifUnmodifiedSince"],
  ["range", "range"],
]);

/** What their names begin with, in either case: most others are told apart by that. */
const BEGINNINGS: ReadonlySet<number> = new Set([..."AaIiRr"].map((letter) => letter.charCodeAt(0)));

/** Picks them out. */
export function requestFields(exchange: Exchange): RequestFields {
  const { rules, connection, head } = exchange;
  // Where nobody says anything of the fields, the others need not be made.
  if (rules === undefined && connection.transfer.peer === undefined) return inHead(head);
  const found: Found = {};
  for (const [name, value] of exchange.fields()) note(found, name, value);
  return found;
}

/** @param head from its request line to its blank line, known to be well-formed */
function inHead(head: string): RequestFields {
  const found: Found = {};
  for (let end = head.indexOf("\n"); end >= 0;) {
    const start = end + 1;
    end = head.indexOf("\n", start);
    if (!BEGINNINGS.has(head.charCodeAt(start))) continue;
    const colon = head.indexOf(":", start);
    if (colon < end) note(found, head.slice(start, colon), withoutBlanks(head.slice(colon + 1, end - 1), 0));
  }
  return found;
}

/** A field that may stand once and stands twice has a value then that is none, and counts for nothing. */
function note(found: Found, name: string, value: string): void {
  const key = NAMES.get(name.toLowerCase());
  if (key === undefined) return;
  const before = found[key];
  found[key] = before === undefined ? value : `${before}, ${value}`;
}
