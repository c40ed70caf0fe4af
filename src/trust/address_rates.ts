/** How often each client may do something: a table of fixed size, whatever number of clients there are. */

import { ADDRESS_BYTES } from "../protocol/messages.ts";
import { V6 } from "./addresses.ts";

/** Places for one hash. */
const WAYS = 4;
/** Hashes: 32,768 clients are remembered, in 512 KiB. */
const SETS = 8_192;

/** Bytes of a place: 8 of an address, and the milliseconds at which it is even. Those of a hash are one line. */
const SIZE_PLACE = 16;
const LINE = WAYS * SIZE_PLACE;

/** Lines, and bytes, of a table. */
export const RATES_LINES: number = SETS;
export const RATES_SIZE: number = LINE * SETS;

/** Where a table lies. */
export interface RatesMemory {
  /** The line that was loaded last. It begins its buffer. */
  readonly line: Uint8Array<ArrayBuffer>;
  load(line: number): void;
  /** Writes one place of a line, as it is in {@linkcode line}. */
  store(line: number, place: number): void;
}

/** Memory that threads may share. */
export class OwnRates implements RatesMemory {
  readonly line: Uint8Array<ArrayBuffer> = new Uint8Array(LINE);
  readonly #line = new Uint32Array(this.line.buffer);
  readonly #words: Uint32Array;

  /** @param memory zeros at first, from `offset` on; its own unless given */
  constructor(memory: ArrayBuffer | SharedArrayBuffer = new ArrayBuffer(RATES_SIZE), offset = 0) {
    this.#words = new Uint32Array(memory, offset, RATES_SIZE / Uint32Array.BYTES_PER_ELEMENT);
  }

  load(line: number): void {
    const start = line * this.#line.length;
    for (let word = 0; word < this.#line.length; word++) this.#line[word] = this.#words[start + word]!;
  }

  store(line: number, place: number): void {
    const start = line * this.#line.length;
    for (let word = 4 * place; word < 4 * place + 4; word++) this.#words[start + word] = this.#line[word]!;
  }
}

/** How much of something a client may have. */
export interface Rate {
  /** A second, in the long run. */
  readonly rate: number;
  /** At once, after a time without any. */
  readonly burst: number;
}

/**
 * Counts by address; of IPv6 by the first 64 bits, behind which one host may have all addresses. For each it knows when it will
 * have used up what it has had (the generic cell rate algorithm, ITU-T I.371): no timer, and nothing to be reset.
 *
 * Where a new client finds all its places taken, the one goes that is least in debt. Whoever has many addresses makes others be
 * forgiven, and never be refused.
 *
 * Threads and processes may share a table. Nothing is locked: where two count for one client within nanoseconds, one of the
 * two may be forgotten, so that a client has one more. Nor is anybody in debt for longer than there is a reason for, whatever
 * stands there.
 */
export class AddressRates {
  /** By place of the line: milliseconds at which a client is even, behind 8 bytes of its address. */
  readonly #even: Float64Array;
  readonly #words: Uint32Array;
  #interval = 0;
  #tolerance = 0;
  /** Milliseconds that a client may be in debt at most, by this rate and by those before. */
  #most = 0;

  /**
   * @param seed by chance, so that nobody can choose addresses that meet; the same for all who share a table
   * @param memory its own unless given
   */
  constructor(rate: Rate, readonly seed: number, readonly memory: RatesMemory = new OwnRates()) {
    this.#even = new Float64Array(memory.line.buffer);
    this.#words = new Uint32Array(memory.line.buffer);
    this.apply(rate);
  }

  /** Takes another rate. */
  apply({ rate, burst }: Rate): void {
    this.#interval = 1_000 / rate;
    this.#tolerance = (Math.max(1, burst) - 1) * this.#interval;
    this.#most = Math.max(this.#most, this.#tolerance + this.#interval + 1);
  }

  /** Bytes of the table. */
  get size(): number {
    return RATES_SIZE;
  }

  /**
   * A client does it once more.
   *
   * @param addresses where its address is, from `at` on, as hand-offs carry it
   * @param now milliseconds of a clock that goes on, the same one for all who share the table
   * @returns whether it may; what it may not counts for nothing
   */
  allows(addresses: Uint8Array, at: number, now: number): boolean {
    const family = addresses[at]!;
    const high = word(addresses, at + ADDRESS_BYTES);
    // What no IPv4 address has, IPv6 addresses have half of their network in.
    const low = family === V6 ? word(addresses, at + ADDRESS_BYTES + 4) : family;
    const line = mix(mix(this.seed ^ high) ^ low) & SETS - 1;
    this.memory.load(line);
    const place = this.#find(high, low);
    const before = this.#even[2 * place + 1]!;
    const even = before > now && before - now <= this.#most ? before : now;
    // What is computed is no decimal fraction: a client that keeps to the rate is not refused for the last bit.
    if (even - now > this.#tolerance + 1e-6) return false;
    this.#even[2 * place + 1] = even + this.#interval;
    this.memory.store(line, place);
    return true;
  }

  /** The place of a client in the line, perhaps one that was another's. */
  #find(high: number, low: number): number {
    const words = this.#words;
    let least = 0;
    for (let place = 0; place < WAYS; place++) {
      if (words[4 * place] === high && words[4 * place + 1] === low) return place;
      if (this.#even[2 * place + 1]! < this.#even[2 * least + 1]!) least = place;
    }
    words[4 * least] = high;
    words[4 * least + 1] = low;
    this.#even[2 * least + 1] = 0;
    return least;
  }
}

/** The finalizer of MurmurHash3. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
  return mixed ^ mixed >>> 16;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}
