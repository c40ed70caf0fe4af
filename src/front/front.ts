/** A data plane, put together. One of these runs in each front Worker, on a thread of its own. */

import type { Finding } from "../rules/access.ts";
import { BYE_STOPPING, BYE_SUCCEEDED } from "../protocol/messages.ts";
import type { Loop } from "../loop/loop.ts";
import type { ConnectionPool } from "./connection/connection_pool.ts";
import { Core } from "./core/core.ts";
import type { Counters } from "./core/counters.ts";
import { Flow } from "./flow.ts";
import { AllowedUsers } from "./handoff/allowed_users.ts";
import { ApacheDialer } from "./handoff/apache/apache_dialer.ts";
import { Backends } from "./handoff/backends.ts";
import { Announcements } from "./handoff/fdpass/announcements.ts";
import { FdpassDialer } from "./handoff/fdpass/fdpass_dialer.ts";
import type { ClientsPlace, Family, MovedConnection, Plan, RatesPlace, Report } from "./plan.ts";
import { newFamily } from "./core/family.ts";
import type { Ledger } from "./core/ledger.ts";

/** What a data plane is made with. */
export interface FrontOptions {
  readonly loop: Loop;
  /** What it calls itself to backends. */
  readonly name: string;
  readonly counters: Counters;
  /** Where others can see which descriptors it has. */
  readonly ledger?: Ledger;
  /** Where clients are counted together with the other Workers. */
  readonly rates?: RatesPlace;
  readonly clients?: ClientsPlace;
  /** Which Worker of the front it is, counted from 1. */
  readonly worker?: number;
  /** Whether a supervisor keeps copies of its channels. */
  readonly supervised?: boolean;
  readonly plan: Plan;
  /** Its own unless given. */
  readonly family?: Family;
  /** Takes what people should know. */
  readonly report: (report: Report) => void;
}

/** One data plane: its parts, and the plan that it works by. */
export class Front {
  readonly #core: Core;
  readonly #flow: Flow;
  readonly #users = new AllowedUsers();
  readonly #announcements: Announcements;
  readonly #backends: Backends;
  #drained = false;
  /** Somebody wants to hear when no hand-off is under way. */
  #leaves = false;

  constructor({ name, plan, family = newFamily(), ...rest }: FrontOptions) {
    const core = this.#core = new Core({ ...rest, limits: plan.limits });
    const flow = this.#flow = new Flow(core, family.key, () => this.#emptied());
    this.#announcements = new Announcements(name, family.name, plan.backendCounters !== undefined);
    const dialers = [
      new FdpassDialer(core, flow, this.#users, this.#announcements),
      new ApacheDialer(core, flow, this.#users),
    ];
    this.#backends = new Backends({ core, waiters: flow.dispatch, dialers, accepting: flow.acceptors });
    this.apply(plan);
  }

  /** The connections that it owns. */
  get pool(): ConnectionPool {
    return this.#flow.pool;
  }

  /** Goes on by another plan: keeps the listeners and channels that both have, ends and starts the others. */
  apply(plan: Plan): void {
    const { limits, generation, listeners, backends, allowUsers, errorDocuments } = plan;
    const flow = this.#flow;
    // First: whoever has connected at a listener that goes has done so under the plan that had it.
    flow.acceptors.stopOthers(listeners);
    this.#core.apply(limits);
    this.#announcements.apply(generation, limits, plan.trust, this.#core.rates.requests);
    this.#users.apply(allowUsers);
    this.#backends.apply(backends, plan.backendCounters);
    flow.apply(limits);
    flow.endings.lines.apply(plan.accessLogs, limits, listeners);
    flow.acceptors.apply(listeners);
    flow.inquiries.memory.forget();
    flow.routing.apply(
      listeners,
      errorDocuments,
      (route) => this.#backends.groupOf(route),
      flow.inquiries.memory,
      plan.trust,
    );
    flow.moveFromGoneListeners();
    this.#backends.connect();
    flow.reroute();
  }

  /** Something has been found out. */
  answered(key: string, finding: Finding): void {
    this.#flow.answered(key, finding);
  }

  /** Opens logs anew. */
  reopen(): void {
    this.#flow.endings.lines.reopen();
  }

  /**
   * Accepts nothing more, lets what is under way come to its end, then reports that it has drained.
   *
   * @param keepsIdle lets connections go, rather than close them, on which nobody asks anything
   */
  drain(keepsIdle = false): void {
    if (!this.#core.stopping) this.#flow.drain(keepsIdle);
  }

  /** Accepts and looks at nothing any more, and lets all connections go: those that the front owns now, and later ones. */
  surrender(): void {
    this.#flow.acceptors.pause(this);
    this.#core.report({ type: "surrendered", connections: this.#flow.moving.begin() });
  }

  /** It came to nothing, or the other front has died: accepts again, and has channels. */
  resume(): void {
    this.#flow.moving.away = this.#core.stopping = false;
    this.#backends.goOn();
    this.#flow.acceptors.resume(this);
  }

  /** Takes connections in. @param totals what another front has counted: goes on here */
  takeIn(connections: readonly MovedConnection[], totals: Readonly<Record<string, number>> = {}): void {
    this.#core.counters.goOn(totals);
    for (const moved of connections) this.#flow.moving.takeIn(moved);
  }

  /**
   * Reports that it has left as soon as no hand-off is under way.
   *
   * @param kept the keys of the listeners that another front has; who waits at others is taken in, and goes by this plan
   * @param now gives up hand-offs
   */
  leave(kept: readonly string[], now: boolean): void {
    const { acceptors, moving } = this.#flow;
    moving.away = false;
    acceptors.stopOthers(kept.map((key) => ({ key })));
    this.#core.report({ type: "moved", connections: moving.begin() });
    this.#core.stopping = this.#leaves = true;
    if (now) {
      for (const { state, channel } of this.pool.all) {
        if (state === "handed") channel!.end("the front is succeeded by another one");
      }
    }
    this.#flow.endings.checkEmpty();
  }

  #left(): void {
    if (!this.#leaves) return;
    this.#leaves = false;
    this.#core.report({ type: "left" });
  }

  /** Another front has everything: ends the channels. */
  farewell(): void {
    this.#backends.stop("another front goes on", BYE_SUCCEEDED);
    this.#flow.endings.lines.flush();
    this.#core.report({ type: "drained" });
  }

  /** The last connection of a front that stops has gone: so does the front. */
  #emptied(): void {
    if (this.#flow.moving.away) return this.#left();
    if (this.#drained) return;
    this.#drained = true;
    this.#backends.stop("the front stops", BYE_STOPPING);
    this.#flow.endings.lines.flush();
    this.#core.report({ type: "drained" });
  }
}
