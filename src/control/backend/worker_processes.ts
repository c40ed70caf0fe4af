/** The worker processes of a dealer, and those that replace them on SIGHUP. */

import type { ControlAnswer } from "../../protocol/control.ts";
import type { Log } from "../log/log.ts";
import type { CommandLine } from "../processes/own_command.ts";
import { ProcessSet } from "../processes/process_set.ts";
import { Reloader } from "../processes/reloader.ts";
import { runReload } from "../processes/run_reload.ts";
import { GRACE, type SupervisedProcess } from "../processes/supervised_process.ts";

/** How workers are run. */
export interface WorkerProcessesOptions {
  readonly count: number;
  /** What starts the worker of this index. */
  readonly command: (index: number) => CommandLine;
  /** What each of them is instructed with at its start, if it is. */
  readonly instructions?: () => string;
  readonly log: Log;
  /** Milliseconds that draining may take. */
  readonly drainTimeout: number;
}

/** The worker processes: as many as there should be, and those that they have replaced and that still serve. */
export class WorkerProcesses {
  readonly workers: SupervisedProcess[];
  readonly #processes = new ProcessSet();
  readonly #reloader = new Reloader(() => this.#reload());

  constructor(readonly options: WorkerProcessesOptions) {
    this.workers = Array.from({ length: options.count }, (_, index) => this.#start(index));
  }

  #start(index: number): SupervisedProcess {
    const { command, instructions, log, drainTimeout } = this.options;
    return this.#processes.start({
      ...command(index),
      ...instructions === undefined ? {} : { instructions },
      name: `worker ${index + 1}`,
      log,
      killAfter: drainTimeout + GRACE,
      hidesReady: true,
    });
  }

  /** Has every worker replaced by one that loads the module afresh. */
  reload(): void {
    void this.#reloader.request();
  }

  #reload(): Promise<ControlAnswer> {
    const { log } = this.options;
    return runReload({
      stopping: () => this.#processes.stopping,
      apply: () => this.#replaceAll(),
      failed: (reason) =>
        log.error("reload-failed", "{reason}; the workers that serve go on with the module that they have", {
          reason,
        }),
    });
  }

  /**
   * One after another, and each only when its replacement is ready: a front always finds as many as before. One that
   * leaves lets its fronts go to the dealer, which sends them to the one that has come.
   */
  async #replaceAll(): Promise<void> {
    for (const [index, before] of this.workers.entries()) {
      const next = this.#start(index);
      await this.#processes.ready(next);
      if (this.#processes.stopping) return;
      this.workers[index] = next;
      this.options.log.info(
        "module-reloaded",
        "process {process} has loaded the module afresh and serves from now on",
        {
          process: next.pid,
        },
      );
      // Finishing what it serves may take it long.
      void this.#processes.retire([before]);
    }
  }

  /** Has all of them open their logs anew. */
  reopen(): void {
    this.#processes.reopen();
  }

  /** Ends all in good order. @returns when they have ended */
  stop(): Promise<void> {
    return this.#processes.stop();
  }

  /** Ends all at once and by force. */
  kill(): void {
    this.#processes.kill();
  }
}
