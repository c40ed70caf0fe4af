/** The fields of a request that decide which response a file makes. */

import { withoutBlanks } from "../../http/blanks.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { Conditions } from "./conditional.ts";

/** Their values; of a field with several lines, joined by commas (RFC 9110, 5.3). */
export interface RequestFields extends Conditions {
  readonly accept?: string;
  readonly acceptEncoding?: string;
  readonly range?: string;
}

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

/** Their lines in a head. */
const LINES = new RegExp(`\\r\\n(${[...NAMES.keys()].join("|")}):([^\\r]*)`, "gi");

/** Picks them out. A field that may stand once and stands twice has a value then that is none, and counts for nothing. */
export function requestFields(fields: readonly Field[]): RequestFields {
  const found: { -readonly [Key in keyof RequestFields]: RequestFields[Key] } = {};
  for (const [name, value] of fields) {
    const key = NAMES.get(name.toLowerCase());
    if (key === undefined) continue;
    const before = found[key];
    found[key] = before === undefined ? value : `${before}, ${value}`;
  }
  return found;
}

/** The fields of a request, or those of them at least that count here. */
export function decidingFields(exchange: Exchange): Field[] {
  const { rules, connection, head } = exchange;
  if (rules !== undefined || connection.transfer.peer !== undefined) return exchange.fields();
  // Where nobody says anything of the fields, the others need not be made.
  return Array.from(head.matchAll(LINES), ([, name, value]) => [name!, withoutBlanks(value!, 0)]);
}
