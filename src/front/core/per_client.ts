/** How many connections each client may have at a time. */

import type { ClientsPlace } from "../plan.ts";
import { newClientsPlace, NOWHERE, SharedClients } from "./shared_clients.ts";

/** A connection, as far as it is counted. */
export interface Counted {
  readonly addresses: Uint8Array;
  readonly at: number;
  /** The place where its client is counted; {@linkcode UNCOUNTED} while it is not. */
  counted: number;
}

export const UNCOUNTED = NOWHERE;

/** Counts connections by the addresses of their clients: those of the front, and those that backends have of it. */
export class PerClient {
  /** Only where clients are limited: otherwise nobody is counted. */
  #clients: SharedClients | undefined;
  #most = 0;

  /**
   * @param worker which of the front's Workers this is, counted from 1; 0 for one that has no others beside it
   * @param place where all of them count; nobody else counts there unless given
   */
  constructor(readonly worker: number = 0, readonly place?: ClientsPlace) {}

  /**
   * Takes the limit of a new configuration. Who was counted once goes on being counted.
   *
   * @param most connections of one client; 0 for any number
   * @returns whether counting begins with this: what there is has to be entered
   */
  limit(most: number): boolean {
    this.#most = most;
    if (most === 0 || this.#clients !== undefined) return false;
    this.#clients = new SharedClients(this.place ?? newClientsPlace(1), Math.max(0, this.worker - 1));
    return true;
  }

  /** Counts a connection. @returns whether its client may have it besides those it has */
  enter(connection: Counted): boolean {
    const clients = this.#clients;
    if (clients === undefined) return true;
    connection.counted = clients.enter(connection.addresses, connection.at);
    return this.#most === 0 || connection.counted === UNCOUNTED || clients.count <= this.#most;
  }

  /** A connection has ended. */
  leave(connection: Counted): void {
    if (connection.counted === UNCOUNTED) return;
    this.left(connection.counted);
    connection.counted = UNCOUNTED;
  }

  /** The same of one that is known by the place of its client alone. */
  left(place: number): void {
    this.#clients!.leave(place);
  }
}
