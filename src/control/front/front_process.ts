/** `fdpass front`: the control plane of a front. Configuration, Workers, signals, messages. */

import { raiseDescriptorLimit } from "../../../ffi/mod.ts";
import type { Config } from "../../config/config.ts";
import type { Plan, Report } from "../../front/plan.ts";
import { AdminPlace } from "../admin/admin_place.ts";
import { logOf, print, reopenMessages } from "../log/log.ts";
import { followMessages, LogPrograms, type LogTargets } from "../log/log_targets.ts";
import { accessLogRules } from "../../config/access_logs.ts";
import type { AccessLogRules } from "../../logs/rules.ts";
import { Loop } from "../../loop/loop.ts";
import { type ControlAnswer, DONE, FAILED, REFUSED } from "../../protocol/control.ts";
import { PrivateDirectory } from "../processes/private_directory.ts";
import { notify } from "../processes/notify.ts";
import { Reloader } from "../processes/reloader.ts";
import { configurationStays, runReload } from "../processes/run_reload.ts";
import { handleSignals } from "../processes/signals.ts";
import { givenToThisProcess, tellLeft } from "../listening/given_sockets.ts";
import { KeptListeners } from "../listening/kept_listeners.ts";
import { OwnListeners } from "../listening/listener_source.ts";
import { listenerKey } from "../listening/open_listener.ts";
import { type ControlPlace, openControlSocket } from "../socket/control_path.ts";
import type { ControlSocket } from "../socket/control_socket.ts";
import { Barrier } from "./barrier.ts";
import { type Commanded, obeying } from "./commands.ts";
import { FrontListeners } from "./front_listeners.ts";
import { Inquirer } from "./inquirer.ts";
import { objection, withoutDrained } from "./drained.ts";
import { type FrontStatus, Observed } from "./front_status.ts";
import { checkPermission } from "./permission.ts";
import { logReport } from "./reports.ts";
import { WorkerHandle } from "./worker_handle.ts";

/** How a front is run. */
export interface FrontOptions {
  /** Data-plane Workers. */
  readonly workers: number;
  /** Where commands are taken. */
  readonly control: ControlPlace;
  /** Where a supervisor is asked for listening sockets; without one this process opens them. */
  readonly keeper?: string | undefined;
  /** Who runs the programs that logs go to; this process unless given. */
  readonly logTargets?: LogTargets | undefined;
  /** Whether a supervisor ends this process. */
  readonly supervised?: boolean;
  /** Reads the configuration again, for SIGHUP; absent where it came from a pipe. */
  readonly reload?: () => Promise<Config>;
}

/** One front and its Workers. */
class FrontProcess implements Commanded {
  readonly #log = logOf("front");
  readonly #handles: WorkerHandle[] = [];
  readonly #workers: Barrier;
  /** One reload at a time: what was read first must not be applied last. */
  readonly #reloader = new Reloader(() => this.#reload());
  /** Of the control plane: it waits beside promises. */
  readonly #loop = new Loop();
  #control: ControlSocket | undefined;
  readonly #admin = new AdminPlace(this.#loop, this, this.#log);
  readonly #inquirer = new Inquirer((reason) => {
    this.#log.error("passwords-failed", "passwords could not be checked: {reason}", { reason });
  });
  readonly #listeners: FrontListeners;
  /** Where the lines go of what the front answers itself. */
  #accessLogs: AccessLogRules | undefined;
  readonly #directory: PrivateDirectory;
  readonly #programs: LogPrograms;
  readonly #observed: Observed;
  /** Backends that somebody has asked to drain. */
  #drainedBackends: ReadonlySet<string> = new Set();
  #applied: Promise<void> = Promise.resolve();
  #generation = 1;
  #stopping = false;
  #ready: Promise<void> = Promise.resolve();
  readonly ended = Promise.withResolvers<number>();

  constructor(private config: Config, readonly options: FrontOptions) {
    this.#directory = new PrivateDirectory(options.control.runDirectory);
    this.#programs = new LogPrograms(this.#loop, this.#directory, this.#log);
    this.#workers = new Barrier(options.workers);
    const source = options.keeper === undefined
      ? new OwnListeners(givenToThisProcess())
      : new KeptListeners(this.#loop, options.keeper);
    this.#listeners = new FrontListeners(source, options.workers);
    this.#observed = new Observed(options.workers);
  }

  /** Opens the listeners, starts the Workers, and says so when they serve. */
  async start(): Promise<void> {
    checkPermission();
    raiseDescriptorLimit();
    this.#control = openControlSocket(this.#loop, this.options.control, obeying(this), this.#log);
    void this.#loop.run();
    this.#accessLogs = this.#logsOf(this.config);
    followMessages(this.config, this.#targets);
    await this.#listen(this.config);
    tellLeft(givenToThisProcess(), this.#log);
    this.#ready = this.#workers.expect("ready");
    for (let index = 0; index < this.options.workers; index++) {
      const name = `front ${Deno.pid}.${index + 1}`;
      const plan = this.#plan(index);
      this.#handles.push(
        new WorkerHandle(
          name,
          index + 1,
          plan,
          (report) => this.#reported(report, index),
          (reason) => this.#failed(reason),
        ),
      );
    }
    this.#listeners.dealt();
    handleSignals(
      {
        drain: (signal) => void this.#drain(signal),
        reload: () => this.#reloadAsked(),
        reopen: () => this.reopen(),
      },
      this.options.supervised,
    );
    // A Worker that cannot start never becomes ready.
    await Promise.race([this.#ready, this.ended.promise]);
    if (this.#handles.some(({ ready }) => !ready)) return;
    print(`fdpass front ready on ${this.#addresses}`);
    notify(`READY=1\nSTATUS=Serving on ${this.#addresses}`);
  }

  #listen(config: Config): Promise<void> {
    this.#observed.pages.allow(config);
    return this.#admin.apply(config.admin, () => this.#listeners.change(config.listeners));
  }

  /** What one Worker is told. */
  #plan(worker: number): Plan {
    const { backends, limits, allowUsers, errorDocuments, trust } = this.config;
    return {
      listeners: withoutDrained(this.config, this.#drainedBackends).map((listener) => {
        const key = listenerKey(listener);
        const { host: _, port: __, ...rest } = listener;
        return { key, fds: this.#listeners.shareOf(key, worker), ...rest };
      }),
      backends,
      limits,
      allowUsers,
      ...errorDocuments === undefined ? {} : { errorDocuments },
      ...trust === undefined ? {} : { trust },
      accessLogs: this.#accessLogs,
      backendCounters: this.#observed.tallies.memory(worker, backends.map(({ name }) => name)),
      generation: this.#generation,
    };
  }

  #reported(report: Report, index: number): void {
    if (report.type === "question") {
      const { key, question, client } = report;
      return this.#inquirer.ask(question, client, (finding) => {
        this.#handles[index]!.tell({ type: "answered", key, finding });
      });
    }
    this.#workers.reported(report.type);
    this.#observed.take(report, index);
    logReport(this.#log, report);
  }

  #failed(reason: string): void {
    this.#log.fatal("ended-by-error", "a Worker ended by an error: {reason}", { reason });
    this.ended.resolve(1);
  }

  #reloadAsked(): void {
    if (this.#reloader.busy && !this.#reloader.waiting) {
      this.#log.info(
        "reload-waits",
        "SIGHUP during a reload: the configuration will be read once more after it",
      );
    }
    void this.reload();
  }

  /** Reads the configuration again. @returns what has become of that */
  reload(): Promise<ControlAnswer> {
    return this.#reloader.request();
  }

  async #reload(): Promise<ControlAnswer> {
    await this.#ready;
    const answer = await runReload({
      stopping: () => this.#stopping,
      apply: () => this.#readAgain(),
      failed: configurationStays(this.#log),
      status: () => `Serving on ${this.#addresses}`,
    });
    this.#observed.reloaded(answer.code === DONE);
    return answer;
  }

  async #readAgain(): Promise<ControlAnswer | void> {
    if (this.options.reload === undefined) {
      const text = "the configuration came from a pipe and cannot be read again; it stays as it is";
      this.#log.warn("reload-impossible", text);
      return { code: FAILED, text };
    }
    const config = await this.options.reload();
    // Workers that drain must not be given listeners to open.
    if (this.#stopping) return;
    await this.#apply(config);
    this.#log.info("configuration-applied", "configuration read again; serving on {addresses}", {
      addresses: this.#addresses,
    });
    return { code: DONE, text: `serving on ${this.#addresses}` };
  }

  /** Settles when every Worker goes by this configuration. */
  #apply(config: Config): Promise<void> {
    const run = this.#applied.then(() => this.#applyNow(config));
    // One after another, whatever becomes of it.
    this.#applied = run.catch(() => {});
    return run;
  }

  async #applyNow(config: Config): Promise<void> {
    const accessLogs = this.#logsOf(config);
    await this.#listen(config);
    this.config = config;
    this.#accessLogs = accessLogs;
    this.#generation++;
    const applied = this.#workers.expect("applied");
    this.#handles.forEach((handle, index) => handle.tell({ type: "plan", plan: this.#plan(index) }));
    this.#listeners.dealt();
    await applied;
    followMessages(config, this.#targets);
    this.#programs.keep(config);
  }

  get #addresses(): string {
    return this.#listeners.addresses;
  }

  /** Opens logs anew. */
  reopen(): void {
    reopenMessages();
    for (const handle of this.#handles) if (handle.ready) handle.tell({ type: "reopen" });
  }

  /** How it is. */
  status(): FrontStatus {
    const listeners = this.#listeners.open.map(({ address }) => address);
    const counters = this.#handles.map((handle) => handle.counters);
    return this.#observed.status(this.config, this.#drainedBackends, counters, {
      generation: this.#generation,
      listeners,
      draining: this.#stopping,
    });
  }

  /** Hands nothing new to a backend, or does so again: its kept connections too go elsewhere with their next request. */
  async drainBackend(name: string, on: boolean, force = false): Promise<ControlAnswer> {
    await this.#ready;
    const why = objection(this.config, this.#drainedBackends, name);
    if (why?.startsWith("Cannot find") || on && !force && why !== undefined) {
      return { code: why!.startsWith("Cannot find") ? REFUSED : FAILED, text: why! };
    }
    const names = this.#drainedBackends;
    this.#drainedBackends = new Set(on ? [...names, name] : [...names].filter((other) => other !== name));
    await this.#apply(this.config);
    return { code: DONE, text: on ? `${name} gets nothing new` : `${name} gets connections again` };
  }

  /** @throws {CommandError | ErrnoError} where a program that a log goes to cannot be started */
  #logsOf(config: Config): AccessLogRules | undefined {
    return this.#targets.resolve(accessLogRules(config));
  }

  get #targets(): LogTargets {
    return this.options.logTargets ?? this.#programs;
  }

  /** Ends what is not the Workers'. */
  async close(): Promise<void> {
    this.#admin.close();
    this.#observed.pages.close();
    this.#control?.close();
    await this.#programs.close();
    this.#directory.remove();
    this.#loop.stop();
  }

  async #drain(signal: string): Promise<void> {
    this.#stopping = true;
    await this.#ready;
    this.#log.info("stopping", "{signal}: finishing what is under way", { signal });
    notify("STOPPING=1");
    const drained = this.#workers.expect("drained");
    const late = setTimeout(() => {
      this.#log.warn("drain-late", "not everything came to an end in time; ending all the same");
      this.ended.resolve(0);
    }, this.config.limits.drainTimeout);
    for (const handle of this.#handles) handle.tell({ type: "drain" });
    await drained;
    clearTimeout(late);
    this.ended.resolve(0);
  }
}

/**
 * Runs a front until it is told to stop.
 *
 * @returns the exit code
 * @throws {ErrnoError} when an address cannot be listened on
 */
export async function runFront(config: Config, options: FrontOptions): Promise<number> {
  const front = new FrontProcess(config, options);
  try {
    await front.start();
    return await front.ended.promise;
  } finally {
    await front.close();
  }
}
