/** What a parser is tried with, and what has to hold of it whatever comes. */

import type { Chance } from "./chance.ts";

/** A parser under trial. */
export interface Target {
  readonly name: string;
  /** Good inputs, from which others are made. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** What it knows. */
  readonly words: readonly string[];
  /** Bytes that an input may have; 4,096 unless given. */
  readonly longest?: number;
  /** Milliseconds that reading the longest input may take; few unless given. */
  readonly patience?: number;
  /** Reads one input, once and whole: what is timed. */
  read(input: Uint8Array<ArrayBuffer>): unknown;
  /**
   * Tries one input.
   *
   * @param chance where to cut it
   * @returns what came of it, in few words: an input with a new outcome is worth trying further
   * @throws where something does not hold
   */
  run(input: Uint8Array<ArrayBuffer>, chance: Chance): string | Promise<string>;
}

/** Latin-1: a character a byte. */
export function bytesOf(text: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof text === "string"
    ? Uint8Array.from(text, (character) => character.charCodeAt(0))
    : text.slice();
}

/** The text of bytes, a character a byte. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/**
 * Bytes among others, which a parser must not look at: what it finds out is the same whatever these are.
 *
 * @param around what stands before and behind
 */
export function among(
  input: Uint8Array,
  around: number,
): { bytes: Uint8Array<ArrayBuffer>; start: number; end: number } {
  const start = 3;
  const bytes = new Uint8Array(input.length + 2 * start).fill(around);
  bytes.set(input, start);
  return { bytes, start, end: start + input.length };
}
