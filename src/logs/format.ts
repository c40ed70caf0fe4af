/** Formats of lines: read once, into what writes a record. */

import { DIRECTIVES, OF_TLS, WITHOUT_VALUE } from "./directives.ts";
import { JSON_PARTS } from "./json.ts";
import { fresh, LineParts, type Part, RecordLine } from "./line.ts";
import type { LogRecord } from "./record.ts";

/** The formats that have a name. */
export const FORMATS = {
  common: '%h %l %u %t "%r" %>s %b',
  combined: '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"',
} as const;

/** The one that is no `LogFormat`: an object a line. */
export const JSON_FORMAT = "json";

/** A format that is ready to write lines. */
export class LineFormat {
  readonly #parts: LineParts;

  /** @param missing what the format asks for and gets only a dash: in words, for people */
  constructor(parts: readonly (string | Part)[], readonly missing: readonly string[]) {
    this.#parts = new LineParts([...parts, "\n"]);
  }

  /** Whoever writes the lines of a record: one for each connection. They are ASCII whatever the record says. */
  of(record: LogRecord): RecordLine {
    return new RecordLine(this.#parts, record);
  }
}

/** What reading a format has come to. */
export type FormatReading = { readonly value: LineFormat } | { readonly fault: string };

/**
 * Reads a format: `common`, `combined`, `json`, or the argument of Apache's `LogFormat`.
 *
 * @param text quotes of the configuration are gone from it
 */
export function readFormat(text: string): FormatReading {
  if (text === JSON_FORMAT) return { value: new LineFormat(JSON_PARTS, []) };
  const parts: (string | Part)[] = [];
  const missing: string[] = [];
  const format = (FORMATS as Readonly<Record<string, string>>)[text] ?? text;
  for (let at = 0; at < format.length;) {
    if (format[at] === "\\" && at + 1 < format.length) {
      literal(parts, ESCAPES[format[at + 1]!] ?? format.slice(at, at + 2));
      at += 2;
    } else if (format[at] !== "%") {
      const end = endOfLiteral(format, at);
      literal(parts, format.slice(at, end));
      at = end;
    } else {
      const directive = readDirective(format, at, missing);
      if (typeof directive === "string") return { fault: directive };
      if (typeof directive.part === "string") literal(parts, directive.part);
      else parts.push(directive.part);
      at = directive.end;
    }
  }
  if (missing.length === 0 && parts.every((part) => typeof part === "string")) {
    return {
      fault: `Found a format without a directive; write one such as "%h %l %u %t \\"%r\\" %>s %b", or a name`,
    };
  }
  return { value: new LineFormat(parts, missing) };
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\", n: "\n", r: "\r", t: "\t", '"': '"' };

function endOfLiteral(format: string, from: number): number {
  let end = from + 1;
  while (end < format.length && format[end] !== "%" && format[end] !== "\\") end++;
  return end;
}

/** Adds text that is always the same to what stands before it. */
function literal(parts: (string | Part)[], text: string): void {
  const last = parts.at(-1);
  // What is not ASCII is written as what a log's reader can have: its bytes, escaped.
  const plain = text.replace(
    /[\u0080-\u{10ffff}]/gu,
    (character) =>
      Array.from(new TextEncoder().encode(character), (byte) => `\\x${byte.toString(16)}`).join(""),
  );
  if (typeof last === "string") parts[parts.length - 1] = last + plain;
  else parts.push(plain);
}

/** What stands between the percent sign of a directive and its letter, as mod_log_config has it: in any order. */
class Modifiers {
  /** The last text in braces; undefined for none. */
  argument: string | undefined;
  /** Statuses that it is for, or, with `!`, not for. */
  readonly statuses = new Set<number>();
  not = false;

  /**
   * Reads them.
   *
   * @returns where the letter stands; -1 for braces without an end
   */
  read(format: string, from: number): number {
    for (let at = from;; at++) {
      const sign = format[at] ?? "";
      if (sign === "!") this.not = !this.not;
      else if (sign === "{") {
        const end = format.indexOf("}", at);
        if (end < 0) return -1;
        this.argument = format.slice(at + 1, end);
        at = end;
      } else if (/\d/.test(sign)) {
        const [digits] = /^\d+/.exec(format.slice(at, at + 10))!;
        this.statuses.add(Number(digits));
        at += digits.length - 1;
        // Which of several requests is meant, when one leads to another: here none does.
      } else if (sign !== "<" && sign !== ">" && sign !== ",") return at;
    }
  }

  /** A part that is only for these statuses. */
  limit(part: Part): Part {
    if (this.statuses.size === 0) return part;
    const { statuses, not } = this;
    const { render } = part;
    return fresh((record) => statuses.has(record.status) !== not ? render(record) : "-");
  }
}

const LONG_NAMES = /^\^(?:FB|ti|to)/;

function readDirective(
  format: string,
  at: number,
  missing: string[],
): { readonly part: Part | string; readonly end: number } | string {
  const modifiers = new Modifiers();
  const named = modifiers.read(format, at + 1);
  const [letter = ""] = LONG_NAMES.exec(format.slice(named, named + 3)) ?? [format[named]];
  if (named < 0 || !/^[A-Za-z%^]/.test(letter)) {
    return `Cannot read the format from ${quoted(format.slice(at, at + 12))} on; write %% for a percent sign`;
  }
  const end = named + letter.length;
  const whole = format.slice(at, end);
  const { argument } = modifiers;
  if (letter === "%") return { part: "%", end };
  const absent = WITHOUT_VALUE[letter] ??
    (letter === "x" && /^SSL_/.test(argument ?? "") && !OF_TLS.includes(argument!)
      ? "variables of mod_ssl"
      : undefined);
  if (absent !== undefined) {
    missing.push(`${whole}, ${absent}`);
    return { part: "-", end };
  }
  const directive = DIRECTIVES[letter];
  if (directive === undefined) return `Unknown directive ${quoted(whole)} in the format`;
  const part = directive(argument);
  if (typeof part === "string") return `The directive ${quoted(whole)} ${part}`;
  return { part: modifiers.limit(part), end };
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
