/** The tables in which the Workers of a front count together how often clients connect and ask. */

import { monotonicMicroseconds } from "../../../ffi/mod.ts";
import type { Clock } from "../../loop/deadlines.ts";
import { AddressRates, type Rate, RATES_SIZE, type RatesPlace } from "../../trust/address_rates.ts";

/** What is counted, in the order of the tables. */
const TABLES = ["connections", "requests"] as const;

/** Room for them. Memory that nobody touches costs nothing. */
export function newRatesPlace(): RatesPlace {
  return {
    memory: new SharedArrayBuffer(TABLES.length * RATES_SIZE),
    seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
  };
}

/** The tables as one Worker uses them. */
export class SharedRates {
  readonly #place: RatesPlace;
  readonly #tables = new Map<string, AddressRates>();
  /** Milliseconds from a Worker's clock, which begins with it, to the one that all have. */
  readonly offset: number;

  constructor(place: RatesPlace, clock: Clock) {
    this.#place = place;
    this.offset = Number(monotonicMicroseconds()) / 1_000 - clock();
  }

  /** The table for a rate, which forgives nobody where there was another one before; none where there is no limit. */
  table(name: typeof TABLES[number], rate: Rate): AddressRates | undefined {
    if (rate.rate === 0) return undefined;
    const { memory, seed } = this.#place;
    const known = this.#tables.get(name) ??
      new AddressRates(rate, seed, memory, TABLES.indexOf(name) * RATES_SIZE);
    this.#tables.set(name, known);
    known.apply(rate);
    return known;
  }
}
