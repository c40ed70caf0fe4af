/** Whether the client has the present version of a file already (RFC 9110, 13). */

import type { Exchange } from "../http/exchange.ts";

/**
 * Judges If-None-Match and, where that is absent, If-Modified-Since.
 *
 * @param tag the file's ETag
 * @param modified when it was modified, in milliseconds since 1970
 */
export function isFresh(exchange: Pick<Exchange, "field">, tag: string, modified: number): boolean {
  const noneMatch = exchange.field("if-none-match");
  if (noneMatch !== undefined) {
    // 13.1.2 has the weak comparison: W/ makes no difference.
    return noneMatch.split(",").some((candidate) => {
      const value = candidate.trim().replace(/^W\//, "");
      return value === tag || value === "*";
    });
  }
  const since = exchange.field("if-modified-since");
  if (since === undefined) return false;
  const time = Date.parse(since);
  // HTTP dates have whole seconds (13.1.3).
  return !Number.isNaN(time) && Math.floor(modified / 1000) * 1000 <= time;
}
