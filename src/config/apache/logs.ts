/** `CustomLog`, `TransferLog` and `LogFormat`: where requests get a line, as mod_log_config has it. */

import { FORMATS } from "../../logs/format.ts";
import type { AccessLogSpec } from "../../logs/rules.ts";
import { readLogFormat, readLogTarget } from "../access_logs.ts";
import type { Resolve } from "../path.ts";
import type { Faults } from "./faults.ts";
import type { Directive } from "./tree.ts";

/** What one server says of its logs. */
export class LogWords {
  /** Formats by their nicknames. */
  readonly formats = new Map<string, string>();
  /** CustomLog and TransferLog, in order. */
  readonly logs: Directive[] = [];
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
    if (this.logs.length === 0) return {};
    const logs: AccessLogSpec[] = [];
    for (const directive of this.logs) {
      const [file = "", format, condition] = directive.args;
      const to = faults.take(readLogTarget(file, resolve), directive);
      const read = readLogFormat(this.#format(format, main));
      if ("fault" in read) {
        // httpd takes a name that it does not know for a format, and writes it in every line.
        faults.warn(directive, `no log is written: ${read.fault}`, "changes");
        continue;
      }
      if (condition !== undefined) {
        faults.warn(directive, `all requests get a line, whatever ${condition} says`, "changes");
      }
      if (to !== undefined) logs.push({ to, format: read.value });
    }
    return { accessLogs: logs };
  }

  #format(text: string | undefined, main: LogWords): string {
    if (text === undefined) return this.unnamed ?? main.unnamed ?? FORMATS.common;
    return this.formats.get(text) ?? main.formats.get(text) ?? text;
  }
}
