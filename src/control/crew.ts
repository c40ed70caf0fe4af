/** The worker processes of a backend, and their successors. */

import type { Logger } from "@logtape/logtape";
import { type Child, GRACE } from "./child.ts";
import { Children } from "./children.ts";
import { reasonOf } from "./failure.ts";
import { notify, notifyReloading } from "./notify.ts";
import { Reloads } from "./reloads.ts";
import type { CommandLine } from "./self.ts";

/** How workers are run. */
export interface CrewOptions {
  readonly count: number;
  /** What starts the worker of this index. */
  readonly command: (index: number) => CommandLine;
  readonly log: Logger;
  /** Milliseconds that draining may take. */
  readonly drainTimeout: number;
}

/** The worker processes: as many as there should be, and those that they have replaced and that still serve. */
export class Crew {
  readonly workers: Child[];
  readonly #children = new Children();
  readonly #reloads = new Reloads(() => this.#replace());

  constructor(readonly options: CrewOptions) {
    this.workers = Array.from({ length: options.count }, (_, index) => this.#start(index));
  }

  #start(index: number): Child {
    const { command, log, drainTimeout } = this.options;
    return this.#children.start({
      ...command(index),
      name: `worker ${index + 1}`,
      log,
      killAfter: drainTimeout + GRACE,
      hidesReady: true,
    });
  }

  /** Has every worker replaced by one that loads the module afresh. */
  reload(): void {
    this.#reloads.request();
  }

  /**
   * One after another, and each only when its successor is ready: a front always finds as many as before. One that leaves
   * lets its fronts go to the dealer, which sends them to the one that has come.
   */
  async #replace(): Promise<void> {
    if (this.#children.stopping) return;
    notifyReloading();
    for (const [index, before] of this.workers.entries()) {
      let next: Child | undefined;
      try {
        next = this.#start(index);
        await next.ready;
      } catch (error) {
        if (next !== undefined) void this.#children.retire([next]);
        if (this.#children.stopping) return;
        this.options.log.error("{reason}; the workers that serve go on with the module that they have", {
          reason: reasonOf(error),
        });
        break;
      }
      if (this.#children.stopping) return;
      this.workers[index] = next;
      this.options.log.info("process {process} has loaded the module afresh and serves from now on", {
        process: next.pid,
      });
      // Finishing what it serves may take it long.
      void this.#children.retire([before]);
    }
    notify("READY=1");
  }

  /** Ends all in good order. @returns when they have ended */
  stop(): Promise<void> {
    return this.#children.stop();
  }

  /** Ends all at once and by force. */
  kill(): void {
    this.#children.kill();
  }
}
