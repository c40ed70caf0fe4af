/** What a backend process is told of access logs by whoever starts it. */

import type { AccessLogRules } from "../../logs/rules.ts";

/** Arguments of `fdpass backend`. */
export function accessLogArguments(
  rules: AccessLogRules | undefined,
  trustsRequestIds: boolean | undefined,
): string[] {
  return [
    ...rules === undefined ? [] : ["--access-log-rules", JSON.stringify(rules)],
    ...trustsRequestIds ? ["--trust-request-ids"] : [],
  ];
}
