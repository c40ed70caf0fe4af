/** Requests a second of each client, where the front does not see them: on kept connections. */

import { SharedTable } from "../../../ffi/mod.ts";
import type { Generation } from "../../protocol/generation.ts";
import {
  isRatesHead,
  RATES_FILE_LINES,
  RATES_HEAD_LINE,
  type RatesName,
} from "../../protocol/rates_table.ts";
import { AddressRates, type Rate } from "../../trust/address_rates.ts";
import type { Exchange } from "./exchange.ts";

/** Why a request is refused. */
export const TOO_MANY_REQUESTS = "its client asks more often than one may (maxRequestRatePerClient)";

/** Fronts whose tables are kept: those of one that was succeeded are of no use any more. */
const MOST_TABLES = 8;

/** A front's table, as far as it can be had. */
interface FrontTable {
  readonly table: SharedTable;
  readonly rates: AddressRates;
}

/**
 * Counts the requests of one process: where the front's own table can be had, together with the front and all others that
 * count in it. The first of a connection has been counted by the front.
 */
export class RequestRates {
  #own: AddressRates | undefined;
  /** By their names; undefined for one that cannot be had. */
  readonly #fronts = new Map<string, FrontTable | undefined>();
  /** What was counted by last. */
  #terms: Generation | undefined;
  #rates: AddressRates | undefined;

  /** Whether a request may be answered. */
  allows(exchange: Exchange): boolean {
    const { channel } = exchange.connection;
    const { terms } = channel;
    const rate = terms?.requestRate;
    if (rate === undefined) return true;
    const { front } = channel;
    const { counters, loop } = exchange.connection.home;
    if (this.#terms !== terms) {
      this.#terms = terms;
      this.#rates = this.#of(terms!.rates, front?.process ?? 0, rate);
    }
    return this.#rates!.allows(exchange.asker.address, 0, counters.shared(loop.clock()) / 1_000);
  }

  #of(name: RatesName | undefined, process: number, rate: Rate): AddressRates {
    const rates = (name && this.#ofFront(name, process, rate)) ??
      (this.#own ??= new AddressRates(rate, crypto.getRandomValues(new Uint32Array(1))[0]!));
    rates.apply(rate);
    return rates;
  }

  #ofFront(place: RatesName, process: number, rate: Rate): AddressRates | undefined {
    const { name } = place;
    if (!this.#fronts.has(name)) {
      this.#fronts.set(name, open(place, process, rate));
      const [oldest] = this.#fronts;
      if (this.#fronts.size > MOST_TABLES) {
        oldest![1]?.table.close();
        this.#fronts.delete(oldest![0]);
      }
    }
    return this.#fronts.get(name)?.rates;
  }
}

/** The table of a front, where that runs as the same user, and where this process can see it. */
function open({ descriptor, seed, name }: RatesName, process: number, rate: Rate): FrontTable | undefined {
  const table = SharedTable.of(process, descriptor, RATES_FILE_LINES);
  if (table === undefined) return undefined;
  table.load(RATES_HEAD_LINE);
  // In another container the number may be another process'.
  if (isRatesHead(table.line, name)) return { table, rates: new AddressRates(rate, seed, table) };
  table.close();
  return undefined;
}
