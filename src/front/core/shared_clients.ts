/** How many connections each client has at all Workers of a front: a table of fixed size, in memory that they share. */

import { ADDRESS_BYTES } from "../../protocol/messages.ts";
import type { ClientsPlace } from "../plan.ts";
import { V6 } from "../../trust/addresses.ts";

/** Places for one hash: one cache line. */
const WAYS = 8;
/** Hashes: 262,144 clients that have connections have a place. */
const SETS = 32_768;
const PLACES = WAYS * SETS;
/** Words of a place: who it is, and how many. Behind all of them lies how many each Worker has there. */
const WORDS = 2;

/** No place: all that a client may have are those of others who have connections. */
export const NOWHERE = -1;

/** Room for them. Memory that nobody touches costs nothing. @param workers how many there are */
export function newClientsPlace(workers: number): ClientsPlace {
  return {
    memory: new SharedArrayBuffer(PLACES * (WORDS + workers) * Int32Array.BYTES_PER_ELEMENT),
    seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
  };
}

/**
 * The table as one Worker uses it. A client is an IPv4 address, or the first 64 bits of an IPv6 address, behind which one host
 * may have all.
 *
 * Of a client there is a hash of 32 bits, beside the 15 that say where it may stand; of IPv4 no two have the same. Where all of
 * its places are taken it is not counted: whoever has many addresses makes others be forgiven, and never be refused. A place
 * that nobody is counted at is anybody's, so two Workers may meet there: within nanoseconds one more may be counted for a
 * client, or one less, for as long as that connection lasts.
 */
export class SharedClients {
  readonly #words: Int32Array;
  readonly #seed: number;
  /** Where this Worker's own numbers begin. */
  readonly #own: number;
  /** How many connections the client has that was counted last, this one included: of two that come at once, one is the first. */
  count = 0;

  /** @param worker which one it is, from 0 */
  constructor({ memory, seed }: ClientsPlace, worker: number) {
    this.#words = new Int32Array(memory);
    this.#seed = seed;
    this.#own = PLACES * (WORDS + worker);
  }

  /** Bytes of the table, those of all Workers included. */
  get size(): number {
    return this.#words.byteLength;
  }

  /**
   * A client has one connection more.
   *
   * @param addresses where its address is, from `at` on, as hand-offs carry it
   * @returns the place where it is counted, or {@linkcode NOWHERE}
   */
  enter(addresses: Uint8Array, at: number): number {
    const words = this.#words;
    const family = addresses[at]!;
    const high = word(addresses, at + ADDRESS_BYTES);
    // What no IPv4 address has, IPv6 addresses have half of their network in.
    const low = family === V6 ? word(addresses, at + ADDRESS_BYTES + 4) : family;
    const first = WAYS * (mix(mix(this.#seed ^ high) ^ low) & SETS - 1);
    const who = mix(mix(~this.#seed ^ low) ^ high);
    const place = find(words, first, who);
    if (place === NOWHERE) return NOWHERE;
    this.count = Atomics.add(words, WORDS * place + 1, 1) + 1;
    words[this.#own + place]!++;
    return place;
  }

  /** The client at a place has one less, of those that this Worker has counted. */
  leave(place: number): void {
    Atomics.sub(this.#words, WORDS * place + 1, 1);
    this.#words[this.#own + place]!--;
  }

  /** Nothing is left of what this Worker has counted. It counts nothing meanwhile. */
  clear(): void {
    const words = this.#words;
    for (let place = 0; place < PLACES; place++) {
      const count = words[this.#own + place]!;
      if (count === 0) continue;
      words[this.#own + place] = 0;
      Atomics.sub(words, WORDS * place + 1, count);
    }
  }
}

/** The place of a client: its own, or the first one that is free, which is its own from then on. */
function find(words: Int32Array, first: number, who: number): number {
  for (;;) {
    let free = NOWHERE;
    for (let place = first; place < first + WAYS; place++) {
      if (words[WORDS * place] === who) return place;
      if (free === NOWHERE && words[WORDS * place + 1] === 0) free = place;
    }
    if (free === NOWHERE) return NOWHERE;
    const before = words[WORDS * free]!;
    // Another Worker may have taken it meanwhile, perhaps for the same client.
    if (Atomics.compareExchange(words, WORDS * free, before, who) === before) return free;
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
