/** Requests a second of each client, where the front does not see them: on kept connections. */

import { AddressRates } from "../../trust/address_rates.ts";
import type { Exchange } from "./exchange.ts";

/** Why a request is refused. */
export const TOO_MANY_REQUESTS = "its client asks more often than one may (maxRequestRatePerClient)";

/** Counts the requests of one process. The first of a connection has been counted by the front. */
export class RequestRates {
  #table: AddressRates | undefined;
  #applied: unknown;

  /** Whether a request may be answered. @param now milliseconds of a clock that goes on */
  allows(exchange: Exchange, now: number): boolean {
    const rate = exchange.connection.channel.terms?.requestRate;
    if (rate === undefined) return true;
    if (this.#table === undefined) {
      this.#table = new AddressRates(rate, crypto.getRandomValues(new Uint32Array(1))[0]!);
    } else if (this.#applied !== rate) this.#table.apply(rate);
    this.#applied = rate;
    return this.#table.allows(exchange.asker.address, 0, now);
  }
}
