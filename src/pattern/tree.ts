/** What a regular expression is made of. */

/** A set of UTF-16 code units: pairs of the first and the last of a range, in order. */
export type Ranges = readonly (readonly [first: number, last: number])[];

/** A part of an expression. */
export type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "set"; readonly ranges: Ranges }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly parts: readonly Node[] }
  | {
    readonly kind: "repeat";
    readonly body: Node;
    readonly least: number;
    /** Infinity for any number. */
    readonly most: number;
    readonly greedy: boolean;
  }
  /** `number` is that of a group that captures, from 1. */
  | { readonly kind: "group"; readonly body: Node; readonly number: number }
  | { readonly kind: "assertion"; readonly of: "start" | "end" | "boundary" | "inside" }
  | { readonly kind: "look"; readonly body: Node; readonly behind: boolean; readonly negative: boolean };

export const EMPTY: Node = { kind: "empty" };

/** The largest code unit. */
export const LAST = 0xffff;

/** Puts ranges in order and joins those that touch. */
export function normalized(ranges: Ranges): Ranges {
  const result: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const previous = result.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else result.push([first, last]);
  }
  return result;
}

/** All that is not in a set. */
export function complement(ranges: Ranges): Ranges {
  const result: [number, number][] = [];
  let next = 0;
  for (const [first, last] of normalized(ranges)) {
    if (first > next) result.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST) result.push([next, LAST]);
  return result;
}

/** A set with the letters of the other case added, those of ASCII; further ones where they stand for themselves. */
export function inAnyCase(ranges: Ranges): Ranges {
  const added: [number, number][] = [];
  for (const [first, last] of ranges) {
    if (first === last && first > 0x7f) {
      for (
        const other of [String.fromCharCode(first).toLowerCase(), String.fromCharCode(first).toUpperCase()]
      ) {
        if (other.length === 1) added.push([other.charCodeAt(0), other.charCodeAt(0)]);
      }
    }
    for (const [from, to, shift] of [[0x41, 0x5a, 32], [0x61, 0x7a, -32]] as const) {
      const [start, end] = [Math.max(first, from), Math.min(last, to)];
      if (start <= end) added.push([start + shift, end + shift]);
    }
  }
  return normalized([...ranges, ...added]);
}
