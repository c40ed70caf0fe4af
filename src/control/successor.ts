/** `fdpass backend --fetch` on SIGHUP: another process loads the module afresh and takes the path over from this one. */

import type { Logger } from "@logtape/logtape";
import { type Child, GRACE } from "./child.ts";
import { Children } from "./children.ts";
import { reasonOf } from "./failure.ts";
import { notify, notifyReloading } from "./notify.ts";
import { Reloads } from "./reloads.ts";
import { sameCommand } from "./self.ts";

/** What a successor needs to know. */
export interface SuccessorOptions {
  readonly name: string;
  readonly log: Logger;
  /** Milliseconds that draining may take. */
  readonly drainTimeout: number;
  /** Finishes what this process serves itself: called once, when the first successor is ready. */
  readonly retire: () => void;
}

/**
 * The process that serves in the place of this one. The number of this process stays, for whoever has started it and
 * signals it; from the first SIGHUP on it serves nothing new itself and looks after its successor.
 */
export class Successor {
  #current: Child | undefined;
  readonly #children = new Children();
  readonly #reloads = new Reloads(() => this.#reload());

  constructor(readonly options: SuccessorOptions) {}

  /** Whether there is one, so that this process does not end when it has nothing more to serve. */
  get exists(): boolean {
    return this.#current !== undefined;
  }

  /** Has the module loaded afresh. */
  reload(): void {
    this.#reloads.request();
  }

  async #reload(): Promise<void> {
    if (this.#children.stopping) return;
    const { name, log, drainTimeout, retire } = this.options;
    notifyReloading();
    let next: Child | undefined;
    try {
      next = this.#children.start({
        ...sameCommand(["--take-over", "--with-parent", String(Deno.pid)]),
        name: `the new process of ${name}`,
        log,
        killAfter: drainTimeout + GRACE,
        hidesReady: true,
      });
      await next.ready;
    } catch (error) {
      if (next !== undefined) void this.#children.retire([next]);
      if (this.#children.stopping) return;
      log.error("{reason}; the process that serves goes on with the module that it has", {
        reason: reasonOf(error),
      });
      return notify("READY=1");
    }
    // Told to stop meanwhile: whoever does that ends this one as well.
    if (this.#children.stopping) return;
    const before = this.#current;
    this.#current = next;
    log.info("process {process} has loaded the module afresh and serves from now on", { process: next.pid });
    // Finishing what they serve may take them long. Another reload need not wait for that.
    if (before === undefined) retire();
    else void this.#children.retire([before]);
    notify("READY=1");
  }

  /** Ends them in good order. @returns when they have ended */
  stop(): Promise<void> {
    return this.#children.stop();
  }

  /** Ends them at once and by force. */
  kill(): void {
    this.#children.kill();
  }
}
