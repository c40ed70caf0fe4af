/** Which content coding a client would have a file in (RFC 9110, 12.5.3). */

import { withoutBlanks } from "../../http/blanks.ts";

/** A coding, and what the name of a file ends in that has it. */
export interface Coding {
  readonly name: string;
  readonly suffix: string;
}

/** The codings that are served, the best first. */
export const CODINGS: readonly Coding[] = [
  { name: "br", suffix: ".br" },
  { name: "zstd", suffix: ".zst" },
  { name: "gzip", suffix: ".gz" },
];

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
 * Puts the codings in the order in which a client prefers them.
 *
 * @param value of its Accept-Encoding; without one it may get any coding, but mostly is a simple program and gets none
 * @returns those that it accepts, and likes no less than the file as it is; of equal ones the better first
 */
export function acceptedCodings(value: string | undefined): readonly Coding[] {
  if (value === undefined || value === "") return [];
  return known.get(value) ?? remember(value, rank(parseAcceptEncoding(value)));
}

function rank(weights: ReadonlyMap<string, number>): readonly Coding[] {
  const weigh = ({ name }: Coding) => weights.get(name) ?? weights.get("*") ?? 0;
  // Only who says so prefers the file as it is.
  const identity = weights.get("identity") ?? 0;
  return CODINGS.filter((coding) => weigh(coding) > 0 && weigh(coding) >= identity)
    .sort((a, b) => weigh(b) - weigh(a));
}

/** Clients are of few kinds, and all of a kind send the same. */
const known = new Map<string, readonly Coding[]>();
const MOST_KNOWN = 200;
/** Characters of a value that is worth remembering. */
const LONGEST_KNOWN = 100;

function remember(value: string, codings: readonly Coding[]): readonly Coding[] {
  if (known.size < MOST_KNOWN && value.length <= LONGEST_KNOWN) known.set(value, codings);
  return codings;
}
