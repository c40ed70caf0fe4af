/** What fdpass does otherwise with rules than Apache, on purpose: the sentences of docs/apache.md. */

import type { Configuration, Request } from "./configuration.ts";

/** A difference. */
export interface RuleDifference {
  /** As it stands in docs/apache.md, white space aside. */
  readonly sentence: string;
  /** Whether it is what sets the outcomes of a request apart. */
  readonly about: (
    request: Request,
    configuration: Configuration,
    outcomes: { readonly apache: string; readonly fdpass: string },
  ) => boolean;
}

/** What a request asks for. */
function targetOf(request: Request): string {
  return "raw" in request ? request.raw.split(" ")[1]! : request.target;
}

export const RULE_DIFFERENCES: readonly RuleDifference[] = [
  {
    sentence:
      "With the flag `NE`, what cannot stand in a URL is encoded all the same. httpd sends such bytes as they " +
      "are, and answers 400 or 403 where it would proxy with them.",
    about: (request, { text }) => /\bNE\b/.test(text) && /%20|%c3/.test(targetOf(request)),
  },
];
