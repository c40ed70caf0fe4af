/** Which content coding a client would have a file in (RFC 9110, 12.5.3). */

import { parseAcceptEncoding, rankCodings } from "../../http/accept_encoding.ts";

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
  return rankCodings(weights, CODINGS.map(({ name }) => name)).map((name) =>
    CODINGS.find((coding) => coding.name === name)!
  );
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
