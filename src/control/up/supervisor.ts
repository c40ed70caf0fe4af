/** `fdpass up`: the front and every backend that the configuration declares, as processes that are kept running. */

import type { Config } from "../../config/config.ts";
import { Loop } from "../../loop/loop.ts";
import { type ControlAnswer, type ControlRequest, DONE, FAILED } from "../../protocol/control.ts";
import { reasonOf } from "../failure.ts";
import { givenToThisProcess, tellLeft } from "../listening/given_sockets.ts";
import { ListenerKeeper } from "../listening/keeper.ts";
import { OwnListeners } from "../listening/listener_source.ts";
import { directMessages, logArguments, logOf, reopenMessages } from "../log/log.ts";
import { LogPrograms, resolveMessages } from "../log/log_targets.ts";
import { notify } from "../processes/notify.ts";
import { selfCommand } from "../processes/own_command.ts";
import { PrivateDirectory } from "../processes/private_directory.ts";
import { Reloader } from "../processes/reloader.ts";
import { configurationStays, runReload } from "../processes/run_reload.ts";
import { handleSignals } from "../processes/signals.ts";
import { GRACE, SupervisedProcess } from "../processes/supervised_process.ts";
import { ControlConnection } from "../socket/ask.ts";
import { type ControlPlace, openControlSocket } from "../socket/control_path.ts";
import type { ControlSocket } from "../socket/control_socket.ts";
import { DeclaredBackends } from "./declared_backends.ts";

/** How everything is run. */
export interface SupervisorOptions {
  /** What `fdpass front` is given as its configuration: a path, or `-` and the text for its standard input. */
  readonly source: string;
  readonly input?: string;
  /** Data-plane Workers of the front. */
  readonly workers: number;
  /** Further options for the front. */
  readonly frontArguments?: readonly string[];
  /** Where commands are taken, and what the front is to look in for sockets. */
  readonly control: ControlPlace;
  /** Reads the configuration again, for SIGHUP; absent where it came from a pipe. */
  readonly reload?: () => Promise<Config>;
  /** Called once everything is ready. */
  readonly ready?: () => void;
}

/** Where the process for handshakes has its socket, if there is one: the front may not ask the environment. */
function handshakeDirectory({ backends }: Config): string | undefined {
  const found = backends.find(({ runs }) => runs?.kind === "tls");
  return found?.socket.slice(0, found.socket.lastIndexOf("/"));
}

/** Everything that one `up` runs. */
class Supervisor {
  readonly #log = logOf("up");
  readonly #ended = Promise.withResolvers<number>();
  readonly #reloader = new Reloader(() => this.#reload());
  readonly #loop = new Loop();
  readonly #directory: PrivateDirectory;
  /** The programs that logs go to. */
  readonly #logs: LogPrograms;
  readonly #backends: DeclaredBackends;
  #control: ControlSocket | undefined;
  /** Has the sockets that the front listens at: a front that is killed leaves a queue, not a closed port. */
  #keeper: ListenerKeeper | undefined;
  #config: Config;
  #front: SupervisedProcess | undefined;
  /** Settles when everything runs, or cannot: no reload before that. */
  #started: Promise<void> = Promise.resolve();
  #stopping = false;

  /** @param config the one in force, if all of it can start */
  constructor(config: Config, readonly options: SupervisorOptions) {
    this.#config = config;
    this.#directory = new PrivateDirectory(options.control.runDirectory);
    this.#logs = new LogPrograms(this.#loop, this.#directory, this.#log);
    this.#backends = new DeclaredBackends(this.#logs);
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
    this.#started = this.#start();
    const code = await this.#ended.promise;
    this.#stopping = true;
    notify("STOPPING=1");
    // From now on the front's end of a listener is the last one.
    this.#keeper?.release();
    // The front first: it hands over what it has, and the backends finish that.
    await this.#front?.stop();
    await this.#backends.stop();
    this.#control?.close();
    this.#keeper?.close();
    await this.#logs.close();
    this.#loop.stop();
    this.#directory.remove();
    return code;
  }

  async #start(): Promise<void> {
    const { options } = this;
    const config = this.#config;
    try {
      directMessages(resolveMessages(config.messages, this.#logs));
      await this.#backends.start(config);
      if (this.#stopping) return;
      const { source, workers, input, control: { runDirectory = handshakeDirectory(config) } } = options;
      const args = ["front", source, "--workers", String(workers), "--with-parent", String(Deno.pid)];
      args.push(...options.frontArguments ?? []);
      args.push("--control", this.#frontControl, ...logArguments());
      const keeper = this.#directory.join("listeners.sock");
      this.#keeper = new ListenerKeeper(this.#loop, keeper, new OwnListeners(givenToThisProcess()));
      args.push("--keeper", keeper);
      this.#logs.startAll(config);
      args.push("--log-directory", this.#directory.path);
      if (runDirectory !== undefined) args.push("--run-dir", runDirectory);
      // The Apache syntax may name any file, and the environment.
      const reads = config.syntax === "apache"
        ? ["--allow-read=/", "--allow-env"]
        : source === "-"
        ? []
        : [`--allow-read=${[source, ...filesOfUsers(config)].join(",")}`];
      const front = this.#front = new SupervisedProcess({
        ...selfCommand("front", args, reads),
        name: "front",
        log: this.#log,
        ownGroup: true,
        killAfter: config.limits.drainTimeout + GRACE,
        ...input === undefined ? {} : { input },
      });
      await front.ready;
      tellLeft(givenToThisProcess(), this.#log);
      if (this.#stopping) return;
      notify("READY=1");
      options.ready?.();
    } catch (error) {
      if (this.#stopping) return;
      this.#log.error("start-failed", "{reason}; stopping", { reason: reasonOf(error) });
      this.#ended.resolve(1);
    }
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

  #reopen(): void {
    reopenMessages();
    this.#front?.reopen();
    this.#backends.reopen();
  }

  async #reload(): Promise<ControlAnswer> {
    await this.#started;
    return await runReload({
      stopping: () => this.#stopping,
      apply: () => this.#follow(),
      failed: configurationStays(this.#log),
    });
  }

  /**
   * What is new first, since nobody is served less by that; then the front, which may refuse; and only when it goes by the
   * new configuration, what others have used until then.
   */
  async #follow(): Promise<ControlAnswer | void> {
    const next = await (this.options.reload?.() ?? this.#config);
    this.#logs.startAll(next);
    const added = await this.#backends.add(next, this.#config);
    if (this.#stopping) return;
    let text = "";
    if (this.options.reload !== undefined && this.#front !== undefined) {
      const answer = await this.#reloadFront();
      if (answer === undefined || answer.code !== DONE) {
        if (answer === undefined) this.#backends.keep(added);
        else await this.#backends.undo(added, this.#config);
        return answer ??
          { code: FAILED, text: "the front is being started again; reload once more when it serves" };
      }
      text = answer.text;
      this.#config = next;
      directMessages(resolveMessages(next.messages, this.#logs));
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

/** Files with passwords, which a front reads when somebody shows one. */
function filesOfUsers({ listeners }: Config): string[] {
  const accesses = listeners.flatMap(({ sites }) => sites).flatMap(({ rules }) => rules?.sections ?? [])
    .flatMap(({ access }) => access ?? []);
  const files = accesses.flatMap(({ userFile, groupFile }) => [userFile, groupFile]);
  // A comma would end the path in a permission.
  return [...new Set(files)].filter((file): file is string => file !== undefined && !file.includes(","));
}
