/** How many connections each client may have at a time. */

import { ClientTable } from "./client_table.ts";

/** A connection, as far as it is counted. */
export interface Counted {
  readonly addresses: Uint8Array;
  readonly at: number;
  /** The number that its client is counted by; {@linkcode UNCOUNTED} while it is not. */
  counted: number;
}

export const UNCOUNTED = -1;

/** Counts connections by the addresses of their clients: those of the front, and those that backends have of it. */
export class PerClient {
  /** Only where clients are limited: otherwise nobody is counted. */
  #clients: ClientTable | undefined;
  #most = 0;

  /**
   * Takes the limit of a new configuration. Who was counted once goes on being counted.
   *
   * @param most connections of one client; 0 for any number
   * @returns whether counting begins with this: what there is has to be entered
   */
  limit(most: number): boolean {
    this.#most = most;
    if (most === 0 || this.#clients !== undefined) return false;
    this.#clients = new ClientTable();
    return true;
  }

  /** Counts a connection. @returns whether its client may have it besides those it has */
  enter(connection: Counted): boolean {
    if (this.#clients === undefined) return true;
    connection.counted = this.#clients.enter(connection.addresses, connection.at);
    return this.#most === 0 || this.#clients.uses(connection.counted) <= this.#most;
  }

  /** A connection has ended. */
  leave(connection: Counted): void {
    if (connection.counted === UNCOUNTED) return;
    this.left(connection.counted);
    connection.counted = UNCOUNTED;
  }

  /** The same of one that is known by its client's number alone. */
  left(client: number): void {
    this.#clients!.leave(client);
  }
}
