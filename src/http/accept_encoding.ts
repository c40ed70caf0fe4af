/** What a client says of content codings (RFC 9110, 12.5.3). */

import { withoutBlanks } from "./blanks.ts";

/** A member: a token or `*`, and a weight of at most three decimals (12.4.2). */
const MEMBER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*;[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/;

/**
 * Reads the value of an Accept-Encoding field.
 *
 * @returns weights by coding in lower case, and `*`; members that are malformed are left out
 */
export function parseAcceptEncoding(value: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const part of value.split(",")) {
    const match = MEMBER.exec(withoutBlanks(part));
    if (match === null) continue;
    // 8.4.1.3: x-gzip is gzip.
    const name = match[1]!.toLowerCase().replace(/^x-gzip$/, "gzip");
    const weight = Number(match[2] ?? 1);
    weights.set(name, Math.max(weight, weights.get(name) ?? 0));
  }
  return weights;
}

/**
 * Puts codings in the order in which a client prefers them.
 *
 * @param codings the better first
 * @returns those that it accepts and likes no less than the content as it is; of equal ones the better first
 */
export function rankCodings<C extends string>(
  weights: ReadonlyMap<string, number>,
  codings: readonly C[],
): readonly C[] {
  const weigh = (coding: string) => weights.get(coding) ?? weights.get("*") ?? 0;
  // Only who says so prefers the content as it is.
  const identity = weights.get("identity") ?? 0;
  return codings.filter((coding) => weigh(coding) > 0 && weigh(coding) >= identity)
    .sort((a, b) => weigh(b) - weigh(a));
}
