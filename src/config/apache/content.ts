/**
 * How much content a request may have and how slowly it may come: LimitRequestBody, and `body=` of RequestReadTimeout.
 * They hold for the relays that a configuration starts: who takes a connection whole reads the content itself.
 */

import type { Backend } from "../config.ts";
import type { Faults } from "./faults.ts";
import { readNumber } from "./values.ts";
import type { Directive } from "./tree.ts";

/** What a relay asks of content; what is not given is as relays have it. */
export type ContentBounds = Pick<Backend, "maxContent" | "contentTimeout" | "minContentRate">;

/** What a server or a section says of content, each with the directive that says it. */
export interface ContentSettings {
  contentSize?: { readonly bytes: number; readonly spot: Directive };
  contentPace?: { readonly time?: number; readonly rate: number; readonly spot: Directive };
}

/** One word of RequestReadTimeout: seconds, and bytes a second. */
export interface ReadTimes {
  readonly first: number;
  /** What the first seconds can become at most, byte by byte. */
  readonly last?: number;
  readonly rate?: number;
}

/** Seconds that a client has before its rate counts. */
const PATIENCE = 20;
/** The largest rate that a backend can be told. */
const FASTEST = 1_073_741_824;
const DAY = 86_400;

/** `LimitRequestBody BYTES`; httpd takes 0 for no limit. */
export function readContentSize(directive: Directive, faults: Faults): ContentSettings["contentSize"] {
  const bytes = faults.take(readNumber(directive.args[0]!, 0, Number.MAX_SAFE_INTEGER), directive);
  if (bytes === undefined) return undefined;
  return { bytes: bytes === 0 ? Number.MAX_SAFE_INTEGER : bytes, spot: directive };
}

/** What stands behind `header=` or `body=`, once it is as httpd asks for it. @returns nothing if it is faulty */
export function readTimes(word: string, directive: Directive, faults: Faults): ReadTimes | undefined {
  const [, first = "", last, rate] = /^[a-z]+=(\d+)(?:-(\d+))?(?:,minrate=(\d+))?$/i.exec(word)!;
  const fault = rate !== undefined && Number(rate) === 0
    ? "write a MinRate of 1 or more, or none"
    : last !== undefined && rate === undefined
    ? "write ,MinRate=500 behind it, for nothing else makes the time longer"
    : last !== undefined && Number(last) <= Number(first)
    ? "write a second number that is larger than the first"
    : undefined;
  if (fault !== undefined) {
    faults.add(directive, `Found "${word}"; ${fault}`);
    return undefined;
  }
  return {
    first: Number(first),
    ...last === undefined ? {} : { last: Number(last) },
    ...rate === undefined ? {} : { rate: Number(rate) },
  };
}

/** `body=20-60,MinRate=500`: without a rate it is the time for all of the content; 0 is no limit, in httpd too. */
export function readContentPace(
  { first, last, rate }: ReadTimes,
  spot: Directive,
  faults: Faults,
): NonNullable<ContentSettings["contentPace"]> {
  const total = first === 0 ? undefined : rate === undefined ? first : last;
  if (first !== 0 && rate !== undefined && first !== PATIENCE) {
    faults.warn(
      spot,
      `gives content ${PATIENCE} seconds before its rate counts, not ${first}`,
      // Who has to be quicker may be told 408 where httpd would have waited.
      first > PATIENCE ? "changes" : "none",
    );
  }
  return {
    ...total === undefined ? {} : { time: Math.min(total, DAY) * 1_000 },
    rate: first === 0 ? 0 : Math.min(rate ?? 0, FASTEST),
    spot,
  };
}

/** The bounds of one relay. */
export function boundsOf({ contentSize, contentPace }: ContentSettings): ContentBounds {
  return {
    ...contentSize === undefined ? {} : { maxContent: contentSize.bytes },
    ...contentPace?.time === undefined ? {} : { contentTimeout: contentPace.time },
    ...contentPace === undefined ? {} : { minContentRate: contentPace.rate },
  };
}
