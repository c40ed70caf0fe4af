/** The access logs of a process: which lines go where, in which format. */

import type { Deadlines } from "../loop/deadlines.ts";
import { fits } from "../logs/condition.ts";
import { type LineFormat, readFormat } from "../logs/format.ts";
import type { RecordLine } from "../logs/line.ts";
import type { LogRecord } from "../logs/record.ts";
import { type AccessLogRules, type AccessLogSpec, logsOf } from "../logs/rules.ts";
import { LineFile, type OutputEvent } from "./line_file.ts";

/** Statuses from here on are written whatever the share of a sample is. */
const ALWAYS = 500;
/** Characters of each text of a client that are left in a line that is too long for a pipe. */
const CUT = 128;

/** One log in one format. */
export class AccessLog {
  readonly #format: LineFormat;
  readonly #sample: number;
  readonly #variable: AccessLogSpec["variable"];
  readonly #condition: AccessLogSpec["condition"];
  #due = 0;

  constructor(spec: AccessLogSpec, readonly file: LineFile) {
    const reading = readFormat(spec.format);
    if ("fault" in reading) throw new Error(reading.fault);
    this.#format = reading.value;
    this.#sample = spec.sample ?? 1;
    this.#variable = spec.variable;
    this.#condition = spec.condition;
  }

  /** Whoever writes the lines of a record, which is filled in for one request of a connection after another. */
  of(record: LogRecord): LinesOfRecord {
    return new LinesOfRecord(this, this.#format.of(record), record);
  }

  /** Whether a request gets a line. To be asked once of each. */
  wants(record: LogRecord): boolean {
    const { variables, status } = record;
    const variable = this.#variable;
    if (variable !== undefined && (variables[variable.name] !== undefined) !== variable.isSet) return false;
    if (this.#condition !== undefined && !fits(this.#condition, record)) return false;
    if (this.#sample === 1 || status >= ALWAYS) return true;
    this.#due += this.#sample;
    if (this.#due < 1) return false;
    this.#due--;
    return true;
  }
}

/** The lines that one record gets in one log. */
export class LinesOfRecord {
  constructor(readonly log: AccessLog, readonly line: RecordLine, readonly record: LogRecord) {}

  /** Writes a line, if this is a request that gets one. */
  write(): void {
    const { log, line } = this;
    if (!log.wants(this.record) || log.file.put(line)) return;
    const text = line.text();
    log.file.write(text.length > log.file.longest ? this.#cut() : text);
  }

  /** A line that others do not get mixed into: what a client has sent is shortened in it. */
  #cut(): string {
    const { record, log: { file: { longest } } } = this;
    const { method, target, path, query, authority, head, line, responseHead } = record;
    record.method = method.slice(0, CUT);
    record.target = target.slice(0, CUT);
    record.path = path.slice(0, CUT);
    record.query = query.slice(0, CUT);
    record.authority = authority.slice(0, CUT);
    record.head = shortened(head);
    record.line = line.slice(0, CUT);
    record.responseHead = shortened(responseHead);
    const text = this.line.text();
    Object.assign(record, { method, target, path, query, authority, head, line, responseHead });
    return text.length <= longest ? text : `${text.slice(0, longest - 1)}\n`;
  }
}

function shortened(head: string): string {
  return head.split("\n").map((line) => line.slice(0, CUT)).join("\n");
}

/** What logs need of their surroundings. */
export interface LogSurroundings {
  /** Of BATCH_TIME milliseconds. */
  readonly batches: Deadlines;
  readonly clock: () => number;
  readonly report: (event: OutputEvent) => void;
}

/** All access logs of a process. Each file is open once, whatever writes to it. */
export class AccessLogs {
  #files = new Map<string, LineFile>();
  #logs: readonly AccessLog[] = [];
  #rules: AccessLogRules = { logs: [], otherwise: [], sites: [] };
  #found = new Map<string, readonly AccessLog[]>();

  constructor(rules: AccessLogRules, readonly surroundings: LogSurroundings) {
    this.apply(rules);
  }

  /** Goes by other rules from now on. Files that both have stay open. */
  apply(rules: AccessLogRules): void {
    const before = this.#files;
    const { batches, clock, report } = this.surroundings;
    this.#files = new Map();
    this.#rules = rules;
    this.#found = new Map();
    this.#logs = rules.logs.map((spec) => {
      const file = this.#files.get(spec.to) ?? before.get(spec.to) ??
        new LineFile(spec.to, batches, clock, report);
      this.#files.set(spec.to, file);
      return new AccessLog(spec, file);
    });
    for (const [path, file] of before) if (!this.#files.has(path)) file.close();
  }

  /** The logs that requests of a site get a line in. @param port that the client has connected to */
  of(site: string, port: number): readonly AccessLog[] {
    const key = `${port} ${site}`;
    let found = this.#found.get(key);
    if (found === undefined) {
      found = logsOf(this.#rules, site, port).map((index) => this.#logs[index]!);
      // Sites are of the configuration; a front that makes them up shall not fill the memory.
      if (this.#found.size < 10_000) this.#found.set(key, found);
    }
    return found;
  }

  /** Opens all files anew. */
  reopen(): void {
    for (const file of this.#files.values()) file.reopen();
  }

  /** Writes what there is. */
  flush(): void {
    for (const file of this.#files.values()) file.flush();
  }

  /** Writes what there is, and closes. */
  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files = new Map();
  }
}
