/** What a front goes by: its configuration, and what was asked of it since. */

import type { Config } from "../../config/config.ts";
import { newFamily } from "../../front/core/family.ts";
import type { Family, Plan } from "../../front/plan.ts";
import type { AccessLogRules } from "../../logs/rules.ts";
import { type ControlAnswer, DONE } from "../../protocol/control.ts";
import type { AdminPlace } from "../admin/admin_place.ts";
import { listenerKey } from "../listening/open_listener.ts";
import { refuseDrain, withoutDrained } from "./drained.ts";
import type { Known } from "./front_store.ts";
import type { FrontLogs } from "./front_logs.ts";
import type { FrontListeners } from "./front_listeners.ts";
import type { Observed } from "./front_status.ts";
import type { WorkerGroup } from "./worker_group.ts";

/** What goes by it. */
export interface Followers {
  readonly workers: WorkerGroup;
  readonly listeners: FrontListeners;
  readonly admin: AdminPlace;
  readonly observed: Observed;
  readonly logs: FrontLogs;
}

/** The configuration in force, its number, and the backends that get nothing new. */
export class InForce {
  #known: Known = { generation: 1, family: newFamily() };
  /** Backends that somebody has asked to drain. */
  drained: ReadonlySet<string> = new Set();
  #accessLogs: AccessLogRules | undefined;
  #applied: Promise<void> = Promise.resolve();

  constructor(public config: Config, readonly followers: Followers) {
    // Before the first page: what is counted together is not counted apart later, too.
    followers.observed.pages.allow(config);
  }

  /** What backends know this front by. */
  get known(): Known {
    return this.#known;
  }

  /** Which configuration it is. */
  get generation(): number {
    return this.#known.generation;
  }

  /** What the Workers have in common. */
  get family(): Family {
    return this.#known.family;
  }

  /** Backends know this front as the one before, and that it may route otherwise. */
  goOnFrom(known: Known | undefined): void {
    if (known !== undefined) this.#known = { family: known.family, generation: known.generation + 1 };
  }

  /** Opens the logs of the first configuration. */
  openLogs(): void {
    this.#accessLogs = this.followers.logs.of(this.config);
    this.followers.logs.begin(this.config);
  }

  /** Opens the addresses of a configuration. @throws {Error} when one cannot be had; nothing has changed then */
  listen(config: Config = this.config): Promise<void> {
    const { admin, listeners, observed } = this.followers;
    observed.pages.allow(config);
    return admin.apply(config.admin, async () => {
      await listeners.change(config.listeners);
      await listeners.secure();
    });
  }

  /** What one Worker is told. */
  plan(worker: number): Plan {
    const { backends, limits, allowUsers, errorDocuments, trust } = this.config;
    const { listeners, observed: { tallies } } = this.followers;
    return {
      listeners: withoutDrained(this.config, this.drained).flatMap((listener) => {
        const key = listenerKey(listener);
        const { host: _, port: __, ...rest } = listener;
        // A front that takes over has none at first.
        if (!listeners.has(key)) return [];
        return { key, fds: listeners.shareOf(key, worker), ...rest };
      }),
      backends,
      limits,
      allowUsers,
      ...errorDocuments === undefined ? {} : { errorDocuments },
      ...trust === undefined ? {} : { trust },
      accessLogs: this.#accessLogs,
      backendCounters: tallies.memory(worker, backends.map(({ name }) => name)),
      generation: this.generation,
    };
  }

  /** Settles when every Worker goes by this configuration. */
  apply(config: Config): Promise<void> {
    const run = this.#applied.then(() => this.#applyNow(config));
    // One after another, whatever becomes of it.
    this.#applied = run.catch(() => {});
    return run;
  }

  async #applyNow(config: Config): Promise<void> {
    const { logs } = this.followers;
    let accessLogs: AccessLogRules | undefined;
    try {
      accessLogs = logs.of(config);
      await this.listen(config);
    } catch (error) {
      logs.stay(this.config);
      throw error;
    }
    this.config = config;
    this.#accessLogs = accessLogs;
    this.goOnFrom(this.#known);
    await this.tell();
    logs.follow(config);
  }

  /** Has every Worker go by what is in force. */
  async tell(): Promise<void> {
    const { workers, listeners } = this.followers;
    const applied = workers.apply((index) => this.plan(index));
    listeners.dealt();
    await applied;
  }

  /** Hands nothing new to a backend, or does so again: its kept connections too go elsewhere with their next request. */
  async drain(name: string, on: boolean, force: boolean): Promise<ControlAnswer> {
    const refusal = refuseDrain(this.config, this.drained, name, on && !force);
    if (refusal !== undefined) return refusal;
    const names = this.drained;
    this.drained = new Set(on ? [...names, name] : [...names].filter((other) => other !== name));
    await this.apply(this.config);
    return { code: DONE, text: on ? `${name} gets nothing new` : `${name} gets connections again` };
  }
}
