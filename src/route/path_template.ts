/** What a route with an expression makes of a path: a template, and what the expression has matched. */

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
   * @returns The path, or nothing if it is none: without a slash at its start, or with a segment that leads upwards.
   */
  fill(group: (number: number) => string): string | undefined {
    const path = this.#parts.map((part) => typeof part === "number" ? group(part) : part).join("");
    if (path === "") return "/";
    return path.startsWith("/") && !/\/\.{1,2}(\/|$)/.test(path) ? path : undefined;
  }
}

function escaped(text: string): string {
  return text.toWellFormed().replace(/[^!-~]/gu, encodeURIComponent);
}
