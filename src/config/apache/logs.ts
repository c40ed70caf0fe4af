/** `CustomLog`, `GlobalLog`, `TransferLog` and `LogFormat`: where requests get a line, as mod_log_config has it. */

import { FORMATS } from "../../logs/format.ts";
import { asksFiles } from "../../logs/condition.ts";
import type { AccessLogSpec } from "../../logs/rules.ts";
import { dashesInFormat, readLogFormat, readLogTarget } from "../access_logs.ts";
import type { Resolve } from "../path.ts";
import type { Faults } from "./faults.ts";
import { quote, type Reading } from "../reading.ts";
import { readCondition } from "./rules/reading.ts";
import type { Directive } from "./tree.ts";

/** What one server says of its logs. */
export class LogWords {
  /** Formats by their nicknames. */
  readonly formats = new Map<string, string>();
  /** CustomLog and TransferLog, in order; and those that hold beside the ones of virtual hosts. */
  readonly logs: Directive[] = [];
  readonly global: Directive[] = [];
  /** What LogFormat without a nickname says of TransferLog. */
  unnamed: string | undefined;

  /** Takes a directive, if it is about logs. @returns whether it is */
  take(directive: Directive): boolean {
    const [first = "", nickname] = directive.args;
    switch (directive.name.toLowerCase()) {
      case "logformat":
        if (nickname === undefined) this.unnamed = first;
        else this.formats.set(nickname, first);
        return true;
      case "customlog":
      case "transferlog":
        this.logs.push(directive);
        return true;
      case "globallog":
        this.global.push(directive);
        return true;
      default:
        return false;
    }
  }

  /**
   * The logs of a server, to be spread into the model. One that names none has those of the main server.
   *
   * @param main what the main server says
   * @param resolve makes paths absolute, as ServerRoot says
   */
  read(main: LogWords, resolve: Resolve, faults: Faults): { accessLogs?: readonly AccessLogSpec[] } {
    // Who has none of its own has all of the main server's.
    if (this.logs.length === 0 && this.global.length === 0) return {};
    const logs: AccessLogSpec[] = [];
    for (const directive of [...this.logs, ...main.global]) {
      const [file = "", format, condition] = directive.args;
      const [unset] = directive.unset ?? [];
      if (unset !== undefined) {
        // Said once where it stands. Requests go on without a line, as they do with a format that nobody knows.
        if (!main.global.includes(directive) || this === main) {
          faults.warn(directive, `no log is written: the variable "${unset}" is not set`, "changes");
        }
        continue;
      }
      const to = faults.take(readLogTarget(file, resolve), directive);
      const ofMain = main.global.includes(directive);
      const read = readLogFormat((ofMain ? main : this).#format(format, main));
      if ("fault" in read) {
        // httpd takes a name that it does not know for a format, and writes it in every line.
        // Of a global log it has been said where it stands.
        if (!ofMain || this === main) faults.warn(directive, `no log is written: ${read.fault}`, "changes");
        continue;
      }
      const dashes = dashesInFormat(read.value);
      if (dashes !== undefined && (!ofMain || this === main)) faults.warn(directive, dashes);
      const which = readWhich(condition);
      if ("fault" in which) {
        if (!ofMain || this === main) faults.add(directive, which.fault);
        continue;
      }
      if (which.value === undefined && (!ofMain || this === main)) {
        faults.warn(directive, `all requests get a line, whatever ${condition} says`, "changes");
      }
      if (to !== undefined) logs.push({ to, format: read.value, ...which.value });
    }
    return { accessLogs: logs };
  }

  #format(text: string | undefined, main: LogWords): string {
    // A format that LogFormat says without a name may be the name of another one.
    const wanted = text ?? this.unnamed ?? main.unnamed ?? FORMATS.common;
    // httpd itself knows one name.
    return this.formats.get(wanted) ?? main.formats.get(wanted) ??
      (wanted === "CLF" ? FORMATS.common : wanted);
  }
}

/**
 * Reads which requests get a line: `env=name`, `env=!name`, `expr=…`.
 *
 * @returns to be spread into the log; undefined for what is not done here
 */
function readWhich(
  text: string | undefined,
): Reading<Pick<AccessLogSpec, "variable" | "condition"> | undefined> {
  if (text === undefined) return { value: {} };
  const [, not, name] = /^env=(!?)(.+)$/i.exec(text) ?? [];
  if (name !== undefined) return { value: { variable: { name, isSet: not === "" } } };
  const [, expression] = /^expr=([^]+)$/i.exec(text) ?? [];
  if (expression === undefined) {
    return { fault: `Cannot read the condition ${quote(text)}; write env=name, env=!name or expr=…` };
  }
  const reading = readCondition(expression);
  if ("fault" in reading) return reading;
  // Whoever writes the line has no business with files.
  return { value: asksFiles(reading.value) ? undefined : { condition: reading.value } };
}
