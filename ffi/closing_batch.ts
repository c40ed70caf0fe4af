/**
 * Closing many descriptors with few calls: close_range(2), Linux 5.9.
 *
 * @module
 */
import { close, type Descriptor } from "./descriptor.ts";
import { settle } from "./errno.ts";
import { libc } from "./libc.ts";

const { syscall_close_range } = libc;

/** The same number on every architecture, as all that came since Linux 5.1. */
const SYS_CLOSE_RANGE = 436n;

/**
 * Descriptors that are closed together: those whose numbers follow each other in one call, as numbers do that were given
 * out together. No number is closed that was not put in.
 */
export class ClosingBatch {
  #numbers = new Int32Array(64);
  #count = 0;

  /** Puts a descriptor in, which is the batch's from now on. */
  add(fd: Descriptor): void {
    if (this.#count === this.#numbers.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#count++] = fd;
  }

  /** Closes all that are in it. It is empty afterwards. */
  close(): void {
    const numbers = this.#numbers;
    const count = this.#count;
    this.#count = 0;
    if (count > 1) numbers.subarray(0, count).sort();
    for (let from = 0; from < count;) {
      let behind = from + 1;
      while (behind < count && numbers[behind] === numbers[behind - 1]! + 1) behind++;
      closeRun(numbers[from]!, numbers[behind - 1]!);
      from = behind;
    }
  }
}

/** Closes neighbours, from the first to the last one. */
function closeRun(first: number, last: number): void {
  if (first < last && settle(syscall_close_range(SYS_CLOSE_RANGE, first, last, 0)) === 0) return;
  // There is one, or an older kernel: it has closed none then.
  for (let fd = first; fd <= last; fd++) close(fd as Descriptor);
}
