/**
 * `fdpass backend --fetch` on SIGHUP: another process loads the module afresh and takes the path over from this one.
 * What `up` does with its backends on SIGHUP is in ../up/declared_backends.ts.
 */

import { adopt, type Descriptor, duplicate, expect } from "../../../ffi/mod.ts";
import type { ControlAnswer } from "../../protocol/control.ts";
import type { Log } from "../log/log.ts";
import { sameCommand } from "../processes/own_command.ts";
import { ProcessSet } from "../processes/process_set.ts";
import { Reloader } from "../processes/reloader.ts";
import { runReload } from "../processes/run_reload.ts";
import { givenArguments } from "./given_listener.ts";
import { GRACE, type SupervisedProcess } from "../processes/supervised_process.ts";

/** What a replacement needs to know. */
export interface ReplacementOptions {
  readonly name: string;
  readonly log: Log;
  /** Milliseconds that draining may take. */
  readonly drainTimeout: number;
  /** Finishes what this process serves itself: called once, when the first replacement is ready. */
  readonly retire: () => void;
  /** What a service manager listens at for it; lent. Another socket at the path would take that one's place. */
  readonly given?: Descriptor;
}

/**
 * The process that serves in the place of this one. The number of this process stays, for whoever has started it and
 * signals it; from the first SIGHUP on it serves nothing new itself and looks after its replacement.
 */
export class Replacement {
  #current: SupervisedProcess | undefined;
  readonly #processes = new ProcessSet();
  readonly #reloader = new Reloader(() => this.#reload());
  /** For each that is to come, whoever has closed the other one. */
  readonly #given: Descriptor | undefined;

  constructor(readonly options: ReplacementOptions) {
    const { given } = options;
    if (given !== undefined) this.#given = adopt(expect(duplicate(given), "Cannot keep a socket"));
  }

  /** Whether there is one, so that this process does not end when it has nothing more to serve. */
  get exists(): boolean {
    return this.#current !== undefined;
  }

  /** Has the module loaded afresh. */
  reload(): void {
    void this.#reloader.request();
  }

  #reload(): Promise<ControlAnswer> {
    const { log } = this.options;
    return runReload({
      stopping: () => this.#processes.stopping,
      apply: () => this.#replace(),
      failed: (reason) =>
        log.error("reload-failed", "{reason}; the process that serves goes on with the module that it has", {
          reason,
        }),
    });
  }

  async #replace(): Promise<void> {
    const { name, log, drainTimeout, retire } = this.options;
    const next = this.#processes.start({
      ...sameCommand(["--take-over", "--with-parent", String(Deno.pid), ...givenArguments(this.#given)]),
      ...this.#given === undefined ? {} : { inherits: this.#given },
      name: `the new process of ${name}`,
      log,
      killAfter: drainTimeout + GRACE,
      hidesReady: true,
    });
    await this.#processes.ready(next);
    // Told to stop meanwhile: whoever does that ends this one as well.
    if (this.#processes.stopping) return;
    const before = this.#current;
    this.#current = next;
    log.info("module-reloaded", "process {process} has loaded the module afresh and serves from now on", {
      process: next.pid,
    });
    // Finishing what they serve may take them long. Another reload need not wait for that.
    if (before === undefined) retire();
    else void this.#processes.retire([before]);
  }

  /** Ends them in good order. @returns when they have ended */
  stop(): Promise<void> {
    return this.#processes.stop();
  }

  /** Ends them at once and by force. */
  kill(): void {
    this.#processes.kill();
  }
}
