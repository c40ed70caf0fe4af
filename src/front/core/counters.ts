/**
 * What a data plane counts. The numbers live in shared memory: the Worker writes them without asking anyone, the
 * control plane reads them whenever it likes. Each has one writer, and an aligned 64-bit number is read whole.
 */

import { Durations, DURATIONS_LENGTH } from "./durations.ts";

/** The counters, in the order in which they lie in memory. */
export const COUNTERS = [
  /** Connections accepted. */
  "accepted",
  /** Hand-offs sent, repeated ones included. */
  "sent",
  /** Hand-offs acknowledged: connections that are a backend's now. */
  "handedOver",
  /** Connections that came back to this front from a hand-off that was not acknowledged. */
  "reclaimed",
  /** Connections that backends gave back. */
  "returned",
  /** Requests answered by the front itself, with an error. */
  "refused",
  /** Connections that ended, or were ended, without a request. */
  "dropped",
  /** Connections that this front owns now. */
  "open",
  /** Of those, how many wait for a backend. */
  "waiting",
  /** Of those, how many are idle between two requests. */
  "parked",
] as const;

/** Those that go down again. */
const AT_A_TIME: ReadonlySet<string> = new Set(["open", "waiting", "parked"]);

/** The name of a counter. */
export type CounterName = typeof COUNTERS[number];

/** Statuses with reasons that are counted apart; see reasons.ts. */
export const MOST_REASONS = 128;

const WAITED = COUNTERS.length;
const REASONS = WAITED + DURATIONS_LENGTH;

/** Bytes of shared memory that the counters of one Worker take. */
export const COUNTERS_SIZE: number = (REASONS + MOST_REASONS) * Float64Array.BYTES_PER_ELEMENT;

/** The counters of one Worker, over memory that it shares. */
export class Counters {
  readonly #numbers: Float64Array;
  /** What connections have waited for a backend, of those that had to. */
  readonly waited: Durations;

  constructor(memory: SharedArrayBuffer) {
    this.#numbers = new Float64Array(memory);
    this.waited = new Durations(this.#numbers, WAITED);
  }

  /** Adds to a counter. @param index its place in {@linkcode COUNTERS}: see {@linkcode counterIndex} */
  add(index: number, amount: number): void {
    this.#numbers[index]! += amount;
  }

  /** Goes on from what another front has counted. What it has at a time is not a sum, and is left out. */
  goOn(totals: Readonly<Record<string, number>>): void {
    for (const [index, name] of COUNTERS.entries()) {
      const total = totals[name];
      if (!AT_A_TIME.has(name) && typeof total === "number") this.add(index, total);
    }
  }

  /** Its Worker has nothing any more: another one begins with what there is. */
  nothingAtATime(): void {
    for (const [index, name] of COUNTERS.entries()) if (AT_A_TIME.has(name)) this.#numbers[index] = 0;
  }

  /** Adds one to what a place of reasons.ts stands for. */
  addReason(place: number): void {
    this.#numbers[REASONS + place]!++;
  }

  /** How often it was counted there. */
  reason(place: number): number {
    return this.#numbers[REASONS + place]!;
  }

  /** All that have a name. */
  read(): Record<CounterName, number> {
    return Object.fromEntries(COUNTERS.map((name, index) => [name, this.#numbers[index]!])) as Record<
      CounterName,
      number
    >;
  }
}

/** Where a counter lies: looked up once, where a module is loaded. */
export function counterIndex(name: CounterName): number {
  return COUNTERS.indexOf(name);
}
