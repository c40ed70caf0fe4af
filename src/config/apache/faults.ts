/** Collects what is wrong with an Apache configuration, which may have several files. */

import { ConfigError, type Problem } from "../error.ts";
import { quote, type Reading } from "../reading.ts";
import type { Warning, WarningSort } from "../warning.ts";
import type { Place } from "./lines.ts";
import type { Directive } from "./tree.ts";

/** What is known of a place: a directive has a name to speak of. */
export interface Spot extends Place {
  readonly name?: string;
}

/** The faults and warnings of one configuration. */
export class Faults {
  readonly #problems: Problem[] = [];
  readonly #warnings: Warning[] = [];

  constructor(readonly source: string) {}

  /** Whether nothing is wrong so far. */
  get none(): boolean {
    return this.#problems.length === 0;
  }

  /** The configuration as a whole. */
  get whole(): Spot {
    return { file: this.source, line: 0 };
  }

  /** Reports a fault. @param message begins with a verb, and says what would be right */
  add(spot: Spot, message: string): void {
    const { file: source, line, name = "" } = spot;
    // Whatever stands first in a line is taken for a name.
    const path = /^[\w/<>.-]{0,64}$/.test(name) ? name : quote(name);
    this.#problems.push({ source, line, column: line === 0 ? 0 : 1, path, message: plain(message) });
  }

  /** Unwraps a reading; its fault, if it has one, is reported. */
  take<T>(reading: Reading<T>, spot: Spot): T | undefined {
    if ("value" in reading) return reading.value;
    this.add(spot, reading.fault);
    return undefined;
  }

  /** Says something that does not keep the configuration from running. @param sort unless given, httpd does the same */
  warn(spot: Spot, message: string, sort: WarningSort = "none"): void {
    const { file: source, line, name: subject = "" } = spot;
    this.#warnings.push({ sort, source, line, subject: plain(subject), message: plain(message) });
  }

  /** Notes that something is known and not done here, which needs no sentence. Every line is named. */
  notDone(spot: Place, what: string, sort: WarningSort = "none"): void {
    const { file: source, line } = spot;
    this.#warnings.push({ sort, source, line, subject: plain(what), message: "" });
  }

  /** All that people should be told, in the order in which it was found. */
  warnings(): readonly Warning[] {
    return this.#warnings;
  }

  /** @throws {ConfigError} if anything is wrong */
  throwIfAny(): void {
    if (this.none) return;
    // They were found in several passes. People read files from top to bottom, one after another.
    const files = [...new Set(this.#problems.map(({ source }) => source))];
    const place = ({ source, line }: Problem) => [files.indexOf(source), line] as const;
    this.#problems.sort((a, b) => {
      const [[fileA, lineA], [fileB, lineB]] = [place(a), place(b)];
      return fileA - fileB || lineA - lineB;
    });
    throw new ConfigError(this.source, this.#problems);
  }
}

/** Whether all variables of a directive are set; one that is not is reported. */
export function isComplete(directive: Directive, faults: Faults): boolean {
  const [name] = directive.unset ?? [];
  if (name === undefined) return true;
  faults.add(
    directive,
    `Cannot find the variable ${
      quote(name)
    }; write "Define ${name} …" before it, or set it in the environment`,
  );
  return false;
}

/** Messages repeat what stands in the file, and stay one line whatever that is. */
function plain(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- these are what is looked for
    /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
