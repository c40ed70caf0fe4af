/** The connection objects of a data plane: made once, used for one connection after another. */

import type { Descriptor } from "../../../ffi/mod.ts";
import { SIZE_ADDRESS } from "../../protocol/messages.ts";
import type { ErrorAnswers } from "../answer/error_answers.ts";
import type { Core } from "../core/core.ts";
import { counterIndex } from "../core/counters.ts";
import { Connection, type ConnectionEvents, type Listener } from "./connection.ts";

const OPEN = counterIndex("open");

/** Bytes of the three addresses of a connection. */
const ADDRESSES = 3 * SIZE_ADDRESS;
/** Connections whose addresses are in one piece of memory. */
const TOGETHER = 256;

/** Lends connection objects and counts those that are out. */
export class ConnectionPool {
  readonly #all: Connection[] = [];
  readonly #free: Connection[] = [];
  #addresses = new Uint8Array(0);
  #addressesUsed = 0;

  /** @param events who is told what happens to the connections */
  constructor(readonly core: Core, readonly events: ConnectionEvents) {}

  /** Connections that the front owns now. */
  get open(): number {
    return this.#all.length - this.#free.length;
  }

  /** Every object, in use or not: its state says which. */
  get all(): readonly Connection[] {
    return this.#all;
  }

  /** An object for a new connection, whose life has begun: see {@linkcode Connection.begin}. */
  take(
    fd: Descriptor,
    listener: Listener | undefined,
    errors: ErrorAnswers,
    plain = false,
  ): Connection {
    this.core.counters.add(OPEN, 1);
    const connection = this.#free.pop() ?? this.#make(errors);
    connection.begin(fd, listener, errors, plain);
    return connection;
  }

  #make(errors: ErrorAnswers): Connection {
    if (this.#addressesUsed === this.#addresses.length) {
      this.#addresses = new Uint8Array(TOGETHER * ADDRESSES);
      this.#addressesUsed = 0;
    }
    const made = new Connection(this.core, this.events, errors, this.#addresses, this.#addressesUsed);
    this.#addressesUsed += ADDRESSES;
    this.#all.push(made);
    return made;
  }

  /** Takes the limit of a new configuration. @param most connections of one client; 0 for any number */
  limitPerClient(most: number): void {
    const { perClient } = this.core;
    if (!perClient.limit(most)) return;
    for (const connection of this.#all) if (connection.state !== "free") perClient.enter(connection);
  }

  /** Takes an object back whose connection has ended here. */
  give(connection: Connection): void {
    this.core.perClient.leave(connection);
    this.core.counters.add(OPEN, -1);
    this.#free.push(connection);
  }
}
