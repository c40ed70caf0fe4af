/** Requests that backends give back unanswered, again and again. */

import { type Descriptor, socketCookie } from "../../../ffi/mod.ts";

/** Connections that are remembered at a time. A power of two. */
const SLOTS = 1_024;
/** Times that a connection may come back with no answer in between. One for each change of routes is what backends need. */
export const MOST_RETURNS = 8;
/** Milliseconds for which a connection that goes round keeps its slot: others of the slot cannot take turns for ever. */
const HOLD = 1_000;
/** A count of requests that goes no further tells nothing: see `requests` in docs/protocol.md. */
const SATURATED = 0xffff;

/**
 * Counts how often a connection has come back with no more answers than before. The front forgets a connection when its
 * hand-off is acknowledged, so what it remembers stands here, in memory that does not grow, by the socket's own number: a
 * backend cannot say another one, and no later socket has it.
 */
export class Rounds {
  readonly #low = new Uint32Array(SLOTS);
  readonly #high = new Uint32Array(SLOTS);
  readonly #requests = new Uint16Array(SLOTS);
  readonly #counts = new Uint8Array(SLOTS);
  readonly #times = new Float64Array(SLOTS);

  /**
   * Notes a RETURN.
   *
   * @param fd lent
   * @param requests answered on it, as the RETURN says
   * @param now milliseconds on the loop's clock
   * @returns whether the connection has come back too often
   */
  tooMany(fd: Descriptor, requests: number, now: number): boolean {
    if (requests === SATURATED) return false;
    const cookie = socketCookie(fd);
    const low = (cookie[0]! | cookie[1]! << 8 | cookie[2]! << 16 | cookie[3]! << 24) >>> 0;
    const high = (cookie[4]! | cookie[5]! << 8 | cookie[6]! << 16 | cookie[7]! << 24) >>> 0;
    return this.note(low, high, requests, now);
  }

  /** The same, of a socket whose number is known. @param low half of it @param high the other half */
  note(low: number, high: number, requests: number, now: number): boolean {
    const slot = low % SLOTS;
    const count = this.#counts[slot]!;
    if (this.#low[slot] !== low || this.#high[slot] !== high) {
      if (count > 1 && now - this.#times[slot]! < HOLD) return false;
      this.#low[slot] = low;
      this.#high[slot] = high;
    } else if (count > 0 && requests <= this.#requests[slot]!) {
      this.#times[slot] = now;
      // Refused at the next one: then the slot is free.
      this.#counts[slot] = count === MOST_RETURNS ? 0 : count + 1;
      return count === MOST_RETURNS;
    }
    this.#requests[slot] = requests;
    this.#times[slot] = now;
    this.#counts[slot] = 1;
    return false;
  }
}
