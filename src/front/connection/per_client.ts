/** How many connections of this front each client may have. */

import { ClientTable } from "./client_table.ts";

/** A connection, as far as it is counted. */
export interface Counted {
  readonly addresses: Uint8Array;
  readonly at: number;
  /** The number that its client is counted by; {@linkcode UNCOUNTED} while it is not. */
  counted: number;
}

export const UNCOUNTED = -1;

/** Counts connections by the addresses of their clients. */
export class PerClient {
  readonly #clients = new ClientTable();

  /** Counts a connection. @returns how many its client has, this one included */
  enter(connection: Counted): number {
    connection.counted = this.#clients.enter(connection.addresses, connection.at);
    return this.#clients.uses(connection.counted);
  }

  /** A connection has ended, or is a backend's. */
  leave(connection: Counted): void {
    if (connection.counted === UNCOUNTED) return;
    this.#clients.leave(connection.counted);
    connection.counted = UNCOUNTED;
  }
}
