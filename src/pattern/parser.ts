/** Reads regular expressions as JavaScript writes them (ECMA-262, 22.2.1, without the flags u and v; `.` is anything). */

import { complement, EMPTY, inAnyCase, LAST, type Node, normalized, type Ranges } from "./tree.ts";

/** Why an expression cannot be used. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

const DIGIT: Ranges = [[0x30, 0x39]];
const WORD: Ranges = [[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const SPACE: Ranges = normalized(
  [
    [0x09, 0x0d],
    [0x20, 0x20],
    [0xa0, 0xa0],
    [0x1680, 0x1680],
    [0x2000, 0x200a],
    [0x2028, 0x2029],
    [0x202f, 0x202f],
    [
      0x205f,
      0x205f,
    ],
    [0x3000, 0x3000],
    [0xfeff, 0xfeff],
  ],
);
const ANY: Ranges = [[0, LAST]];
const LINE_ENDS: Ranges = [[0x0a, 0x0a], [0x0d, 0x0d], [0x2028, 0x2029]];
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };
/** Repeated more often than that, a part would make too large a program. */
const MOST_REPEATS = 1_000;
/** Groups within groups. */
const DEEPEST = 200;

/** An expression, read. */
export interface Parsed {
  readonly tree: Node;
  /** How many groups capture. */
  readonly groups: number;
}

/**
 * Reads an expression.
 *
 * @param ignoreCase as the flag i
 * @throws {PatternError} if it is none, or refers back to what a group has matched, which nobody can match in bounded time
 */
export function parsePattern(source: string, ignoreCase = false): Parsed {
  return new Parser(source, ignoreCase).parse();
}

class Parser {
  #at = 0;
  #groups = 0;
  #depth = 0;
  #ignoreCase: boolean;
  #dotAll = true;

  constructor(readonly source: string, ignoreCase: boolean) {
    this.#ignoreCase = ignoreCase;
  }

  parse(): Parsed {
    const tree = this.#choice();
    if (this.#at < this.source.length) throw new PatternError("unmatched )");
    return { tree, groups: this.#groups };
  }

  get #next(): string {
    return this.source[this.#at] ?? "";
  }

  #take(text: string): boolean {
    if (!this.source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #choice(): Node {
    if (++this.#depth > DEEPEST) throw new PatternError("too many groups within groups");
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#next !== "" && this.#next !== "|" && this.#next !== ")") {
      parts.push(this.#repeated(this.#atom()));
    }
    return parts.length === 1 ? parts[0]! : parts.length === 0 ? EMPTY : { kind: "sequence", parts };
  }

  #repeated(body: Node): Node {
    const counts = this.#counts();
    if (counts === undefined) return body;
    if (body.kind === "assertion" || body.kind === "look" && body.behind) {
      throw new PatternError("nothing to repeat");
    }
    const [least, most] = counts;
    const greedy = !this.#take("?");
    if (this.#counts() !== undefined) throw new PatternError("nothing to repeat");
    return { kind: "repeat", body, least, most, greedy };
  }

  #counts(): readonly [number, number] | undefined {
    if (this.#take("*")) return [0, Infinity];
    if (this.#take("+")) return [1, Infinity];
    if (this.#take("?")) return [0, 1];
    const braces = /^\{(\d+)(,(\d*))?\}/.exec(this.source.slice(this.#at, this.#at + 24));
    if (braces === null) return undefined;
    this.#at += braces[0].length;
    const least = Number(braces[1]);
    const most = braces[2] === undefined ? least : braces[3] === "" ? Infinity : Number(braces[3]);
    if (most < least) throw new PatternError("numbers out of order in {} quantifier");
    if (least > MOST_REPEATS || most !== Infinity && most > MOST_REPEATS) {
      throw new PatternError(`more than ${MOST_REPEATS} repetitions`);
    }
    return [least, most];
  }

  #atom(): Node {
    // A brace is itself, unless it counts.
    if (this.#counts() !== undefined) throw new PatternError("nothing to repeat");
    const character = this.#next;
    this.#at++;
    switch (character) {
      case "^":
        return { kind: "assertion", of: "start" };
      case "$":
        return { kind: "assertion", of: "end" };
      case ".":
        return { kind: "set", ranges: this.#dotAll ? ANY : complement(LINE_ENDS) };
      case "(":
        return this.#group();
      case "[":
        return this.#class();
      case "\\":
        return this.#escape();
    }
    return this.#set([[character.charCodeAt(0), character.charCodeAt(0)]]);
  }

  #set(ranges: Ranges): Node {
    return { kind: "set", ranges: this.#ignoreCase ? inAnyCase(ranges) : normalized(ranges) };
  }

  #group(): Node {
    const [ignoreCase, dotAll] = [this.#ignoreCase, this.#dotAll];
    let wrap: (body: Node) => Node = (body) => body;
    const name = /^\?<([A-Za-z_$][\w$]*)>/.exec(this.source.slice(this.#at, this.#at + 80));
    const flags = /^\?([ims]*)(?:-([ims]*))?:/.exec(this.source.slice(this.#at, this.#at + 12));
    const look = (["?=", "?!", "?<=", "?<!"] as const).find((sign) => this.source.startsWith(sign, this.#at));
    if (look !== undefined) {
      this.#at += look.length;
      wrap = (body) => ({ kind: "look", body, behind: look.startsWith("?<"), negative: look.endsWith("!") });
    } else if (flags !== null) {
      this.#at += flags[0].length;
      const [on = "", off = ""] = flags.slice(1);
      if (on.includes("m")) throw new PatternError("lines are not matched one by one");
      this.#ignoreCase = off.includes("i") ? false : ignoreCase || on.includes("i");
      this.#dotAll = off.includes("s") ? false : dotAll || on.includes("s");
    } else {
      if (name !== null) this.#at += name[0].length;
      else if (this.#next === "?") throw new PatternError("invalid group");
      const number = ++this.#groups;
      wrap = (body) => ({ kind: "group", body, number });
    }
    const body = this.#choice();
    [this.#ignoreCase, this.#dotAll] = [ignoreCase, dotAll];
    if (!this.#take(")")) throw new PatternError("unterminated group");
    return wrap(body);
  }

  #escape(): Node {
    const character = this.#next;
    if (character === "") throw new PatternError("\\ at end of pattern");
    if (character === "b" || character === "B") {
      this.#at++;
      return { kind: "assertion", of: character === "b" ? "boundary" : "inside" };
    }
    if (/[1-9k]/.test(character)) throw new PatternError("references to what a group has matched");
    return this.#set(this.#escaped());
  }

  /** What stands behind a backslash, in a class or outside. */
  #escaped(): Ranges {
    const character = this.#next;
    if (character === "") throw new PatternError("\\ at end of pattern");
    this.#at++;
    switch (character) {
      case "d":
        return DIGIT;
      case "D":
        return complement(DIGIT);
      case "w":
        return WORD;
      case "W":
        return complement(WORD);
      case "s":
        return SPACE;
      case "S":
        return complement(SPACE);
    }
    let code = CONTROLS[character];
    const hex = /^(?:x([0-9a-f]{2})|u([0-9a-f]{4}))/i.exec(this.source.slice(this.#at - 1, this.#at + 4));
    const control = /^c([a-z])/i.exec(this.source.slice(this.#at - 1, this.#at + 1));
    if (hex !== null) {
      code = Number.parseInt(hex[1] ?? hex[2]!, 16);
      this.#at += hex[0].length - 1;
    } else if (control !== null) {
      code = control[1]!.charCodeAt(0) % 32;
      this.#at++;
    }
    code ??= character.charCodeAt(0);
    return [[code, code]];
  }

  #class(): Node {
    const negative = this.#take("^");
    let ranges: (readonly [number, number])[] = [];
    while (!this.#take("]")) {
      if (this.#next === "") throw new PatternError("unterminated character class");
      const from = this.#member();
      if (
        this.#next === "-" && this.source[this.#at + 1] !== "]" && from.length === 1 &&
        from[0]![0] === from[0]![1]
      ) {
        this.#at++;
        const to = this.#member();
        if (to.length !== 1 || to[0]![0] !== to[0]![1]) {
          ranges.push(...from, [0x2d, 0x2d], ...to);
          continue;
        }
        if (to[0]![0] < from[0]![0]) throw new PatternError("range out of order in character class");
        ranges.push([from[0]![0], to[0]![0]]);
      } else ranges.push(...from);
    }
    if (this.#ignoreCase) ranges = [...inAnyCase(ranges)];
    return { kind: "set", ranges: negative ? complement(ranges) : normalized(ranges) };
  }

  #member(): Ranges {
    if (this.#next === "") throw new PatternError("unterminated character class");
    if (!this.#take("\\")) {
      const code = this.source.charCodeAt(this.#at++);
      return [[code, code]];
    }
    if (this.#take("b")) return [[8, 8]];
    if (this.#take("-")) return [[0x2d, 0x2d]];
    return this.#escaped();
  }
}
