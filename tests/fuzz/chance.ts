/** Chance that is the same for the same seed, and changes of bytes that are made by it. */

/** A generator of numbers (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number of 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = this.#state;
    value = Math.imul(value ^ value >>> 15, value | 1);
    value ^= value + Math.imul(value ^ value >>> 7, value | 61);
    return (value ^ value >>> 14) >>> 0;
  }

  /** A number below another one. */
  below(end: number): number {
    return end <= 1 ? 0 : this.next() % end;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** Bytes that mean something to one parser or another. */
const SPECIAL = [
  0x00,
  0x09,
  0x0a,
  0x0d,
  0x20,
  0x22,
  0x25,
  0x2c,
  0x2e,
  0x2f,
  0x3a,
  0x3b,
  0x3d,
  0x5c,
  0x7f,
  0x80,
  0xff,
];

/**
 * Changes an input in one to eight places.
 *
 * @param others inputs of which a part may be put in
 * @param words what this parser knows, and what it is known to stumble over
 * @param longest bytes that the result has at most
 */
export function mutated(
  input: Uint8Array,
  others: readonly Uint8Array[],
  words: readonly Uint8Array[],
  longest: number,
  chance: Chance,
): Uint8Array<ArrayBuffer> {
  let bytes: number[] = [...input];
  for (let changes = 1 + chance.below(8); changes > 0; changes--) {
    const at = chance.below(bytes.length + 1);
    const length = 1 + chance.below(Math.min(16, bytes.length - at));
    switch (chance.below(9)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << chance.below(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = chance.below(256);
        break;
      case 2:
        bytes.splice(at, 0, chance.of(SPECIAL));
        break;
      case 3:
        bytes.splice(at, length);
        break;
      case 4:
        bytes.splice(at, 0, ...bytes.slice(at, at + length));
        break;
      case 5: {
        // Long runs are where work grows faster than its input.
        const run = bytes.slice(at, at + length);
        for (let times = chance.below(200); times > 0 && bytes.length < longest; times--) {
          bytes.splice(at, 0, ...run);
        }
        break;
      }
      case 6:
        if (words.length > 0) bytes.splice(at, chance.below(2) * length, ...chance.of(words));
        break;
      case 7: {
        const other = chance.of(others);
        const from = chance.below(other.length);
        bytes.splice(at, 0, ...other.subarray(from, from + 1 + chance.below(64)));
        break;
      }
      default:
        bytes = bytes.slice(0, at);
    }
  }
  return Uint8Array.from(bytes.slice(0, longest));
}

/** Cuts an input into pieces, somewhere. */
export function pieces(input: Uint8Array, chance: Chance): Uint8Array<ArrayBuffer>[] {
  const cut: Uint8Array<ArrayBuffer>[] = [];
  const most = chance.of([1, 2, 7, 64, 1_024]);
  for (let at = 0; at < input.length;) {
    const end = Math.min(input.length, at + 1 + chance.below(most));
    cut.push(input.slice(at, end));
    at = end;
  }
  return cut;
}
