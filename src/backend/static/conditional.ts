/** Requests that depend on which version of a file the client has (RFC 9110, 13). */

import { parseHttpDate } from "../../http/http_date.ts";
import { parseTagList } from "./entity_tags.ts";

/** The fields of a request that name versions; undefined where there is none. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
  readonly ifRange?: string | undefined;
}

/** What a version of a file is told by. */
export interface Version {
  /** Its ETag, a strong one, with its quotes. */
  readonly tag: string;
  /** When it was modified, in milliseconds since 1970. */
  readonly modified: number;
}

/**
 * Judges a GET or HEAD for a file that is there, in the order of RFC 9110, 13.2.2. What is no date, or no list of tags, is
 * as good as no date, and matches nothing.
 *
 * @param now milliseconds since 1970
 * @returns 200 to go on with, or the status to answer with instead: 304 or 412
 */
export function evaluate(conditions: Conditions, version: Version, now: number): 200 | 304 | 412 {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    // 13.1.1 has the strong comparison: a weak tag matches nothing.
    if (!matches(ifMatch, version.tag, false)) return 412;
  } else if (ifUnmodifiedSince !== undefined && isModifiedSince(ifUnmodifiedSince, version, now) === true) {
    return 412;
  }
  if (ifNoneMatch !== undefined) {
    // 13.1.2 has the weak comparison: W/ makes no difference.
    return matches(ifNoneMatch, version.tag, true) ? 304 : 200;
  }
  if (ifModifiedSince !== undefined && isModifiedSince(ifModifiedSince, version, now) === false) return 304;
  return 200;
}

/**
 * Whether the Range of a GET counts, as far as its If-Range says (13.1.5): only for the very version of which the client
 * has the rest.
 *
 * @param now milliseconds since 1970
 */
export function rangeCounts({ ifRange }: Conditions, version: Version, now: number): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.endsWith('"')) return ifRange === version.tag;
  const date = parseHttpDate(ifRange, now);
  const second = wholeSecond(version.modified);
  // Within one second a file can change again, and its date says nothing of that (8.8.2.2).
  return date === second && now >= second + 1000;
}

function matches(list: string, tag: string, weakly: boolean): boolean {
  const tags = parseTagList(list);
  if (tags === undefined) return false;
  return tags === "*" || tags.some(({ weak, opaque }) => opaque === tag && (weakly || !weak));
}

/** Undefined where the text is no date. */
function isModifiedSince(text: string, { modified }: Version, now: number): boolean | undefined {
  const date = parseHttpDate(text, now);
  return date === undefined ? undefined : wholeSecond(modified) > date;
}

/** HTTP dates have whole seconds. */
function wholeSecond(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
