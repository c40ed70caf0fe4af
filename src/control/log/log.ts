/** Messages to people: one line each on standard error. */

import { configureSync, getLogger, getTextFormatter, type Logger, type LogRecord } from "@logtape/logtape";
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

/** An object a line, for programs: what a message is made of besides the message. */
function jsonLine({ timestamp, level, category, message, properties }: LogRecord): string {
  const text = message.map((part) => typeof part === "string" ? part : Deno.inspect(part)).join("");
  const fields = Object.entries(properties).map(([name, value]) =>
    [name, ["string", "number", "boolean"].includes(typeof value) ? value : Deno.inspect(value)] as const
  );
  const head = {
    time: new Date(timestamp).toISOString(),
    level,
    part: category.slice(1).join(" "),
    message: text,
  };
  // Whatever is in it, the line is one.
  return `${oneLine(JSON.stringify({ ...Object.fromEntries(fields), ...head }))}\n`;
}

/** The levels that can be asked for, the most talkative first. */
export const LEVELS = ["debug", "info", "warning", "error", "fatal"] as const;

/** How messages are written. */
export interface LogChoices {
  /** What is less important is not written; `info` unless given. */
  readonly logLevel?: typeof LEVELS[number] | undefined;
  /** For people, unless given. */
  readonly logFormat?: "text" | "json" | undefined;
}

let chosen: LogChoices = {};

/** Options by which processes that this one starts write their messages as it does. */
export function logArguments(): string[] {
  const { logLevel, logFormat } = chosen;
  return [
    ...logLevel === undefined ? [] : ["--log-level", logLevel],
    ...logFormat === undefined ? [] : ["--log-format", logFormat],
  ];
}

/** Sends messages of this process to standard error. */
export function configureLog(choices: LogChoices = {}): void {
  chosen = choices;
  const { logLevel: lowestLevel = "info", logFormat } = choices;
  const write = logFormat === "json" ? jsonLine : format;
  configureSync({
    reset: true,
    sinks: {
      stderr: (record) => {
        Deno.stderr.writeSync(encoder.encode(write(record)));
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
