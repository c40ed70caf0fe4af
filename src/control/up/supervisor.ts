/** `fdpass up`: the front and every backend that the configuration declares, as processes that are kept running. */

import type { Config } from "../../config/config.ts";
import { reasonOf } from "../failure.ts";
import { logOf } from "../log/log.ts";
import { notify } from "../processes/notify.ts";
import { selfCommand } from "../processes/own_command.ts";
import { Reloader } from "../processes/reloader.ts";
import { configurationStays, runReload } from "../processes/run_reload.ts";
import { handleSignals } from "../processes/signals.ts";
import { GRACE, SupervisedProcess } from "../processes/supervised_process.ts";
import { DeclaredBackends } from "./declared_backends.ts";

/** How everything is run. */
export interface SupervisorOptions {
  /** What `fdpass front` is given as its configuration: a path, or `-` and the text for its standard input. */
  readonly source: string;
  readonly input?: string;
  /** Data-plane Workers of the front. */
  readonly workers: number;
  /** What the front is to look in for sockets, absolute. */
  readonly runDirectory?: string;
  /** Reads the configuration again, for SIGHUP; absent where it came from a pipe. */
  readonly reload?: () => Promise<Config>;
  /** Called once everything is ready. */
  readonly ready?: () => void;
}

/** Everything that one `up` runs. */
class Supervisor {
  readonly #log = logOf("up");
  readonly #backends = new DeclaredBackends();
  readonly #ended = Promise.withResolvers<number>();
  readonly #reloader = new Reloader(() => this.#reload());
  #front: SupervisedProcess | undefined;
  /** Settles when everything runs, or cannot: no reload before that. */
  #started: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(readonly config: Config, readonly options: SupervisorOptions) {}

  async run(): Promise<number> {
    handleSignals({
      drain: (signal) => {
        this.#log.info("{signal}: stopping everything", { signal });
        this.#stopping = true;
        this.#ended.resolve(0);
      },
      reload: () => {
        if (!this.#reloader.request()) {
          this.#log.info("SIGHUP during a reload: there will be another one after it");
        }
      },
      abandon: () => {
        this.#front?.kill();
        this.#backends.kill();
      },
    });
    this.#started = this.#start();
    const code = await this.#ended.promise;
    this.#stopping = true;
    notify("STOPPING=1");
    // The front first: it hands over what it has, and the backends finish that.
    await this.#front?.stop();
    await this.#backends.stop();
    return code;
  }

  async #start(): Promise<void> {
    const { config, options } = this;
    try {
      await this.#backends.start(config);
      if (this.#stopping) return;
      const { source, workers, input, runDirectory } = options;
      const args = ["front", source, "--workers", String(workers), "--with-parent", String(Deno.pid)];
      if (runDirectory !== undefined) args.push("--run-dir", runDirectory);
      // The Apache syntax may name any file, and the environment.
      const reads = config.syntax === "apache"
        ? ["--allow-read=/", "--allow-env"]
        : source === "-"
        ? []
        : [`--allow-read=${source}`];
      const front = this.#front = new SupervisedProcess({
        ...selfCommand("front", args, reads),
        name: "front",
        log: this.#log,
        ownGroup: true,
        killAfter: config.limits.drainTimeout + GRACE,
        ...input === undefined ? {} : { input },
      });
      await front.ready;
      if (this.#stopping) return;
      notify("READY=1");
      options.ready?.();
    } catch (error) {
      if (this.#stopping) return;
      this.#log.error("{reason}; stopping", { reason: reasonOf(error) });
      this.#ended.resolve(1);
    }
  }

  async #reload(): Promise<void> {
    await this.#started;
    await runReload({
      stopping: () => this.#stopping,
      apply: () => this.#follow(),
      failed: configurationStays(this.#log),
    });
  }

  async #follow(): Promise<void> {
    const next = await (this.options.reload?.() ?? this.config);
    const leaving = await this.#backends.follow(next);
    if (this.#stopping) return;
    if (this.options.reload !== undefined && this.#front !== undefined) {
      // It re-reads the file by itself; what it does not name any more may go then.
      this.#front.signal("SIGHUP");
      this.#front.killAfter = next.limits.drainTimeout + GRACE;
    }
    // Finishing what they serve may take them long. Another reload need not wait for that.
    void this.#backends.retire(leaving);
    this.#log.info("backends follow the configuration; handler modules are loaded afresh");
  }
}

/**
 * Runs everything until it is told to stop.
 *
 * @returns the exit code: 1 when something cannot start as it is configured
 */
export async function runSupervisor(config: Config, options: SupervisorOptions): Promise<number> {
  return await new Supervisor(config, options).run();
}
