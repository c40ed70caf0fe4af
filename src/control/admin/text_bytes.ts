/** Bytes of a text that is written again and again: the memory is kept. */

const FIRST_SIZE = 16_384;
const ZERO = 0x30;
/** Numbers below are written digit by digit. */
const SHORT = 2 ** 31;

const encoder = new TextEncoder();

/** Grows as it has to. */
export class TextBytes {
  #bytes = new Uint8Array(FIRST_SIZE);
  #length = 0;

  /** What has been added: valid until {@linkcode clear}. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Begins anew. */
  clear(): void {
    this.#length = 0;
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
