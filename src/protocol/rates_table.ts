/**
 * The table in which a front and the backends of its user count together how often clients ask: how it is told from others.
 * docs/protocol.md says the same for people.
 */

import { instanceBytes } from "./hello.ts";
import { SIZE_INSTANCE } from "./messages.ts";

/** Where a front's table is. */
export interface RatesName {
  /** The number of its descriptor in the front's process. */
  readonly descriptor: number;
  /** Of the hashes by which clients find their places. */
  readonly seed: number;
  /** Bytes by chance, in hexadecimal digits, which stand behind its lines. */
  readonly name: string;
}

/** Lines of places, and one behind them that says whose table it is. */
export const RATES_HEAD_LINE = 8_192;
export const RATES_FILE_LINES: number = RATES_HEAD_LINE + 1;

const MAGIC = Uint8Array.of(0x66, 0x64, 0x70, 0x72); // fdpr
const LAYOUT = 1;
const SIZE = SIZE_INSTANCE + MAGIC.length + 1;

/** What stands in the last line of the table of this name. */
export function ratesHead(name: string): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(SIZE);
  head.set(instanceBytes(name));
  head.set(MAGIC, SIZE_INSTANCE);
  head[SIZE - 1] = LAYOUT;
  return head;
}

/** Whether that stands in a line. */
export function isRatesHead(line: Uint8Array, name: string): boolean {
  return ratesHead(name).every((byte, at) => line[at] === byte);
}
