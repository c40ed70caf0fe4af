/** What a user may have meant by a name that does not exist. */

import { distance } from "fastest-levenshtein";

/** The distance costs the product of both lengths, and no name that is compared here is longer. */
const COMPARED_LENGTH = 64;

/**
 * Finds the name that a user may have meant.
 *
 * @param text What the user wrote.
 * @param known The names that exist.
 * @returns The nearest of them, or nothing if none is near enough to be a help.
 */
export function nearestTo(text: string, known: readonly string[]): string | undefined {
  const wanted = text.slice(0, COMPARED_LENGTH).toLowerCase();
  let nearest: string | undefined;
  let least = Infinity;
  for (const name of known) {
    const steps = distance(wanted, name.toLowerCase());
    // A third of a name may be misspelt; more would be another word.
    const limit = Math.max(1, Math.round(Math.max(wanted.length, name.length) / 3));
    if (steps < least && steps <= limit) [nearest, least] = [name, steps];
  }
  return nearest;
}
