/** The connection objects of a data plane: made once, used for one connection after another. */

import { Connection } from "./connection.ts";
import { counterIndex } from "./counters.ts";
import { SIZE_ADDRESS } from "../protocol/messages.ts";
import type { Front } from "./front.ts";

const OPEN = counterIndex("open");

/** Bytes of the two addresses of a connection. */
const ADDRESSES = 2 * SIZE_ADDRESS;
/** Connections whose addresses are in one piece of memory. */
const TOGETHER = 256;

/** Lends connection objects and counts those that are out. */
export class ConnectionPool {
  readonly #all: Connection[] = [];
  readonly #free: Connection[] = [];
  #addresses = new Uint8Array(0);
  #addressesUsed = 0;

  constructor(readonly front: Front) {}

  /** Connections that the front owns now. */
  get open(): number {
    return this.#all.length - this.#free.length;
  }

  /** Every object, in use or not: its state says which. */
  get all(): readonly Connection[] {
    return this.#all;
  }

  /** An object for a new connection. */
  take(): Connection {
    this.front.counters.add(OPEN, 1);
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#addressesUsed === this.#addresses.length) {
      this.#addresses = new Uint8Array(TOGETHER * ADDRESSES);
      this.#addressesUsed = 0;
    }
    const made = new Connection(this.front, this.#addresses, this.#addressesUsed);
    this.#addressesUsed += ADDRESSES;
    this.#all.push(made);
    return made;
  }

  /** Takes an object back whose connection has ended here. */
  give(connection: Connection): void {
    this.front.counters.add(OPEN, -1);
    this.#free.push(connection);
  }
}
