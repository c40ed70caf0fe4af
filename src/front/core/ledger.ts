/**
 * Which descriptors a Worker has, and what is known of them beyond what the kernel says: in shared memory, so that another
 * thread can take them over when the Worker hangs. A few numbers are stored for each connection, and one for each wake-up.
 *
 * What does not fit is nobody's: a store behind the end of the memory does nothing.
 */

import type { Descriptor } from "../../../ffi/mod.ts";

/** Where things lie, as 32-bit numbers. */
const PULSE = 0;
const LOOKED = 1;
const READ = 2;
const ACCEPTS = 3;
const LEFT = 4;
const FIRST = 6;
/** For each descriptor: what it is, which requests were answered on it, and the id that it was handed over by. */
const EACH = 3;

/** What a descriptor is. The channel that a connection was handed over on stands above these bits. */
const CONNECTION = 1;
/** The socket says all that has to be known: nothing was read from it. */
const PLAIN = 2;
const CHANNEL = 4;
const CHANNEL_SHIFT = 3;

/** Descriptors that are in it, at most. */
const MOST = 262_144;

/** Bytes of memory for a process that may have so many descriptors. Memory that nobody writes costs nothing. */
export function ledgerSize(descriptors: number): number {
  return (FIRST + Math.min(descriptors, MOST) * EACH) * Int32Array.BYTES_PER_ELEMENT;
}

/** A connection in it. */
export interface LedgerEntry {
  readonly fd: Descriptor;
  readonly plain: boolean;
  readonly requests: number;
  /** The channel that it was handed over on, and its id there; undefined where nobody else may have it. */
  readonly handed: { readonly channel: Descriptor; readonly id: number } | undefined;
}

/** One Worker's. Written by the Worker alone. */
export class Ledger {
  readonly #words: Int32Array;

  /** @param memory of {@linkcode ledgerSize}; none unless given */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(0)) {
    this.#words = new Int32Array(memory);
  }

  /** A number that is another one after each wake-up: written by the loop. */
  get pulse(): Int32Array {
    return this.#words.subarray(PULSE, PULSE + 1);
  }

  /** A connection is being looked at. */
  looks(fd: Descriptor): void {
    this.#words[LOOKED] = fd;
  }

  /** A channel is being read: what was read and not acted on is known to nobody else. 0 when that is over. */
  reads(channel: number): void {
    this.#words[READ] = channel;
  }

  /** A connection is about to be accepted, or none any more: what has a descriptor by then may not stand here yet. */
  accepts(does: boolean): void {
    this.#words[LEFT] = 0;
    this.#words[ACCEPTS] = does ? 1 : 0;
  }

  /** A connection is this Worker's. @param plain whether nothing is known of it that its socket does not say */
  has(fd: Descriptor, plain: boolean, requests: number): void {
    const at = FIRST + fd * EACH;
    this.#words[at + 1] = requests;
    this.#words[at] = plain ? CONNECTION | PLAIN : CONNECTION;
  }

  /** It is about to be handed over. */
  hands(fd: Descriptor, channel: Descriptor, id: number): void {
    const at = FIRST + fd * EACH;
    this.#words[at + 2] = id;
    this.#words[at]! |= channel << CHANNEL_SHIFT;
  }

  /** A descriptor is a channel's. */
  channel(fd: Descriptor): void {
    this.#words[FIRST + fd * EACH] = CHANNEL;
  }

  /** A descriptor is about to be closed, or let go. */
  forgets(fd: Descriptor): void {
    this.#words[LEFT] = fd;
    this.#words[FIRST + fd * EACH] = 0;
  }

  /** The connection that is being looked at, or was last. */
  get looked(): Descriptor {
    return (this.#words[LOOKED] ?? -1) as Descriptor;
  }

  /** The channel that is being read; 0 for none. */
  get read(): number {
    return this.#words[READ] ?? 0;
  }

  /** Whether a connection was being accepted. */
  get accepting(): boolean {
    return this.#words[ACCEPTS] === 1;
  }

  /** What was forgotten last, and may not be closed yet; 0 for nothing. */
  get left(): number {
    return this.#words[LEFT] ?? 0;
  }

  /** Every channel. */
  get channels(): Descriptor[] {
    return this.#all((word) => word === CHANNEL);
  }

  /** Every connection. */
  get connections(): LedgerEntry[] {
    const words = this.#words;
    return this.#all((word) => (word & CONNECTION) !== 0).map((fd) => {
      const at = FIRST + fd * EACH;
      const channel = words[at]! >> CHANNEL_SHIFT;
      return {
        fd,
        plain: (words[at]! & PLAIN) !== 0,
        requests: words[at + 1]!,
        handed: channel === 0 ? undefined : { channel: channel as Descriptor, id: words[at + 2]! >>> 0 },
      };
    });
  }

  #all(wanted: (word: number) => boolean): Descriptor[] {
    const found: Descriptor[] = [];
    for (let at = FIRST; at < this.#words.length; at += EACH) {
      if (wanted(this.#words[at]!)) found.push((at - FIRST) / EACH as Descriptor);
    }
    return found;
  }
}
