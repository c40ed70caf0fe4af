/** Collects what is wrong with a JSON document, and puts it in document order. */

import type { Node } from "jsonc-parser";
import { ConfigError, type Problem } from "../error.ts";
import { quote, type Reading } from "../reading.ts";
import type { Warning } from "../warning.ts";

/** The way to a value: keys and indexes, from the document down. */
export type Path = readonly (string | number)[];

/** The problems of one document. */
export class Report {
  readonly #name: string;
  readonly #lines: LineTable;
  readonly #root: Node | undefined;
  readonly #entries: { offset: number; path: string; message: string }[] = [];
  readonly #warnings: Warning[] = [];

  /**
   * @param name What messages call the file.
   * @param text The document.
   * @param root Its syntax tree; without one, problems are placed by offset only.
   */
  constructor(name: string, text: string, root?: Node) {
    this.#name = name;
    this.#lines = new LineTable(text);
    this.#root = root;
  }

  /** Whether nothing has been reported so far. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Reports a value, or what is missing from the deepest object on the way that exists. */
  value(path: Path, message: string): void {
    this.offset(this.#find(path).offset, path, message);
  }

  /** Reports a key rather than its value. */
  key(path: Path, message: string): void {
    const node = this.#find(path);
    const property = node.parent?.type === "property" ? node.parent : node;
    this.offset(property.offset, path, message);
  }

  /** Reports what is at an offset of the text. */
  offset(offset: number, path: Path, message: string): void {
    this.#entries.push({ offset, path: formatPath(path), message });
  }

  /** Unwraps a reading; its fault, if it has one, is reported at `path`. */
  take<T>(reading: Reading<T>, path: Path): T | undefined {
    if ("value" in reading) return reading.value;
    this.value(path, reading.fault);
    return undefined;
  }

  /** Says something of a value that does not keep the configuration from running. */
  warn(path: Path, message: string): void {
    const { line } = this.#lines.at(this.#find(path).offset);
    this.#warnings.push({ sort: "none", source: this.#name, line, subject: formatPath(path), message });
  }

  /** All that people should be told, to be spread into the model. */
  warnings(): { warnings?: readonly Warning[] } {
    return this.#warnings.length === 0 ? {} : { warnings: this.#warnings };
  }

  /** The line of an offset, counted from 1. */
  lineAt(offset: number): number {
    return this.#lines.at(offset).line;
  }

  /** Throws a {@linkcode ConfigError} if there is anything to report. */
  throwIfAny(): void {
    if (this.isEmpty) return;
    this.#entries.sort((a, b) => a.offset - b.offset);
    const problems = this.#entries.map(({ offset, path, message }): Problem => {
      return { ...this.#lines.at(offset), path, message };
    });
    throw new ConfigError(this.#name, problems);
  }

  // A faulty document may lack what a path leads to: the deepest node that exists is where it is missing.
  #find(path: Path): { offset: number; parent?: Node | undefined } {
    let node = this.#root;
    if (!node) return { offset: 0 };
    for (const step of path) {
      const next: Node | undefined = typeof step === "number"
        ? node.type === "array" ? node.children?.[step] : undefined
        : node.children?.find((property) => property.children?.[0]?.value === step)?.children?.[1];
      if (!next) break;
      node = next;
    }
    return node;
  }
}

/** Finds the line and column of offsets. */
class LineTable {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (const match of text.matchAll(/\r\n|\r|\n/g)) this.#starts.push(match.index + match[0].length);
  }

  at(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

/**
 * Writes a path as JavaScript would: `sites[0].routes[1].to`.
 *
 * @param path The way to a value.
 * @returns Its text; empty for the document itself.
 */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[\w$.-]{1,64}$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${quote(step)}]`;
  }
  return text;
}
