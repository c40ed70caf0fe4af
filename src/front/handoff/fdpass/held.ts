/** Whose connections a backend process has, that has said that it tells of their ends. */

import { type Counted, type PerClient, UNCOUNTED } from "../../core/per_client.ts";

/**
 * Keeps clients counted for as long as the process has their connections: from the ACK until it says that they have ended,
 * gives them back, or the channel ends. Memory grows with connections that are open, not with addresses.
 */
export class Held {
  /** The process tells of ends. */
  told = false;
  /** Numbers of clients, by the ids of hand-offs. */
  readonly #clients = new Map<number, number>();

  constructor(readonly perClient: PerClient) {}

  /** A connection is the backend's from now on. */
  take(connection: Counted & { readonly id: number }): void {
    if (!this.told || connection.counted === UNCOUNTED) return;
    this.#clients.set(connection.id, connection.counted);
    connection.counted = UNCOUNTED;
  }

  /** The backend has it no more. @param id of its hand-off; one that is not known here changes nothing */
  end(id: number): void {
    const client = this.#clients.get(id);
    if (client === undefined) return;
    this.#clients.delete(id);
    this.perClient.left(client);
  }

  /** Nothing more is heard of any of them. */
  clear(): void {
    for (const client of this.#clients.values()) this.perClient.left(client);
    this.#clients.clear();
  }
}
