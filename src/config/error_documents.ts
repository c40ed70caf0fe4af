/** Texts that the front answers with instead of its own. */

import { quote, type Reading } from "./reading.ts";

/** The statuses that the front itself answers with; all others are backends'. */
export const FRONT_STATUSES: readonly string[] = [
  "400",
  "401",
  "403",
  "404",
  "408",
  "410",
  "414",
  "417",
  "429",
  "431",
  "501",
  "503",
  "505",
  "508",
];

/** A fresh connection takes an answer of this size in one piece, and no client's pace matters. */
export const MAX_DOCUMENT = 16_384;

/** Reads the status that a text is for. */
export function readStatus(text: string): Reading<string> {
  if (FRONT_STATUSES.includes(text)) return { value: text };
  return {
    fault: `Cannot answer with the status ${quote(text)}, which the front never gives; ` +
      `write one of ${FRONT_STATUSES.join(", ")}`,
  };
}

/** Reads such a text. */
export function readDocument(text: string): Reading<string> {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= MAX_DOCUMENT) return { value: text };
  return { fault: `Found ${bytes} bytes for an answer; write at most ${MAX_DOCUMENT}` };
}
