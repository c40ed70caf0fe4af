/** What a data plane counts of one backend, in shared memory as its other counters. */

import { type DurationCounts, Durations, DURATIONS_LENGTH } from "./durations.ts";

/** The counters, in the order in which they lie in memory; the histogram follows. */
export const BACKEND_COUNTERS = [
  /** Hand-offs sent, repeated ones included. */
  "sent",
  /** Of those: acknowledged. */
  "acknowledged",
  /** Of those: refused by the backend. */
  "refused",
  /** Of those: not answered in time, or the channel ended before. */
  "lost",
  /** Connections that it gave back. */
  "returned",
  /** Connections that its processes hold, as they have said last. */
  "active",
] as const;

/** The name of a counter. */
export type BackendCounterName = typeof BACKEND_COUNTERS[number];

const [SENT, ACKNOWLEDGED, REFUSED, LOST, RETURNED, ACTIVE] = BACKEND_COUNTERS.keys();
const LENGTH = BACKEND_COUNTERS.length + DURATIONS_LENGTH;

/** Bytes of shared memory for one backend and one Worker. */
export const BACKEND_COUNTERS_SIZE: number = LENGTH * Float64Array.BYTES_PER_ELEMENT;

/** What has been counted of a backend. */
export interface BackendCounts extends Readonly<Record<BackendCounterName, number>> {
  /** From accept, or from when a backend gave the connection back, to the acknowledgement. */
  readonly handover: DurationCounts;
}

/** The counters of one backend, over memory that is shared; over memory of its own unless given. */
export class BackendCounters {
  readonly #numbers: Float64Array;
  readonly #handover: Durations;

  constructor(memory?: SharedArrayBuffer) {
    this.#numbers = memory === undefined ? new Float64Array(LENGTH) : new Float64Array(memory);
    this.#handover = new Durations(this.#numbers, BACKEND_COUNTERS.length);
  }

  /** A hand-off was sent. */
  sent(): void {
    this.#numbers[SENT!]!++;
  }

  /** One was acknowledged. @param milliseconds since the connection came */
  acknowledged(milliseconds: number): void {
    this.#numbers[ACKNOWLEDGED!]!++;
    this.#handover.observe(milliseconds);
  }

  /** One was refused. */
  refused(): void {
    this.#numbers[REFUSED!]!++;
  }

  /** So many will never be answered. */
  lost(count: number): void {
    this.#numbers[LOST!]! += count;
  }

  /** So many were given back. */
  returned(count: number): void {
    this.#numbers[RETURNED!]! += count;
  }

  /** One of its processes holds so many more connections, or fewer. */
  activeChanged(change: number): void {
    this.#numbers[ACTIVE!]! += change;
  }

  /** All of it. */
  read(): BackendCounts {
    const counts = Object.fromEntries(BACKEND_COUNTERS.map((name, index) => [name, this.#numbers[index]!]));
    return { ...counts as Record<BackendCounterName, number>, handover: this.#handover.read() };
  }
}
