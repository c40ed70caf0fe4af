/** Addresses of connections, as hand-offs have them. */

import { SIZE_ADDRESS } from "./messages.ts";

/** How many share their memory: for as long as one of them is kept, that of all is. */
const TOGETHER = 32;

/**
 * Copies addresses out of messages. Memory of its own for each would take longer to get, and to give back, than everything
 * else that is read of a hand-off.
 */
export class AddressCopies {
  #bytes = new Uint8Array(0);
  #used = 0;

  /** @returns a copy of the address at an offset */
  copy(bytes: Uint8Array, start: number): Uint8Array<ArrayBuffer> {
    if (this.#used === this.#bytes.length) {
      this.#bytes = new Uint8Array(TOGETHER * SIZE_ADDRESS);
      this.#used = 0;
    }
    const own = this.#bytes;
    const first = this.#used;
    this.#used += SIZE_ADDRESS;
    for (let at = 0; at < SIZE_ADDRESS; at++) own[first + at] = bytes[start + at]!;
    return own.subarray(first, this.#used);
  }
}

/** What is wrong with the family of the address at an offset, in words; undefined where nothing is. */
export function unknownFamily(bytes: Uint8Array, at: number): string | undefined {
  const family = bytes[at];
  return family === 0 || family === 4 || family === 6 ? undefined : `address family ${family} is not known`;
}
