/** Connections of which some may have to go, by the addresses of their clients. */

import { ClientTable } from "../core/client_table.ts";

/** What can be in a crowd: has its links as fields, so that being in one allocates nothing. */
export interface InCrowd<T extends InCrowd<T>> {
  /** The crowd that it is in, its client's number there, and its neighbours among those of its client. */
  crowd: Crowd<T> | undefined;
  clientNumber: number;
  ahead: T | undefined;
  behind: T | undefined;
  /** Where the client's address is, as hand-offs carry it. */
  readonly addresses: Uint8Array;
  readonly at: number;
}

const NONE = -1;
const FIRST_COUNTS = 16;

/**
 * Keeps connections in the order in which they came, for each client, and clients by how many they have. Entering, leaving
 * and finding who is to go first take the same few steps whatever is in it.
 */
export class Crowd<T extends InCrowd<T>> {
  readonly #clients: ClientTable;
  /** By client: the first and the last of its connections. */
  readonly #first: (T | undefined)[] = [];
  readonly #last: (T | undefined)[] = [];
  /** By client: its neighbours among those that have as many. */
  #ahead = new Int32Array(0);
  #behind = new Int32Array(0);
  /** By count: the first and the last of the clients that have so many. */
  #heads = new Int32Array(FIRST_COUNTS).fill(NONE);
  #tails = new Int32Array(FIRST_COUNTS).fill(NONE);
  /** The most that any client has. */
  #most = 0;
  #size = 0;

  /** @param seed of the table of addresses; by chance unless given */
  constructor(seed?: number) {
    this.#clients = new ClientTable(seed);
  }

  /** How many are in it. */
  get size(): number {
    return this.#size;
  }

  /** Takes one in, behind the others of its client. */
  enter(one: T): void {
    const client = this.#clients.enter(one.addresses, one.at);
    const count = this.#clients.uses(client);
    this.#fit(count);
    if (count > 1) this.#unlink(client, count - 1);
    this.#link(client, count);
    if (count > this.#most) this.#most = count;
    const last = count > 1 ? this.#last[client] : undefined;
    one.crowd = this;
    one.clientNumber = client;
    one.ahead = last;
    one.behind = undefined;
    if (last === undefined) this.#first[client] = one;
    else last.behind = one;
    this.#last[client] = one;
    this.#size++;
  }

  /** Lets one go, wherever it is. */
  leave(one: T): void {
    if (one.crowd !== this) return;
    const { clientNumber: client, ahead, behind } = one;
    if (ahead === undefined) this.#first[client] = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last[client] = ahead;
    else behind.ahead = ahead;
    one.crowd = one.ahead = one.behind = undefined;
    const count = this.#clients.uses(client);
    this.#unlink(client, count);
    if (count > 1) this.#link(client, count - 1);
    this.#clients.leave(client);
    // It has one less now, so the step down is never longer than one.
    if (this.#heads[this.#most] === NONE) this.#most--;
    this.#size--;
  }

  /** The oldest of the client that has most; of several such clients, of the one that has had so many for longest. */
  get worst(): T | undefined {
    return this.#most === 0 ? undefined : this.#first[this.#heads[this.#most]!];
  }

  #fit(count: number): void {
    const { size } = this.#clients;
    if (this.#ahead.length < size) {
      this.#ahead = larger(this.#ahead, size);
      this.#behind = larger(this.#behind, size);
    }
    if (this.#heads.length <= count) {
      this.#heads = larger(this.#heads, 2 * count);
      this.#tails = larger(this.#tails, 2 * count);
    }
  }

  #link(client: number, count: number): void {
    const last = this.#tails[count]!;
    this.#ahead[client] = last;
    this.#behind[client] = NONE;
    if (last === NONE) this.#heads[count] = client;
    else this.#behind[last] = client;
    this.#tails[count] = client;
  }

  #unlink(client: number, count: number): void {
    const [ahead, behind] = [this.#ahead[client]!, this.#behind[client]!];
    if (ahead === NONE) this.#heads[count] = behind;
    else this.#behind[ahead] = behind;
    if (behind === NONE) this.#tails[count] = ahead;
    else this.#ahead[behind] = ahead;
  }
}

function larger(old: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(size).fill(NONE);
  grown.set(old);
  return grown;
}
