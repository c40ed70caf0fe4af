/** A regular expression as instructions. */

import { PatternError } from "./parser.ts";
import type { Node, Ranges } from "./tree.ts";

export const SET = 0;
export const SPLIT = 1;
export const JUMP = 2;
export const SAVE = 3;
export const ASSERT = 4;
export const LOOK = 5;
export const MATCH = 6;

/** What an instruction does, and where it goes on. */
export interface Instruction {
  readonly op: number;
  /** SPLIT: where to go first, then, should that fail; JUMP: where to go. LOOK: where its own program begins. */
  first: number;
  second: number;
  /** SAVE: which offset; SPLIT, LOOK: which of its kind. LOOK: how far it starts behind, in `second`. */
  readonly number: number;
  readonly negative: boolean;
  readonly assertion: "start" | "end" | "boundary" | "inside";
  /** SET: 1 for each code unit below 256 that is in it. */
  readonly low: Uint8Array;
  readonly ranges: Ranges;
}

/** Instructions of a program at most: the time of a search grows with them. */
const LARGEST = 10_000;
const NO_SET = new Uint8Array(0);

/** A whole program. */
export interface Program {
  readonly code: readonly Instruction[];
  readonly splits: number;
  readonly looks: number;
  readonly groups: number;
}

/** Makes the program of an expression. @throws {PatternError} if it would be too large, or looks behind in other lengths */
export function compile(tree: Node, groups: number): Program {
  const maker = new Maker();
  maker.emit({ kind: "group", body: tree, number: 0 });
  maker.put({ op: MATCH });
  maker.finish();
  return { code: maker.code, splits: maker.splits, looks: maker.looks, groups };
}

class Maker {
  readonly code: Instruction[] = [];
  splits = 0;
  looks = 0;
  readonly #pending: { readonly at: number; readonly body: Node }[] = [];

  put(instruction: Partial<Instruction> & { readonly op: number }): Instruction {
    if (this.code.length >= LARGEST) throw new PatternError("the expression is too large");
    const whole: Instruction = {
      first: 0,
      second: 0,
      number: 0,
      negative: false,
      assertion: "start",
      low: NO_SET,
      ranges: [],
      ...instruction,
    };
    this.code.push(whole);
    return whole;
  }

  /** The programs of what looks ahead or behind stand behind the main one. */
  finish(): void {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      this.code[next.at]!.first = this.code.length;
      this.emit(next.body);
      this.put({ op: MATCH });
    }
  }

  emit(node: Node): void {
    switch (node.kind) {
      case "empty":
        return;
      case "set":
        this.put({ op: SET, ranges: node.ranges, low: lowOf(node.ranges) });
        return;
      case "sequence":
        for (const part of node.parts) this.emit(part);
        return;
      case "choice":
        return this.#choice(node.parts);
      case "repeat":
        return this.#repeat(node.body, node.least, node.most, node.greedy);
      case "group":
        this.put({ op: SAVE, number: 2 * node.number });
        this.emit(node.body);
        this.put({ op: SAVE, number: 2 * node.number + 1 });
        return;
      case "assertion":
        this.put({ op: ASSERT, assertion: node.of });
        return;
      case "look":
        return this.#look(node.body, node.behind, node.negative);
    }
  }

  #split(): Instruction {
    return this.put({ op: SPLIT, number: this.splits++ });
  }

  #choice(parts: readonly Node[]): void {
    const ends: Instruction[] = [];
    for (const [index, part] of parts.entries()) {
      if (index === parts.length - 1) {
        this.emit(part);
        break;
      }
      const split = this.#split();
      split.first = this.code.length;
      this.emit(part);
      ends.push(this.put({ op: JUMP }));
      split.second = this.code.length;
    }
    for (const end of ends) end.first = this.code.length;
  }

  #repeat(body: Node, least: number, most: number, greedy: boolean): void {
    for (let count = 0; count < least; count++) this.emit(body);
    if (most === Infinity) {
      const at = this.code.length;
      const split = this.#split();
      this.#branch(split, greedy, "in");
      this.emit(body);
      this.put({ op: JUMP, first: at });
      this.#branch(split, greedy, "out");
      return;
    }
    const splits: Instruction[] = [];
    for (let count = least; count < most; count++) {
      const split = this.#split();
      splits.push(split);
      this.#branch(split, greedy, "in");
      this.emit(body);
    }
    for (const split of splits) this.#branch(split, greedy, "out");
  }

  #branch(split: Instruction, greedy: boolean, way: "in" | "out"): void {
    if ((way === "in") === greedy) split.first = this.code.length;
    else split.second = this.code.length;
  }

  #look(body: Node, behind: boolean, negative: boolean): void {
    const lengths = behind ? lengthsOf(body) : [0];
    // A choice among different lengths is one of several that look behind, each by its own.
    const bodies = body.kind === "choice" && lengths.length > 1 ? body.parts : [body];
    const one = (part: Node) => {
      const [length, other] = behind ? lengthsOf(part) : [0];
      if (length === undefined || other !== undefined) {
        throw new PatternError("looks behind in other lengths");
      }
      this.#pending.push({ at: this.code.length, body: part });
      this.put({ op: LOOK, number: this.looks++, negative, second: length });
    };
    if (negative) return bodies.forEach(one);
    const ends: Instruction[] = [];
    for (const [index, part] of bodies.entries()) {
      const split = index < bodies.length - 1 ? this.#split() : undefined;
      if (split !== undefined) split.first = this.code.length;
      one(part);
      if (split === undefined) break;
      ends.push(this.put({ op: JUMP }));
      split.second = this.code.length;
    }
    for (const end of ends) end.first = this.code.length;
  }
}

/** The lengths that what a node matches can have; none where there is no bound. */
function lengthsOf(node: Node): number[] {
  switch (node.kind) {
    case "empty":
    case "assertion":
    case "look":
      return [0];
    case "set":
      return [1];
    case "group":
      return lengthsOf(node.body);
    case "choice":
      return [...new Set(node.parts.flatMap((part) => lengthsOf(part)))];
    case "sequence": {
      let sums = [0];
      for (const part of node.parts) {
        const lengths = lengthsOf(part);
        sums = [...new Set(sums.flatMap((sum) => lengths.map((length) => sum + length)))].slice(0, 64);
      }
      return sums;
    }
    case "repeat": {
      const [length, other] = lengthsOf(node.body);
      return node.least === node.most && length !== undefined && other === undefined
        ? [length * node.least]
        : [];
    }
  }
}

function lowOf(ranges: Ranges): Uint8Array {
  const low = new Uint8Array(256);
  for (const [first, last] of ranges) low.fill(1, Math.min(first, 256), Math.min(last + 1, 256));
  return low;
}
