/** `fdpass up`: the front and every backend that the configuration declares, as processes that are kept running. */

import type { Config } from "../../config/config.ts";
import { Loop } from "../../loop/loop.ts";
import { type ControlAnswer, type ControlRequest, DONE, FAILED, REFUSED } from "../../protocol/control.ts";
import { reasonOf } from "../failure.ts";
import { givenToThisProcess } from "../listening/given_sockets.ts";
import { ListenerKeeper } from "../listening/keeper.ts";
import { ownSource } from "../listening/stored_listeners.ts";
import { directMessages, endMessages, logOf, reopenMessages } from "../log/log.ts";
import { LogPrograms, resolveMessages } from "../log/log_targets.ts";
import { notify } from "../processes/notify.ts";
import { PrivateDirectory } from "../processes/private_directory.ts";
import { Reloader } from "../processes/reloader.ts";
import { configurationStays, runReload } from "../processes/run_reload.ts";
import { handleSignals } from "../processes/signals.ts";
import { GRACE, SupervisedProcess, type SupervisedProcessOptions } from "../processes/supervised_process.ts";
import { ControlConnection } from "../socket/ask.ts";
import { openControlSocket } from "../socket/control_path.ts";
import type { ControlSocket } from "../socket/control_socket.ts";
import { giveSignsOfLife } from "../processes/watchdog.ts";
import { UPGRADE } from "../take_over/succession.ts";
import { frontOptions } from "./front_options.ts";
import { HungFronts } from "./hung_fronts.ts";
import { findConnections, leaveConnections } from "./left_connections.ts";
import { replaceFront } from "./replace_front.ts";
import type { SupervisorOptions } from "./supervisor_options.ts";
import { type AddedBackends, DeclaredBackends } from "./declared_backends.ts";

/** Everything that one `up` runs. */
class Supervisor {
  readonly #log = logOf("up");
  readonly #ended = Promise.withResolvers<number>();
  readonly #reloader = new Reloader(() => this.#reload());
  #upgrading = false;
  readonly #loop = new Loop();
  readonly #directory: PrivateDirectory;
  /** The programs that logs go to. */
  readonly #logs: LogPrograms;
  readonly #backends: DeclaredBackends;
  #control: ControlSocket | undefined;
  /** Has the sockets that the front listens at: a front that is killed leaves a queue, not a closed port. */
  #keeper: ListenerKeeper | undefined;
  readonly #hungFronts = new HungFronts((process, seconds) => this.#hangs(process, seconds));
  #config: Config;
  #front: SupervisedProcess | undefined;
  /** Settles when everything runs, or cannot: no reload before that. */
  #started: Promise<void> = Promise.resolve();
  #stopping = false;
  /** Tells the service manager that this process lives. */
  #alive: ReturnType<typeof setInterval> | undefined;

  /** @param config the one in force, if all of it can start */
  constructor(config: Config, readonly options: SupervisorOptions) {
    this.#config = config;
    this.#directory = new PrivateDirectory(options.control.runDirectory);
    this.#logs = new LogPrograms(this.#loop, this.#directory, this.#log);
    this.#backends = new DeclaredBackends(this.#logs, givenToThisProcess());
  }

  async run(): Promise<number> {
    this.#control = openControlSocket(
      this.#loop,
      this.options.control,
      (request) => this.#obey(request),
      this.#log,
    );
    void this.#loop.run();
    handleSignals({
      drain: (signal) => {
        this.#log.info("stopping", "{signal}: stopping everything", { signal });
        this.#stopping = true;
        this.#ended.resolve(0);
      },
      reload: () => {
        if (this.#reloader.busy && !this.#reloader.waiting) {
          this.#log.info("reload-waits", "SIGHUP during a reload: there will be another one after it");
        }
        void this.#reloader.request();
      },
      reopen: () => this.#reopen(),
      abandon: () => {
        this.#front?.kill();
        this.#backends.kill();
      },
    });
    this.#alive = giveSignsOfLife();
    this.#started = this.#start();
    const code = await this.#ended.promise;
    this.#stopping = true;
    notify("STOPPING=1");
    // From now on the front's end of a listener is the last one.
    this.#keeper?.release();
    // The front first: it hands over what it has, and the backends finish that.
    await this.#front?.stop();
    await this.#backends.stop();
    if (this.#keeper !== undefined) await leaveConnections(this.#loop, this.#keeper);
    clearInterval(this.#alive);
    this.#hungFronts.end();
    this.#control?.close();
    this.#keeper?.close();
    endMessages();
    await this.#logs.close();
    this.#loop.stop();
    this.#directory.remove();
    return code;
  }

  async #start(): Promise<void> {
    const { options } = this;
    const config = this.#config;
    try {
      this.#direct(config);
      await this.#backends.start(config);
      if (this.#stopping) return;
      const keeper = this.#directory.join("listeners.sock");
      this.#keeper = new ListenerKeeper(
        this.#loop,
        keeper,
        ownSource(givenToThisProcess(), true),
        this.#hungFronts,
      );
      this.#hungFronts.begin();
      await findConnections(this.#loop, this.#keeper, this.#log);
      const front = this.#front = new SupervisedProcess(this.#frontOptions(config));
      await front.ready;
      this.#backends.tellLeft(config);
      if (this.#stopping) return;
      notify("READY=1");
      options.ready?.();
    } catch (error) {
      if (this.#stopping) return;
      this.#backends.tellLeft(config);
      this.#log.error("start-failed", "{reason}; stopping", { reason: reasonOf(error) });
      this.#ended.resolve(1);
    }
  }

  /** The control plane of a front hangs. What it has goes on with the next one, as with any front that dies. */
  #hangs(process: number, seconds: number): void {
    if (this.#stopping || process !== this.#front?.pid) return;
    this.#log.error(
      "front-hung",
      "the front (process {process}) has given no sign of life for {seconds} s; ending it, and starting another one",
      { process, seconds },
    );
    this.#front.signal("SIGKILL");
  }

  /** How a front is started for a configuration. @param takeOver whether from the one that runs */
  #frontOptions(config: Config, takeOver = false): SupervisedProcessOptions {
    this.#logs.startAll(config);
    return frontOptions(config, this.options, this.#log, {
      control: this.#frontControl,
      keeper: this.#keeper!.path,
      logDirectory: this.#directory.path,
      takeOver,
    });
  }

  /** Where the front takes commands: from this process. */
  get #frontControl(): string {
    return this.#directory.join("front.sock");
  }

  async #obey(request: ControlRequest): Promise<ControlAnswer> {
    await this.#started;
    switch (request.command) {
      case "reload":
        return await this.#reloader.request();
      case "reopen":
        this.#reopen();
        return { code: DONE, text: "logs are being opened anew" };
      case "upgrade":
        return await this.#upgrade(request.timeout);
      case "take-over":
        return {
          code: REFUSED,
          text: "Cannot take over from fdpass up: use fdpass upgrade, which replaces its front",
        };
      case "status":
      case "drain":
      case "undrain":
        return await this.#askFront(request);
    }
  }

  async #askFront(request: ControlRequest): Promise<ControlAnswer> {
    const connection = ControlConnection.open(this.#loop, this.#frontControl);
    try {
      return await connection.ask(request);
    } finally {
      connection.close();
    }
  }

  /** Has messages of this process go by a configuration: none of them is about a site. */
  #direct({ messages = {} }: Config): void {
    directMessages(resolveMessages({ main: messages, sites: [] }, this.#logs));
  }

  #reopen(): void {
    reopenMessages();
    this.#front?.reopen();
    this.#backends.reopen();
  }

  /** @param upgrade milliseconds that a new front has, where there is to be one */
  async #reload(upgrade?: number): Promise<ControlAnswer> {
    await this.#started;
    return await runReload({
      stopping: () => this.#stopping,
      apply: () => this.#follow(upgrade),
      failed: configurationStays(this.#log),
    });
  }

  /** Has a new front take over, by the configuration as it is now; then backends follow as in a reload. */
  async #upgrade(timeout = UPGRADE): Promise<ControlAnswer> {
    if (this.#upgrading) return { code: FAILED, text: "Cannot upgrade: it is being upgraded already" };
    this.#upgrading = true;
    try {
      const answer = await this.#reloader.instead(() => this.#reload(timeout));
      // Whoever asks for it has asked well: what is at fault is what there is to be upgraded to.
      return answer.code === DONE ? answer : { ...answer, code: FAILED };
    } finally {
      this.#upgrading = false;
    }
  }

  async #frontReplaced(next: Config, timeout: number): Promise<ControlAnswer> {
    const options = this.#frontOptions(next, true);
    const replaced = await replaceFront(this.#front!, options, timeout, this.#log);
    if (typeof replaced === "string") {
      return { code: FAILED, text: `Cannot upgrade, the old front goes on: ${replaced}` };
    }
    this.#front = replaced;
    return { code: DONE, text: `process ${replaced.pid} is the front` };
  }

  /** Starts what a new configuration has besides, which can be undone. */
  async #begin(next: Config): Promise<AddedBackends> {
    try {
      this.#logs.startAll(next);
      return await this.#backends.add(next, this.#config);
    } catch (error) {
      this.#logs.keep(this.#config);
      throw error;
    }
  }

  /** The new configuration is not used after all. */
  async #undo(added: AddedBackends): Promise<void> {
    await this.#backends.undo(added, this.#config);
    this.#logs.keep(this.#config);
  }

  /**
   * What is new first, since nobody is served less by that; then the front, which may refuse; and only when it goes by the
   * new configuration, what others have used until then.
   */
  async #follow(upgrade?: number): Promise<ControlAnswer | void> {
    const next = await (this.options.reload?.() ?? this.#config);
    const added = await this.#begin(next);
    if (this.#stopping) return;
    let text = "";
    if ((upgrade !== undefined || this.options.reload !== undefined) && this.#front !== undefined) {
      const answer = upgrade !== undefined
        ? await this.#frontReplaced(next, upgrade)
        : await this.#reloadFront();
      if (answer === undefined || answer.code !== DONE) {
        if (answer === undefined) this.#backends.keep(added);
        else await this.#undo(added);
        return answer ??
          { code: FAILED, text: "the front is being started again; reload once more when it serves" };
      }
      text = answer.text;
      this.#config = next;
      this.#direct(next);
      this.#front.killAfter = next.limits.drainTimeout + GRACE;
    }
    const { leaving, failures } = await this.#backends.follow(next, added);
    // Finishing what they serve may take them long. Another reload need not wait for that.
    void this.#backends.retire(leaving);
    this.#log.info("backends-follow", "backends follow the configuration; handler modules are loaded afresh");
    if (failures.length > 0) return { code: FAILED, text: failures.join("\n") };
    // What could not be replaced would have gone on writing where it did.
    this.#logs.keep(this.#config);
    return { code: DONE, text };
  }

  /** Has the front read the configuration again; undefined where it is away, and will when it is started again. */
  async #reloadFront(): Promise<ControlAnswer | undefined> {
    try {
      return await this.#askFront({ command: "reload" });
    } catch (error) {
      this.#log.warn("front-unreached", "the front could not be asked to reload: {reason}", {
        reason: reasonOf(error),
      });
      return undefined;
    }
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
