/** Messages to people: one line each on standard error. */

import { configureSync, getLogger, getTextFormatter, type Logger, type LogLevel } from "@logtape/logtape";

const encoder = new TextEncoder();

// Control characters in a message are escaped by the formatter: nobody forges lines of the log.
const format = getTextFormatter({
  timestamp: "rfc3339",
  level: "full",
  value: (value: unknown) => typeof value === "string" ? value : Deno.inspect(value),
  format: ({ timestamp, level, category, message }) =>
    `${timestamp} ${level} ${category.slice("fdpass·".length)}: ${message}`,
});

/**
 * Sends messages of this process to standard error.
 *
 * @param lowestLevel what is less important is not written
 */
export function configureLog(lowestLevel: LogLevel = "info"): void {
  configureSync({
    reset: true,
    sinks: {
      stderr: (record) => {
        Deno.stderr.writeSync(encoder.encode(format(record)));
      },
    },
    loggers: [
      { category: "fdpass", lowestLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

/** The log of one part. @param part `front`, `backend files`, `up` */
export function logOf(part: string): Logger {
  return getLogger(["fdpass", part]);
}

/** Writes a line to standard output: what other programs read, such as "ready". */
export function print(line: string): void {
  Deno.stdout.writeSync(encoder.encode(line + "\n"));
}
