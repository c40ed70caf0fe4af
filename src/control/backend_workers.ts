/** `fdpass backend --workers N`: N processes behind one path, and the one that listens for them. */

import type { Logger } from "@logtape/logtape";
import { Dealer } from "../backend/dealer.ts";
import type { ListenerOptions } from "../backend/listener.ts";
import type { BackendKind } from "../config/config.ts";
import { Loop } from "../loop/loop.ts";
import { Child, GRACE } from "./child.ts";
import { reasonOf } from "./failure.ts";
import { logOf, print } from "./log.ts";
import { notify, notifyReloading } from "./notify.ts";
import { programOf } from "./kinds/programs.ts";
import { Reloads } from "./reloads.ts";
import { selfCommand } from "./self.ts";
import { handleSignals } from "./signals.ts";

/** How a backend of several processes is run. */
export interface BackendWorkersOptions extends ListenerOptions {
  readonly socket: string;
  readonly name: string;
  readonly runs: BackendKind;
  readonly workers: number;
  readonly allowUsers: readonly number[];
  /** Milliseconds that draining may take. */
  readonly drainTimeout: number;
  /** Whether a supervisor ends this process. */
  readonly supervised?: boolean;
}

function workerArguments(options: BackendWorkersOptions, door: string, index: number): string[] {
  const { runs } = options;
  return [
    "backend",
    "--socket",
    door,
    "--worker-of",
    String(options.workers),
    ...programOf(runs).arguments(runs),
    "--name",
    `${options.name}.${index + 1}`,
    "--drain-timeout",
    `${options.drainTimeout}ms`,
    ...options.allowUsers.flatMap((user) => ["--allow-user", String(user)]),
    "--with-parent",
    String(Deno.pid),
  ];
}

/**
 * Runs the workers of a backend until told to stop.
 *
 * @returns the exit code
 * @throws {ListenError} when the path cannot be had
 */
export async function runBackendWorkers(options: BackendWorkersOptions): Promise<number> {
  const log = logOf(`backend ${options.name}`);
  const loop = new Loop();
  const door = `${options.socket.slice(0, options.socket.lastIndexOf("/") + 1)}.${Deno.pid}.door`;
  const dealer = new Dealer(loop, options.socket, door, options, {
    workerReady: (process) => log.info("worker process {process} is ready", { process }),
  });
  const crew = new Crew(options, door, log);
  const { workers } = crew;
  const ended = Promise.withResolvers<number>();
  let stopping = false;
  handleSignals({
    drain: (signal) => {
      stopping = true;
      log.info("{signal}: the workers finish what they serve", { signal });
      notify("STOPPING=1");
      ended.resolve(0);
    },
    // What others serve with does not change under them.
    ...options.runs.kind === "fetch" && { reload: () => crew.reload() },
    abandon: () => crew.kill(),
  }, options.supervised);
  loop.run().catch((error) => {
    log.fatal("the backend ended by an error: {error}", { error });
    ended.resolve(1);
  });
  Promise.all(workers.map(({ ready }) => ready)).then(() => {
    print(`fdpass backend ${options.name} ready on ${options.socket}`);
    notify("READY=1");
  }, (error) => {
    if (stopping) return;
    log.error("{reason}; stopping", { reason: reasonOf(error) });
    ended.resolve(2);
  });
  const code = await ended.promise;
  dealer.close();
  await crew.stop();
  loop.stop();
  return code;
}

/** The worker processes: as many as there should be, and those that they have replaced and that still serve. */
class Crew {
  readonly workers: Child[];
  /** All that were started and have not been seen to end. */
  readonly #children = new Set<Child>();
  #stopping = false;
  readonly #reloads = new Reloads(() => this.#replace());

  constructor(readonly options: BackendWorkersOptions, readonly door: string, readonly log: Logger) {
    this.workers = Array.from({ length: options.workers }, (_, index) => this.#start(index));
  }

  #start(index: number): Child {
    const { options, door, log } = this;
    const child = new Child({
      ...selfCommand(options.runs, workerArguments(options, door, index)),
      name: `worker ${index + 1}`,
      log,
      killAfter: options.drainTimeout + GRACE,
      hidesReady: true,
    });
    this.#children.add(child);
    return child;
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
    if (this.#stopping) return;
    notifyReloading();
    for (const [index, before] of this.workers.entries()) {
      let next: Child | undefined;
      try {
        next = this.#start(index);
        await next.ready;
      } catch (error) {
        if (next !== undefined) void this.#end(next);
        if (this.#stopping) return;
        this.log.error("{reason}; the workers that serve go on with the module that they have", {
          reason: reasonOf(error),
        });
        break;
      }
      if (this.#stopping) return;
      this.workers[index] = next;
      this.log.info("process {process} has loaded the module afresh and serves from now on", {
        process: next.pid,
      });
      // Finishing what it serves may take it long.
      void this.#end(before);
    }
    notify("READY=1");
  }

  async #end(child: Child): Promise<void> {
    await child.stop();
    this.#children.delete(child);
  }

  /** Ends all in good order. @returns when they have ended */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#children].map((child) => this.#end(child)));
  }

  /** Ends all at once and by force. */
  kill(): void {
    this.#stopping = true;
    for (const child of this.#children) child.kill();
  }
}
