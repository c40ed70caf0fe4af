/** Regular expressions that are bounded in time, whatever they are and whatever they are matched with. */

import { parsePattern, PatternError } from "./parser.ts";
import { compile } from "./program.ts";
import { Search } from "./search.ts";
import type { Node } from "./tree.ts";

export { PatternError } from "./parser.ts";

/** As many ways through an expression as the engine of the runtime may try at one place. */
const MOST_WAYS = 64;

/** An expression, compiled. */
export class Pattern {
  /** How many groups capture. */
  readonly groups: number;
  readonly #native: RegExp | undefined;
  readonly #search: Search | undefined;

  /**
   * @param source a regular expression of JavaScript, in which `.` stands for any character
   * @throws {PatternError} if it is none, or cannot be matched in bounded time
   */
  constructor(readonly source: string, options: { readonly ignoreCase?: boolean } = {}) {
    const { ignoreCase = false } = options;
    const { tree, groups } = parsePattern(source, ignoreCase);
    this.groups = groups;
    const native = nativeOf(source, ignoreCase);
    // Most are so simple that backtracking can do no harm, and the engine of the runtime is fifty times as fast.
    if (isTame(tree)) this.#native = native;
    else this.#search = new Search(compile(tree, groups));
  }

  /** Whether the engine of the runtime does the work. */
  get isNative(): boolean {
    return this.#native !== undefined;
  }

  /**
   * Finds the first match anywhere in a text.
   *
   * @returns pairs of offsets for the whole and each group, -1 where a group has matched nothing
   */
  exec(text: string): readonly number[] | undefined {
    if (this.#search !== undefined) {
      const found = this.#search.run(text);
      return found === undefined ? undefined : [...found];
    }
    const indices = this.#native!.exec(text)?.indices;
    return indices === undefined ? undefined : Array.from(indices).flatMap((pair) => pair ?? [-1, -1]);
  }

  /** Whether there is a match anywhere in a text. */
  test(text: string): boolean {
    return this.#native?.test(text) ?? this.#search!.run(text) !== undefined;
  }
}

/** The expression as the engine of the runtime reads it: what it refuses is refused, whoever is to do the work. */
function nativeOf(source: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(source, ignoreCase ? "dis" : "ds");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const why = error.message.slice(error.message.lastIndexOf(": ") + 2);
    throw new PatternError(why.charAt(0).toLowerCase() + why.slice(1));
  }
}

/**
 * Whether backtracking takes no more steps than a small multiple of the text's length: no more than one part is repeated
 * without bound, a single character of a set, which starts at one place only, and what else there is to choose from is
 * little.
 */
function isTame(tree: Node): boolean {
  const unbounded = count(tree, (node) => node.kind === "repeat" && node.most > 8);
  if (unbounded > 1 || unbounded === 1 && !isAnchored(tree)) return false;
  return waysOf(tree, false) <= MOST_WAYS;
}

/** Whether it can only match at the start of a text. */
function isAnchored(node: Node): boolean {
  switch (node.kind) {
    case "assertion":
      return node.of === "start";
    case "sequence":
      return isAnchored(node.parts[0]!);
    case "choice":
      return node.parts.every(isAnchored);
    case "group":
      return isAnchored(node.body);
    default:
      return false;
  }
}

/** How many ways there are through a node, apart from how often the one character is repeated; Infinity for too many. */
function waysOf(node: Node, repeated: boolean): number {
  switch (node.kind) {
    case "sequence":
      return node.parts.reduce((ways, part) => ways * waysOf(part, repeated), 1);
    case "choice":
      return node.parts.reduce((ways, part) => ways + waysOf(part, repeated), 0);
    case "group":
      return waysOf(node.body, repeated);
    case "look":
      // Those of lengths that are not known are left to the search that remembers.
      return count(node.body, ({ kind }) => kind === "repeat") > 0 ? Infinity : waysOf(node.body, repeated);
    case "repeat":
      if (node.most > 8) return node.body.kind === "set" && !repeated ? 1 : Infinity;
      return Array.from(
        { length: node.most - node.least + 1 },
        (_, more) => waysOf(node.body, true) ** (node.least + more),
      ).reduce((sum, ways) => sum + ways);
    default:
      return 1;
  }
}

function count(node: Node, test: (node: Node) => boolean): number {
  const own = test(node) ? 1 : 0;
  switch (node.kind) {
    case "sequence":
    case "choice":
      return node.parts.reduce((sum, part) => sum + count(part, test), own);
    case "group":
    case "repeat":
    case "look":
      return own + count(node.body, test);
    default:
      return own;
  }
}
