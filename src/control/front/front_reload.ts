/** Has a front go by its configuration as it is now. */

import type { Config } from "../../config/config.ts";
import { type ControlAnswer, DONE, FAILED } from "../../protocol/control.ts";
import type { Log } from "../log/log.ts";
import { Reloader } from "../processes/reloader.ts";
import { configurationStays, runReload } from "../processes/run_reload.ts";
import type { FrontListeners } from "./front_listeners.ts";
import type { Observed } from "./front_status.ts";
import type { InForce } from "./in_force.ts";

/** The front. */
export interface Reloaded {
  readonly inForce: InForce;
  readonly listeners: FrontListeners;
  readonly observed: Observed;
  readonly log: Log;
  /** Reads the configuration; undefined where it came from a pipe. */
  readonly read: (() => Promise<Config>) | undefined;
  /** Settles when the Workers are. */
  ready(): Promise<void>;
  /** Whether it comes to its end. */
  stopping(): boolean;
}

/** One reload at a time: what was read first must not be applied last. */
export class FrontReload {
  readonly #reloader = new Reloader(() => this.#reload());

  constructor(readonly place: Reloaded) {}

  /** Whether one is under way. */
  get busy(): boolean {
    return this.#reloader.busy;
  }

  /** Somebody asks for one by a signal, and gets no answer. */
  asked(): void {
    if (this.#reloader.busy && !this.#reloader.waiting) {
      this.place.log.info(
        "reload-waits",
        "SIGHUP during a reload: the configuration will be read once more after it",
      );
    }
  }

  /** Begins one, now or after the one that is under way. @returns what has become of it */
  request(): Promise<ControlAnswer> {
    return this.#reloader.request();
  }

  async #reload(): Promise<ControlAnswer> {
    await this.place.ready();
    const answer = await runReload({
      stopping: this.place.stopping,
      apply: () => this.#readAgain(),
      failed: configurationStays(this.place.log),
      status: () => `Serving on ${this.place.listeners.addresses}`,
    });
    this.place.observed.reloaded(answer.code === DONE);
    return answer;
  }

  async #readAgain(): Promise<ControlAnswer | void> {
    if (this.place.read === undefined) {
      const text = "the configuration came from a pipe and cannot be read again; it stays as it is";
      this.place.log.warn("reload-impossible", text);
      return { code: FAILED, text };
    }
    const config = await this.place.read();
    // Workers that drain must not be given listeners to open.
    if (this.place.stopping()) return;
    await this.place.inForce.apply(config);
    this.place.log.info("configuration-applied", "configuration read again; serving on {addresses}", {
      addresses: this.place.listeners.addresses,
    });
    return { code: DONE, text: `serving on ${this.place.listeners.addresses}` };
  }
}
