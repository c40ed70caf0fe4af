/** Collects what is wrong with an Apache configuration, which may have several files. */

import { ConfigError, type Problem } from "../error.ts";
import { quote, type Reading } from "../reading.ts";
import type { Place } from "./lines.ts";
import type { Directive } from "./tree.ts";

/** What is known of a place: a directive has a name to speak of. */
export interface Spot extends Place {
  readonly name?: string;
}

/** The faults and warnings of one configuration. */
export class Faults {
  readonly #problems: Problem[] = [];
  readonly #warnings: string[] = [];
  readonly #notDone = new Map<string, Place>();

  constructor(readonly source: string) {}

  /** Whether nothing is wrong so far. */
  get none(): boolean {
    return this.#problems.length === 0;
  }

  /** Reports a fault. @param message begins with a verb, and says what would be right */
  add(spot: Spot, message: string): void {
    const { file: source, line, name = "" } = spot;
    // Whatever stands first in a line is taken for a name.
    const path = /^[\w/<>.-]{0,64}$/.test(name) ? name : quote(name);
    this.#problems.push({ source, line, column: 1, path, message: plain(message) });
  }

  /** Unwraps a reading; its fault, if it has one, is reported. */
  take<T>(reading: Reading<T>, spot: Spot): T | undefined {
    if ("value" in reading) return reading.value;
    this.add(spot, reading.fault);
    return undefined;
  }

  /** Says something that does not keep the configuration from running. */
  warn(spot: Spot, message: string): void {
    this.#warnings.push(
      `${spot.file}:${spot.line}: ${spot.name === undefined ? "" : `${spot.name}: `}${message}`,
    );
  }

  /** Notes that something is known and has no effect. All of that becomes one warning. */
  notDone(spot: Place, what: string): void {
    if (!this.#notDone.has(what)) this.#notDone.set(what, spot);
  }

  /** All that people should be told, the one about what has no effect last. */
  warnings(): string[] {
    if (this.#notDone.size === 0) return [...this.#warnings];
    const parts = [...this.#notDone].map(([what, { file, line }]) => {
      return `${what} (${file === this.source ? "" : `${file} `}line ${line})`;
    });
    return [...this.#warnings, `${this.source}: without effect here: ${parts.join(", ")}`];
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
