/** Bytes of a text that is written again and again: the memory is kept. */

const FIRST_SIZE = 16_384;
const ZERO = 0x30;
/** Numbers below are written digit by digit. */
const SHORT = 2 ** 31;

const encoder = new TextEncoder();

/** Grows as it has to. What was written stays where it is until something else is written there. */
export class TextBytes {
  #bytes = new Uint8Array(FIRST_SIZE);
  readonly #start: number;
  #length: number;

  /** @param before bytes that are kept free before the text, for a head that is known when the text is */
  constructor(before = 0) {
    this.#start = before;
    this.#length = before;
  }

  /** Where the next bytes go. */
  get length(): number {
    return this.#length;
  }

  /** What has been added: valid until {@linkcode clear}. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#start, this.#length);
  }

  /** The same with something before it, which is no longer than what is kept free. */
  after(head: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const start = this.#start - head.length;
    this.#bytes.set(head, start);
    return this.#bytes.subarray(start, this.#length);
  }

  /** Begins anew. */
  clear(): void {
    this.#length = this.#start;
  }

  /** Leaves bytes as they are: they were written here before. */
  skip(bytes: number): void {
    this.#length += bytes;
  }

  /** Adds bytes. */
  add(bytes: Uint8Array<ArrayBuffer>): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Adds a number, as both formats of metrics have it. */
  addNumber(value: number): void {
    if (value >= 0 && value < SHORT && Number.isInteger(value)) return this.#addDigits(value);
    this.add(encoder.encode(numberText(value)));
  }

  #addDigits(value: number): void {
    let digits = 1;
    for (let above = 10; above <= value; above *= 10) digits++;
    this.#room(digits);
    this.#length += digits;
    let rest = value;
    for (let at = this.#length - 1, left = digits; left > 0; left--, at--) {
      const tens = rest / 10 | 0;
      this.#bytes[at] = ZERO + rest - 10 * tens;
      rest = tens;
    }
  }

  #room(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}
