/** The hand-offs that one channel has sent and that are not yet acknowledged or refused, by their ids. */

import type { Connection } from "../../connection/connection.ts";

/** An id is a slot below and a count of its uses above, so that a late or made-up ACK matches nothing. */
const SLOT_BITS = 10;

/** The most that one channel can have under way. */
export const MOST_UNDER_WAY: number = 1 << SLOT_BITS;

/** Connections in slots. Adding one and taking it out again allocates nothing. */
export class UnderWay {
  /** How many there are. */
  count = 0;
  readonly #connections: (Connection | undefined)[] = [];
  readonly #ids: number[] = [];
  readonly #free: number[] = [];

  /** @param size how many there may be, {@linkcode MOST_UNDER_WAY} at most */
  constructor(size: number) {
    for (let slot = size - 1; slot >= 0; slot--) {
      this.#free.push(slot);
      this.#ids.push(0);
      this.#connections.push(undefined);
    }
  }

  /** The id under which {@linkcode add} will add. Only where there is room. */
  get nextId(): number {
    const slot = this.#free[this.#free.length - 1]!;
    return ((this.#ids[slot]! >>> SLOT_BITS) + 1 << SLOT_BITS | slot) >>> 0;
  }

  /** Adds a connection. @param id what {@linkcode nextId} was */
  add(id: number, connection: Connection): void {
    const slot = this.#free.pop()!;
    this.#ids[slot] = id;
    this.#connections[slot] = connection;
    this.count++;
  }

  /** Takes the connection with this id out; undefined when none under way has it. */
  take(id: number): Connection | undefined {
    const slot = id & MOST_UNDER_WAY - 1;
    const connection = this.#connections[slot];
    if (connection === undefined || this.#ids[slot] !== id) return undefined;
    this.#connections[slot] = undefined;
    this.#free.push(slot);
    this.count--;
    return connection;
  }

  /** Every connection that is still under way. */
  get all(): Connection[] {
    return this.#connections.filter((connection) => connection !== undefined);
  }
}
