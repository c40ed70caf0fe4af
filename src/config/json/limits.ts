/** The limits of a JSON document, and the ranges that they must keep. */

import { DEFAULT_LIMITS, type Limits } from "../config.ts";
import { readDuration, readSize } from "../quantity.ts";
import type { Report } from "./report.ts";

/** The largest head that may be asked for: it has to fit a peek and a hand-off. */
export const MAX_HEAD = 65_536;
/** Less than this, and ordinary requests would be refused. */
export const MIN_SIZE = 256;

type Amount = number | string;

/**
 * Reads the limits at the top of a document; what is not there has its default, which stands in `DEFAULT_LIMITS` of
 * config.ts.
 *
 * @param document The document.
 * @param report Where problems go.
 * @returns Complete limits, which mean nothing where the report has problems.
 */
export function buildLimits(document: Readonly<Record<string, unknown>>, report: Report): Limits {
  const duration = (
    key: "headTimeout" | "acknowledgeTimeout" | "queueTimeout" | "keepAliveTimeout" | "drainTimeout",
    least: number,
  ) => {
    const value = document[key];
    if (!isAmount(value)) return DEFAULT_LIMITS[key];
    return report.take(readDuration(value, { least }), [key]) ?? DEFAULT_LIMITS[key];
  };
  const size = (key: "maxRequestLine" | "maxHead") => {
    const value = document[key];
    if (!isAmount(value)) return undefined;
    return report.take(readSize(value, { least: MIN_SIZE, most: MAX_HEAD }), [key]);
  };
  const count = (key: string, otherwise: number) => {
    const value = document[key];
    return typeof value === "number" ? value : otherwise;
  };

  const rate = (key: string, burstKey: string) => {
    const rate = count(key, 0);
    if (rate === 0 && document[burstKey] !== undefined) {
      report.key([burstKey], `Found no "${key}" that this belongs to; write it, or remove this`);
    }
    // Who says nothing else allows what comes in a second to come at once.
    return { rate, burst: rate === 0 ? 0 : count(burstKey, Math.max(1, Math.ceil(rate))) };
  };
  const connections = rate("maxConnectionRatePerClient", "maxConnectionBurstPerClient");
  const requests = rate("maxRequestRatePerClient", "maxRequestBurstPerClient");

  const requestLine = size("maxRequestLine");
  const maxHead = size("maxHead");
  const head = maxHead ?? DEFAULT_LIMITS.head;
  const isHeadKnown = maxHead !== undefined || document.maxHead === undefined;
  if (isHeadKnown && requestLine !== undefined && requestLine > head) {
    const message = `Found ${requestLine} bytes for a line of a head that has ${head} at most; ` +
      `write at most ${head}, or a larger "maxHead"`;
    report.value(["maxRequestLine"], message);
  }
  return {
    // Whoever asks for small heads has asked for small request lines too.
    requestLine: requestLine ?? Math.min(DEFAULT_LIMITS.requestLine, head),
    head,
    headTimeout: duration("headTimeout", 1),
    acknowledgeTimeout: duration("acknowledgeTimeout", 1),
    // Zero is a wish: refuse or exit at once.
    queueTimeout: duration("queueTimeout", 0),
    keepAliveTimeout: duration("keepAliveTimeout", 1),
    drainTimeout: duration("drainTimeout", 0),
    unacknowledged: count("maxUnacknowledged", DEFAULT_LIMITS.unacknowledged),
    queue: count("maxQueue", DEFAULT_LIMITS.queue),
    parked: count("maxParked", DEFAULT_LIMITS.parked),
    requests: count("maxRequests", DEFAULT_LIMITS.requests),
    perClient: count("maxConnectionsPerClient", DEFAULT_LIMITS.perClient),
    connectionRate: connections.rate,
    connectionBurst: connections.burst,
    requestRate: requests.rate,
    requestBurst: requests.burst,
  };
}

function isAmount(value: unknown): value is Amount {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}
