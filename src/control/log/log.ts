/** Messages to people: one line each on standard error. */

import { configureSync, getLogger, getTextFormatter, type Logger, type LogRecord } from "@logtape/logtape";
import type { AboutSite, MessageLevel, ProcessMessages } from "../../logs/rules.ts";
import { Destinations } from "./destinations.ts";
import type { EventName } from "./events.ts";
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
  const { event, ...rest } = properties;
  const head = {
    time: new Date(timestamp).toISOString(),
    level,
    part: category.slice(1).join(" "),
    event,
    message: text,
  };
  const fields = Object.entries(rest).filter(([name]) => !(name in head)).map(([name, value]) =>
    [name, ["string", "number", "boolean"].includes(typeof value) ? value : Deno.inspect(value)] as const
  );
  // Whatever is in it, the line is one.
  return `${oneLine(JSON.stringify({ ...head, ...Object.fromEntries(fields) }))}\n`;
}

/** How messages are written. */
export interface LogChoices {
  /** What is less important is not written; `info` unless given. */
  readonly logLevel?: MessageLevel | undefined;
  /** For people, unless given. */
  readonly logFormat?: "text" | "json" | undefined;
  /** What a configuration says that somebody else has read; targets are such as this process can open. */
  readonly messageRules?: ProcessMessages | undefined;
}

let chosen: LogChoices = {};
let destinations = new Destinations(undefined, () => {});

/**
 * Options by which processes that this one starts write their messages as it does.
 *
 * @param messages what the configuration says, with targets that they can open
 */
export function logArguments(messages?: ProcessMessages): string[] {
  const { logLevel, logFormat, messageRules = messages } = chosen;
  return [
    ...logLevel === undefined ? [] : ["--log-level", logLevel],
    ...logFormat === undefined ? [] : ["--log-format", logFormat],
    ...messageRules === undefined ? [] : ["--message-rules", JSON.stringify(messageRules)],
  ];
}

/** Has messages go by a configuration. @param rules with targets that this process can open */
export function directMessages(rules: ProcessMessages): void {
  destinations.follow(rules);
  configure();
}

/** Has messages go to standard error from now on: a program that they went to ends with the last one who writes to it. */
export function endMessages(): void {
  directMessages({ main: {}, sites: [] });
}

/** Opens what messages go to anew. */
export function reopenMessages(): void {
  destinations.reopen();
}

/** Sends messages of this process to standard error, or where these choices say. */
export function configureLog(choices: LogChoices = {}): void {
  chosen = choices;
  destinations = new Destinations(choices.logLevel, tellOfMessages);
  configure();
  if (choices.messageRules !== undefined) directMessages(choices.messageRules);
}

function tellOfMessages(path: string, reason?: string): void {
  const log = logOf("log");
  if (reason === undefined) {
    return log.warn("messages-work", "messages are written to {path} again", { path });
  }
  log.error("messages-failed", "messages cannot be written to {path}: {reason}; they go to standard error", {
    path,
    reason,
  });
}

function configure(): void {
  const line = chosen.logFormat === "json" ? jsonLine : format;
  const write = (record: LogRecord) => {
    const level = record.level === "trace" ? "debug" : record.level;
    destinations.write(level, record.properties, () => encoder.encode(line(record)));
  };
  configureSync({
    reset: true,
    sinks: { write },
    loggers: [
      { category: "fdpass", lowestLevel: destinations.lowest, sinks: ["write"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["write"] },
    ],
  });
}

/** What a message is made of: what its text has in braces, and more for programs. */
type Properties = Readonly<Record<string, unknown>>;

/** Writes messages of one part. Each says which event it is about, by a name that programs can rely on. */
export class Log {
  constructor(readonly logger: Logger) {}

  /** The same about a site: what it says may go to a log of that site's own. */
  about(site: AboutSite | undefined): Log {
    return site === undefined ? this : new Log(this.logger.with({ ...site }));
  }

  debug(event: EventName, text: string, properties?: Properties): void {
    this.logger.debug(text, named(event, properties));
  }

  info(event: EventName, text: string, properties?: Properties): void {
    this.logger.info(text, named(event, properties));
  }

  warn(event: EventName, text: string, properties?: Properties): void {
    this.logger.warn(text, named(event, properties));
  }

  error(event: EventName, text: string, properties?: Properties): void {
    this.logger.error(text, named(event, properties));
  }

  /** For what ends the process. */
  fatal(event: EventName, text: string, properties?: Properties): void {
    this.logger.fatal(text, named(event, properties));
  }
}

/** `type` tells events apart inside the code, as `event` does outside. */
function named(event: EventName, { type: _, ...properties }: Properties = {}): Record<string, unknown> {
  return { ...properties, event };
}

/** The log of one part. @param part `front`, `backend files`, `up` */
export function logOf(part: string): Log {
  return new Log(getLogger(["fdpass", part]));
}

/** The log of what serves in this process. Where but one site leads to it, all that it says is about that. */
export function logOfServing(part: string): Log {
  return logOf(part).about(chosen.messageRules?.only);
}

/** Writes why the process ends, as JSON: as text, that is the command line's. */
export function logFailure(reason: string): void {
  configureLog({ logFormat: "json" });
  logOf("fdpass").fatal("failed", "{reason}", { reason });
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
