/** `ErrorLog` and `LogLevel`: where messages go, and which. */

import type { MessageLevel, MessageRules } from "../../logs/rules.ts";
import { readLogTarget } from "../access_logs.ts";
import type { Resolve } from "../path.ts";
import { nearestTo } from "../nearest.ts";
import type { Faults } from "./faults.ts";
import type { Directive } from "./tree.ts";

/** httpd's levels, and those here that come closest. */
const LEVELS: Readonly<Record<string, MessageLevel>> = {
  emerg: "fatal",
  alert: "fatal",
  crit: "fatal",
  error: "error",
  warn: "warning",
  notice: "warning",
  info: "info",
  debug: "debug",
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`trace${index + 1}`, "debug"] as const)),
};

/** What one server says of its messages. */
export class ErrorLogWords {
  /** The last of each counts. */
  #file: Directive | undefined;
  #level: Directive | undefined;

  take(directive: Directive): boolean {
    switch (directive.name.toLowerCase()) {
      case "errorlog":
        this.#file = directive;
        return true;
      case "loglevel":
        this.#level = directive;
        return true;
      default:
        return false;
    }
  }

  /**
   * What they mean, to be spread into the model.
   *
   * @param resolve makes paths absolute, as ServerRoot says
   */
  read(resolve: Resolve, faults: Faults): { messages?: MessageRules } {
    const to = this.#file && target(this.#file, resolve, faults);
    const level = this.#level && levelOf(this.#level, faults);
    if (to === undefined && level === undefined) return {};
    return { messages: { ...to === undefined ? {} : { to }, ...level === undefined ? {} : { level } } };
  }
}

function target(directive: Directive, resolve: Resolve, faults: Faults): string | undefined {
  const [file = ""] = directive.args;
  // Debian's are set by a file that a service manager may not have read; messages can do without.
  if ((directive.unset ?? []).length > 0) {
    faults.notDone(directive, directive.name);
    return undefined;
  }
  if (/^syslog(:|$)/i.test(file)) {
    faults.warn(
      directive,
      "messages go to standard error, not to syslog: a service manager takes them there, as does | logger -t fdpass",
    );
    return undefined;
  }
  return faults.take(readLogTarget(file, resolve), directive);
}

function levelOf(directive: Directive, faults: Faults): MessageLevel | undefined {
  let found: MessageLevel | undefined;
  const ofModules: string[] = [];
  for (const word of directive.args) {
    const colon = word.lastIndexOf(":");
    const name = word.slice(colon + 1).toLowerCase();
    const level = LEVELS[name];
    if (level === undefined) {
      const nearest = nearestTo(name, Object.keys(LEVELS));
      faults.add(
        directive,
        `Unknown level "${word}"; ${
          nearest === undefined
            ? `write one of ${Object.keys(LEVELS).slice(0, 8).join(", ")}`
            : `the nearest known one is "${nearest}"`
        }`,
      );
      return undefined;
    }
    if (colon < 0) found = level;
    else ofModules.push(word);
  }
  if (ofModules.length > 0) {
    faults.warn(directive, `there are no modules here, so ${ofModules.join(" ")} has no effect`);
  }
  return found;
}
