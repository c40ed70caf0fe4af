/** What a route with an expression makes of a path: a template, and what the expression has matched. */

import { MAX_PATH } from "../protocol/messages.ts";
import { normalizeMapped } from "./path.ts";

/** A part of a template: text as it stands, or the number of a group. */
type Part = string | number;

/** A mapped path with gaps in it. */
export class PathTemplate {
  readonly #parts: readonly Part[];

  /** @param template `$0` to `$9` are groups, `$$` is a dollar sign; any other `$` stands for itself */
  constructor(template: string) {
    this.#parts = (template.match(/\$[0-9$]|\$|[^$]+/g) ?? []).map((part) =>
      /^\$[0-9]$/.test(part) ? Number(part[1]) : part === "$$" ? "$" : escaped(part)
    );
  }

  /**
   * Fills the gaps.
   *
   * @param group The encoded text of a group; empty for one that has matched nothing, or does not exist.
   * @returns The path in its normal form, or nothing if it is none: without a slash at its start, with a segment that
   * leads upwards, or longer than a hand-off can carry.
   */
  fill(group: (number: number) => string): string | undefined {
    const path = this.put(group);
    const normal = path === undefined ? undefined : normalizeMapped(path);
    return normal === undefined || normal.length > MAX_PATH ? undefined : normal;
  }

  /** Fills the gaps, and leaves what comes of it as it is; nothing where that is longer than a hand-off can carry. */
  put(group: (number: number) => string): string | undefined {
    let path = "";
    for (const part of this.#parts) {
      path += typeof part === "number" ? group(part) : part;
      // A group that stands there a hundred times makes a hundred times the path.
      if (path.length > MAX_PATH) return undefined;
    }
    return path === "" ? "/" : path;
  }
}

function escaped(text: string): string {
  return text.toWellFormed().replace(/[^!-~]/gu, encodeURIComponent);
}
