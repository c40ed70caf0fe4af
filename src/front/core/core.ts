/** What every part of a data plane needs, and nothing of any part: imported from all rooms of the front, imports none. */

import { AddressBuffer } from "../../../ffi/mod.ts";
import type { Limits } from "../../config/config.ts";
import type { Loop } from "../../loop/loop.ts";
import type { ClientsPlace, RatesPlace, Report } from "../plan.ts";
import type { Counters } from "./counters.ts";
import { FrontDeadlines } from "./front_deadlines.ts";
import { PerClient } from "./per_client.ts";
import { Ledger } from "./ledger.ts";
import { newRatesPlace, SharedRates } from "./shared_rates.ts";
import { Reasons } from "./reasons.ts";

/** What a core is made with. */
export interface CoreOptions {
  readonly loop: Loop;
  readonly counters: Counters;
  /** Nobody else has it unless given. */
  readonly ledger?: Ledger;
  /** Where clients are counted together with other Workers; nobody else counts there unless given. */
  readonly rates?: RatesPlace;
  /** The same for the connections that they have. */
  readonly clients?: ClientsPlace;
  readonly limits: Limits;
  /** Which of the front's Workers this is, counted from 1; 0 unless given. */
  readonly worker?: number;
  /** Whether a supervisor keeps copies of channels: see the report `channel`. */
  readonly supervised?: boolean;
  /** Takes what people should know. */
  readonly report: (report: Report) => void;
}

/** The loop and its time, how long things may take, what is counted and told, and what is limited. */
export class Core {
  readonly loop: Loop;
  readonly counters: Counters;
  readonly ledger: Ledger;
  readonly rates: SharedRates;
  readonly reasons: Reasons;
  readonly worker: number;
  readonly supervised: boolean;
  readonly report: (report: Report) => void;
  readonly deadlines: FrontDeadlines;
  limits: Limits;
  /** Connections by client, at the front and at backends. */
  readonly perClient: PerClient;
  /** The front accepts nothing any more, and ends when it owns no connection. */
  stopping = false;
  /** Where the kernel writes an address; what is in it does not outlast a call. */
  readonly address: AddressBuffer = new AddressBuffer();

  constructor(
    { loop, counters, limits, report, worker = 0, supervised = false, ...shared }: CoreOptions,
  ) {
    this.worker = worker;
    this.supervised = supervised;
    this.loop = loop;
    this.counters = counters;
    this.ledger = shared.ledger ?? new Ledger();
    this.rates = new SharedRates(shared.rates ?? newRatesPlace(), loop.clock);
    this.perClient = new PerClient(worker, shared.clients);
    this.reasons = new Reasons(counters, report);
    this.report = report;
    this.limits = limits;
    this.deadlines = new FrontDeadlines(loop.deadlines, limits);
  }

  /** Takes the limits of a new configuration. */
  apply(limits: Limits): void {
    this.limits = limits;
    this.deadlines.apply(limits);
  }
}
