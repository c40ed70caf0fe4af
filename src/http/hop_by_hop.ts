/** Which header fields end at the next hop (RFC 9110, 7.6), and what is said in them: head_pass.ts passes the others on. */

import { withoutBlanks } from "./blanks.ts";

/** A header field: its name as it was written, and its value. */
export type HeaderField = readonly [name: string, value: string];

/**
 * Fields that are for the next hop only, named or not (RFC 9110, 7.6.1), and those that say how a message is framed,
 * which every hop says for itself. `Trailer` and `TE` are about a trailer section: trailers.ts says what goes on of them.
 */
export const ENDING_HERE: readonly string[] = [
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** The members of the values of a field that is a list, in lower case. */
export function membersOf(values: Iterable<string>): string[] {
  const members: string[] = [];
  for (const value of values) {
    for (const member of value.split(",")) {
      const trimmed = withoutBlanks(member).toLowerCase();
      if (trimmed !== "") members.push(trimmed);
    }
  }
  return members;
}

/** The members of all fields of one name, in lower case. @param name in lower case */
export function listOf(fields: readonly HeaderField[], name: string): string[] {
  return membersOf(valuesOf(fields, name));
}

/** The values of all fields of one name, as they are. @param name in lower case */
export function valuesOf(fields: readonly HeaderField[], name: string): string[] {
  return fields.filter(([other]) => other.length === name.length && other.toLowerCase() === name)
    .map(([, value]) => value);
}

const HOP_BY_HOP: ReadonlySet<string> = new Set(ENDING_HERE);
const NOBODY: ReadonlySet<string> = new Set();

/**
 * The fields that are for the other end, in their order.
 *
 * @param besides names in lower case that are left out too, because the caller says them anew
 */
export function endToEnd(
  fields: readonly HeaderField[],
  besides: ReadonlySet<string> = NOBODY,
): HeaderField[] {
  const named = new Set(listOf(fields, "connection"));
  return fields.filter(([name]) => {
    const lower = name.toLowerCase();
    return !HOP_BY_HOP.has(lower) && !named.has(lower) && !besides.has(lower);
  });
}

/**
 * The protocols that a message asks to change to, or has changed to; empty where it does not (RFC 9110, 7.8).
 *
 * HTTP/2 (`h2c`) is left out: on a tunnel that it opens, requests pass that nobody in between has looked at.
 */
export function upgradeProtocols(fields: readonly HeaderField[]): string {
  if (!listOf(fields, "connection").includes("upgrade")) return "";
  return valuesOf(fields, "upgrade").flatMap((value) => value.split(",")).map((name) => withoutBlanks(name))
    .filter((name) => name !== "" && !/^h2c?(\/|$)/i.test(name)).join(", ");
}
