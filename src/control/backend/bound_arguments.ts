/** How much a backend takes, how slowly, and how long it waits for who has left, as options. */

import type { Backend } from "../../config/config.ts";

/** The bounds of a backend. Times are milliseconds. */
export type Bounds = Pick<
  Backend,
  "maxConnections" | "maxContent" | "contentTimeout" | "minContentRate" | "abortDelay"
>;

/** What `fdpass backend` is told of them. */
export function boundArguments(bounds: Bounds): string[] {
  const { maxConnections, maxContent, contentTimeout, minContentRate, abortDelay } = bounds;
  return [
    ...maxConnections === undefined ? [] : ["--max-connections", String(maxConnections)],
    ...maxContent === undefined ? [] : ["--max-content", String(maxContent)],
    ...contentTimeout === undefined ? [] : ["--content-timeout", `${contentTimeout}ms`],
    ...minContentRate === undefined ? [] : ["--min-content-rate", String(minContentRate)],
    ...abortDelay === undefined ? [] : ["--abort-delay", `${abortDelay}ms`],
  ];
}
