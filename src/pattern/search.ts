/**
 * Runs programs of regular expressions in time that grows with the text, not faster: a backtracking search that goes on
 * from no place in the program twice at the same place of the text. What failed there once would fail there again, since
 * nothing that was matched before has a part in it. Preferences are those of backtracking, so results are the same as of
 * a search without that memory.
 */

import { ASSERT, type Instruction, JUMP, LOOK, MATCH, type Program, SAVE, SET, SPLIT } from "./program.ts";

/** Which places have been seen is one bit each: words of it that are kept from search to search. */
const KEPT = 1 << 16;

// What a LOOK has found at a place.
const UNKNOWN = 0;
const HOLDS = 1;
const FAILS = 2;

/** One program, and the memory of its searches. */
export class Search {
  readonly #program: Program;
  /** Pairs of offsets, -1 where there is none: that of the whole match first. */
  readonly #offsets: Int32Array;
  #seen = new Uint32Array(16);
  /** Of the places seen, those from which what looks around matches. */
  #good = new Uint32Array(16);
  #looks = new Uint8Array(0);
  #text = "";
  #size = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#offsets = new Int32Array(2 * (program.groups + 1));
  }

  /**
   * Finds the first match.
   *
   * @returns pairs of offsets for the whole and each group, -1 where a group has matched nothing; valid until the next call
   */
  run(text: string): Int32Array | undefined {
    const { splits, looks } = this.#program;
    this.#text = text;
    this.#size = text.length + 1;
    const words = (splits * this.#size + 31) >>> 5;
    if (this.#seen.length < words || this.#seen.length > KEPT && words < KEPT) {
      this.#seen = new Uint32Array(words);
    } else this.#seen.fill(0, 0, words);
    if (looks > 0) {
      this.#good = new Uint32Array(words);
      this.#looks = new Uint8Array(looks * this.#size);
    }
    for (let start = 0; start <= text.length; start++) {
      this.#offsets.fill(-1);
      if (this.#from(0, start, this.#offsets)) return this.#offsets;
    }
    return undefined;
  }

  /** @param offsets where groups are noted; nowhere for what looks around */
  #from(begin: number, place: number, offsets: Int32Array | undefined): boolean {
    const { code } = this.#program;
    const [text, size] = [this.#text, this.#size];
    /** Places to go on from, three numbers each: instruction, place, length of the trail; or what SAVE has replaced. */
    const stack: number[] = [begin, place, 0];
    const trail: number[] = [];
    while (stack.length > 0) {
      const kept = stack.pop()!;
      let at = stack.pop()!;
      let pc = stack.pop()!;
      if (pc < 0) {
        offsets![-pc - 1] = at;
        continue;
      }
      trail.length = kept;
      path: while (true) {
        const instruction = code[pc]!;
        switch (instruction.op) {
          case SET:
            if (at >= text.length || !has(instruction, text.charCodeAt(at))) break path;
            at++;
            pc++;
            break;
          case SPLIT: {
            const bit = instruction.number * size + at;
            if (offsets === undefined && (this.#good[bit >>> 5]! & 1 << (bit & 31)) !== 0) {
              return this.#succeeded(trail);
            }
            if ((this.#seen[bit >>> 5]! & 1 << (bit & 31)) !== 0) break path;
            this.#seen[bit >>> 5]! |= 1 << (bit & 31);
            if (offsets === undefined) trail.push(bit);
            stack.push(instruction.second, at, trail.length);
            pc = instruction.first;
            break;
          }
          case JUMP:
            pc = instruction.first;
            break;
          case SAVE:
            if (offsets !== undefined) {
              stack.push(-instruction.number - 1, offsets[instruction.number]!, 0);
              offsets[instruction.number] = at;
            }
            pc++;
            break;
          case ASSERT:
            if (!this.#asserts(instruction, at)) break path;
            pc++;
            break;
          case LOOK:
            if (this.#look(instruction, at) === instruction.negative) break path;
            pc++;
            break;
          case MATCH:
            return this.#succeeded(trail);
        }
      }
    }
    return false;
  }

  #succeeded(trail: readonly number[]): true {
    for (const bit of trail) this.#good[bit >>> 5]! |= 1 << (bit & 31);
    return true;
  }

  #look({ number, first, second: behind }: Instruction, at: number): boolean {
    if (at < behind) return false;
    const index = number * this.#size + at;
    if (this.#looks[index] === UNKNOWN) {
      this.#looks[index] = this.#from(first, at - behind, undefined) ? HOLDS : FAILS;
    }
    return this.#looks[index] === HOLDS;
  }

  #asserts({ assertion }: Instruction, at: number): boolean {
    if (assertion === "start") return at === 0;
    if (assertion === "end") return at === this.#text.length;
    const boundary = isWord(this.#text.charCodeAt(at - 1)) !== isWord(this.#text.charCodeAt(at));
    return boundary === (assertion === "boundary");
  }
}

function has({ low, ranges }: Instruction, unit: number): boolean {
  if (unit < 256) return low[unit] === 1;
  return ranges.some(([first, last]) => first <= unit && unit <= last);
}

/** @param unit NaN outside of the text */
function isWord(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39 || unit >= 0x41 && unit <= 0x5a || unit >= 0x61 && unit <= 0x7a ||
    unit === 0x5f;
}
