/** Spellings of a path that mean another one to some servers. */

import { normalizePath } from "../../route/path.ts";

/** What some servers take for a slash. */
export const ENCODED = /%2f|%5c/i;

/**
 * What a path means to servers that take `%2F`, or `%5C`, or both for a slash: who guards a path guards it against such a
 * spelling, too.
 *
 * @param path in its normal form
 */
export function otherReadings(path: string): string[] {
  if (!ENCODED.test(path)) return [];
  const readings = [/%2f/gi, /%5c/gi, /%2f|%5c/gi].map((encoded) =>
    normalizePath(path.replace(encoded, "/"))
  );
  return [...new Set(readings)].filter((other) => other !== undefined && other !== path) as string[];
}
