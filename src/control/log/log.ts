/** Messages to people: one line each on standard error. */

import { configureSync, getLogger, getTextFormatter, type Logger, type LogLevel } from "@logtape/logtape";
import { oneLine } from "./one_line.ts";

const encoder = new TextEncoder();

/**
 * Names, reasons and errors in a message come from clients' requests, peers, files and handlers. The finished line is
 * made safe, not its parts, so that nothing that somebody adds to it one day is forgotten.
 */
const format = getTextFormatter({
  timestamp: "rfc3339",
  level: "full",
  value: (value: unknown) => typeof value === "string" ? value : Deno.inspect(value),
  sanitize: false,
  format: ({ timestamp, level, category, message }) =>
    oneLine(`${timestamp} ${level} ${category.slice("fdpass·".length)}: ${message}`),
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
  passOn(oneLine(line));
}

/** Writes a line that a child has written to its standard output: its own words, as they came. */
export function passOn(line: string): void {
  try {
    Deno.stdout.writeSync(encoder.encode(line + "\n"));
  } catch (error) {
    // Whoever read it has gone, a supervisor that was killed for example: what is served is served to its end.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
