/** Clients' addresses, as numbers that something can be counted by. */

import { ADDRESS_BYTES } from "../../protocol/messages.ts";

const V6 = 6;
const FIRST_SIZE = 256;
const NONE = -1;

/**
 * Gives each address a number, for as long as something uses it: memory grows with the connections that are there, not with
 * the addresses that have been. Of IPv6 the first 64 bits count: one host may have all the addresses behind them.
 *
 * Hashing with a seed of its own, and chains: nobody can choose addresses that meet. Everything lies in typed arrays, which
 * double when they are full; finding, making and freeing a number takes the same few steps however many there are.
 */
export class ClientTable {
  #high = new Uint32Array(FIRST_SIZE);
  #low = new Uint32Array(FIRST_SIZE);
  #families = new Uint8Array(FIRST_SIZE);
  #uses = new Int32Array(FIRST_SIZE);
  /** The next number in the same chain, or among the free ones. */
  #next = new Int32Array(FIRST_SIZE);
  #chains = new Int32Array(FIRST_SIZE).fill(NONE);
  #free = NONE;
  #made = 0;
  #used = 0;

  /** @param seed by chance */
  constructor(readonly seed: number = crypto.getRandomValues(new Uint32Array(1))[0]!) {}

  /** Numbers that may be in use: all are below. */
  get size(): number {
    return this.#uses.length;
  }

  /** Addresses that are in use. */
  get count(): number {
    return this.#used;
  }

  /** How often an address is used. */
  uses(number: number): number {
    return this.#uses[number]!;
  }

  /**
   * Uses an address once more.
   *
   * @param addresses where it is, from `at` on, as hand-offs carry it
   * @returns its number
   */
  enter(addresses: Uint8Array, at: number): number {
    const family = addresses[at]!;
    const high = word(addresses, at + ADDRESS_BYTES);
    const low = family === V6 ? word(addresses, at + ADDRESS_BYTES + 4) : 0;
    const chain = this.#chainOf(family, high, low);
    for (let number = this.#chains[chain]!; number !== NONE; number = this.#next[number]!) {
      if (this.#low[number] !== low || this.#high[number] !== high || this.#families[number] !== family) {
        continue;
      }
      this.#uses[number]!++;
      return number;
    }
    return this.#add(family, high, low);
  }

  #add(family: number, high: number, low: number): number {
    if (this.#free === NONE && this.#made === this.size) this.#grow();
    const number = this.#free === NONE ? this.#made++ : this.#free;
    if (number === this.#free) this.#free = this.#next[number]!;
    this.#families[number] = family;
    this.#high[number] = high;
    this.#low[number] = low;
    this.#uses[number] = 1;
    this.#link(number);
    this.#used++;
    return number;
  }

  #link(number: number): void {
    const chain = this.#chainOf(this.#families[number]!, this.#high[number]!, this.#low[number]!);
    this.#next[number] = this.#chains[chain]!;
    this.#chains[chain] = number;
  }

  /** Only when no number is free: all of them are in chains. */
  #grow(): void {
    const { size } = this;
    this.#high = doubled(this.#high, new Uint32Array(2 * size));
    this.#low = doubled(this.#low, new Uint32Array(2 * size));
    this.#families = doubled(this.#families, new Uint8Array(2 * size));
    this.#uses = doubled(this.#uses, new Int32Array(2 * size));
    this.#next = new Int32Array(2 * size);
    this.#chains = new Int32Array(2 * size).fill(NONE);
    for (let number = 0; number < size; number++) this.#link(number);
  }

  /** Uses an address once less. */
  leave(number: number): void {
    if (--this.#uses[number]! > 0) return;
    const chain = this.#chainOf(this.#families[number]!, this.#high[number]!, this.#low[number]!);
    let before = NONE;
    for (let other = this.#chains[chain]!; other !== number; other = this.#next[other]!) before = other;
    if (before === NONE) this.#chains[chain] = this.#next[number]!;
    else this.#next[before] = this.#next[number]!;
    this.#next[number] = this.#free;
    this.#free = number;
    this.#used--;
  }

  /** The finalizer of MurmurHash3 over each word in turn. */
  #chainOf(family: number, high: number, low: number): number {
    return mix(mix(mix(this.seed ^ family) ^ high) ^ low) & this.#chains.length - 1;
  }
}

function mix(hash: number): number {
  let mixed = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
  return mixed ^ mixed >>> 16;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}

function doubled<Numbers extends Uint32Array | Int32Array | Uint8Array>(
  old: Numbers,
  larger: Numbers,
): Numbers {
  larger.set(old);
  return larger;
}
