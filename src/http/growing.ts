/** Bytes that grow as more come. */

/** Bytes that memory has at least: what is gathered is gathered further. */
const LEAST = 1_024;

/**
 * Puts bytes behind those that are there already. Where there is no room behind them, they move to memory of twice the
 * size: so bytes that come one by one are copied a few times each, not for every one that follows.
 *
 * @param bytes whose `[start, end)` is what there is, in memory that nobody else writes to
 * @param piece what comes behind
 * @returns the same memory, with the piece at `end`; or another one, with everything at its beginning
 */
export function appended(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
  piece: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (bytes.length - end >= piece.length) {
    bytes.set(piece, end);
    return bytes;
  }
  const length = end - start;
  const larger = new Uint8Array(Math.max(LEAST, 2 * (length + piece.length)));
  larger.set(bytes.subarray(start, end));
  larger.set(piece, length);
  return larger;
}

/** Bytes that are gathered piece by piece. */
export class Gathered {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  length = 0;

  /** All that has come; valid until more does. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  add(piece: Uint8Array): void {
    this.#bytes = appended(this.#bytes, 0, this.length, piece);
    this.length += piece.length;
  }
}
