/** The tables in which the Workers of a front count together how often clients connect and ask. */

import {
  adopt,
  createTableFile,
  type Descriptor,
  ErrnoError,
  monotonicMicroseconds,
  SharedTable,
} from "../../../ffi/mod.ts";
import type { Clock } from "../../loop/deadlines.ts";
import { instanceOf } from "../../protocol/hello.ts";
import { SIZE_INSTANCE } from "../../protocol/messages.ts";
import { RATES_FILE_LINES, RATES_HEAD_LINE, ratesHead, type RatesName } from "../../protocol/rates_table.ts";
import {
  AddressRates,
  OwnRates,
  type Rate,
  RATES_SIZE,
  type RatesMemory,
} from "../../trust/address_rates.ts";
import type { RatesPlace } from "../plan.ts";

/** What is counted, in the order of the tables. */
const TABLES = ["connections", "requests"] as const;

/**
 * Room for them. Memory that nobody touches costs nothing.
 *
 * @param shared whether backends may count requests there too: that takes a descriptor for as long as the process lives
 */
export function newRatesPlace(shared = false): RatesPlace {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const requests = shared ? newRequestsTable(seed) : undefined;
  return {
    memory: new SharedArrayBuffer(TABLES.length * RATES_SIZE),
    seed,
    ...requests === undefined ? {} : { requests },
  };
}

function newRequestsTable(seed: number): RatesName | undefined {
  let descriptor: Descriptor;
  try {
    descriptor = createTableFile("fdpass-rates", RATES_FILE_LINES);
  } catch (error) {
    // Without a descriptor or memory to spare, backends count by themselves.
    if (error instanceof ErrnoError) return undefined;
    throw error;
  }
  const name = instanceOf(crypto.getRandomValues(new Uint8Array(SIZE_INSTANCE)));
  const table = new SharedTable(descriptor, RATES_FILE_LINES);
  table.line.set(ratesHead(name));
  for (const quarter of [0, 1]) table.store(RATES_HEAD_LINE, quarter);
  table.close();
  return { descriptor, seed, name };
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

  /** Where backends may count requests too. */
  get requests(): RatesName | undefined {
    return this.#place.requests;
  }

  /** The table for a rate, which forgives nobody where there was another one before; none where there is no limit. */
  table(name: typeof TABLES[number], rate: Rate): AddressRates | undefined {
    if (rate.rate === 0) return undefined;
    const known = this.#tables.get(name) ?? new AddressRates(rate, this.#place.seed, this.#memory(name));
    this.#tables.set(name, known);
    known.apply(rate);
    return known;
  }

  #memory(name: typeof TABLES[number]): RatesMemory {
    const { memory, requests } = this.#place;
    if (name === "requests" && requests !== undefined) {
      return new SharedTable(adopt(requests.descriptor), RATES_FILE_LINES);
    }
    return new OwnRates(memory, TABLES.indexOf(name) * RATES_SIZE);
  }
}
