/** `fdpass up`: the front and every backend that the configuration declares, as processes that are kept running. */

import type { Backend, Config } from "../config/config.ts";
import { Child } from "./child.ts";
import { logOf } from "./log.ts";
import { selfCommand } from "./self.ts";
import { handleSignals } from "./signals.ts";

/** Milliseconds beyond a process's own limit for draining before it is killed. */
const GRACE = 1_000;

/** How everything is run. */
export interface SupervisorOptions {
  /** What `fdpass front` is given as its configuration: a path, or `-` and the text for its standard input. */
  readonly source: string;
  readonly input?: string;
  /** Data-plane Workers of the front. */
  readonly workers: number;
  /** Reads the configuration again, for SIGHUP; absent where it came from a pipe. */
  readonly reload?: () => Promise<Config>;
  /** Called once everything is ready. */
  readonly ready?: () => void;
}

/** chown(2): -1 leaves the user or the group as it is. */
const UNCHANGED = 0xffff_ffff;

function backendArguments(backend: Backend, config: Config): string[] {
  const { runs, mode, owner, group } = backend;
  if (runs === undefined) throw new Error(`Cannot run the backend "${backend.name}"`);
  const kind = runs.kind === "fetch" ? ["--fetch", runs.module] : ["--static", runs.directory];
  return [
    "backend",
    "--socket",
    backend.socket,
    ...kind,
    "--name",
    backend.name,
    "--workers",
    String(backend.workers),
    ...mode === undefined ? [] : ["--mode", mode.toString(8).padStart(3, "0")],
    ...owner === undefined && group === undefined
      ? []
      : ["--owner", `${owner ?? UNCHANGED}:${group ?? UNCHANGED}`],
    "--drain-timeout",
    `${config.limits.drainTimeout}ms`,
    ...config.allowUsers.flatMap((user) => ["--allow-user", String(user)]),
    "--with-parent",
    String(Deno.pid),
  ];
}

/** The backends that run, and how they follow the configuration. */
class Fleet {
  readonly #log = logOf("up");
  #running = new Map<string, { readonly child: Child; readonly args: readonly string[] }>();

  /** Starts what a configuration declares. */
  start(config: Config): void {
    for (const backend of declared(config)) this.#launch(backend, config, []);
  }

  #launch(backend: Backend, config: Config, extra: readonly string[]): Child {
    const args = backendArguments(backend, config);
    // A directory for sockets is for its owner alone, unless somebody has made it otherwise.
    Deno.mkdirSync(backend.socket.slice(0, backend.socket.lastIndexOf("/") + 1), {
      recursive: true,
      mode: 0o700,
    });
    const child = new Child({
      ...selfCommand(backend.runs!.kind, [...args, ...extra]),
      name: `backend ${backend.name}`,
      log: this.#log,
      killAfter: config.limits.drainTimeout + GRACE,
    });
    this.#running.set(backend.name, { child, args });
    return child;
  }

  /** Settles when all of them are ready; rejects when one cannot start. */
  async ready(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ child }) => child.ready));
  }

  /**
   * Follows a new configuration: starts what is new, and replaces what has changed, or runs a module that may have. The
   * new process takes the path over before the old one is asked to finish, so nobody finds the path empty.
   *
   * @returns those to stop once no front uses them any more
   */
  async follow(config: Config): Promise<Child[]> {
    const before = this.#running;
    this.#running = new Map();
    const replaced: Child[] = [];
    for (const backend of declared(config)) {
      const old = before.get(backend.name);
      const same = old !== undefined && old.args.join("\n") === backendArguments(backend, config).join("\n");
      if (same && backend.runs!.kind === "static") {
        this.#running.set(backend.name, old);
        before.delete(backend.name);
        continue;
      }
      const child = this.#launch(backend, config, ["--take-over"]);
      try {
        await child.ready;
      } catch (error) {
        if (old === undefined) throw error;
        this.#log.error("{reason}; the one that runs stays", { reason: reasonOf(error) });
        await child.stop();
        this.#running.set(backend.name, old);
        before.delete(backend.name);
        continue;
      }
      if (old !== undefined) replaced.push(old.child);
      before.delete(backend.name);
    }
    return [...replaced, ...[...before.values()].map(({ child }) => child)];
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ child }) => child.stop()));
  }
}

function declared(config: Config): Backend[] {
  return config.backends.filter(({ runs }) => runs !== undefined);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Runs everything until it is told to stop.
 *
 * @returns the exit code: 1 when something cannot start as it is configured
 */
export async function runSupervisor(config: Config, options: SupervisorOptions): Promise<number> {
  const log = logOf("up");
  const fleet = new Fleet();
  const ended = Promise.withResolvers<number>();
  let front: Child | undefined;
  let stopping = false;
  // One reload at a time, and none before everything runs.
  let busy: Promise<void> = Promise.resolve();
  handleSignals({
    drain: (signal) => {
      log.info("{signal}: stopping everything", { signal });
      stopping = true;
      ended.resolve(0);
    },
    reload: () => {
      busy = busy.then(reload);
    },
  });
  fleet.start(config);
  busy = startFront();

  async function startFront(): Promise<void> {
    try {
      await fleet.ready();
      if (stopping) return;
      const { source, workers, input } = options;
      const args = ["front", source, "--workers", String(workers), "--with-parent", String(Deno.pid)];
      front = new Child({
        ...selfCommand("front", args, source === "-" ? [] : [source]),
        name: "front",
        log,
        killAfter: config.limits.drainTimeout + GRACE,
        ...input === undefined ? {} : { input },
      });
      await front.ready;
      options.ready?.();
    } catch (error) {
      log.error("{reason}; stopping", { reason: reasonOf(error) });
      ended.resolve(1);
    }
  }

  async function reload(): Promise<void> {
    if (stopping) return;
    try {
      const next = options.reload === undefined ? config : await options.reload();
      const leaving = await fleet.follow(next);
      // The front re-reads the file by itself; what it does not name any more may go then.
      if (options.reload !== undefined) front?.signal("SIGHUP");
      await Promise.all(leaving.map((child) => child.stop()));
      log.info("backends follow the configuration; handler modules are loaded afresh");
    } catch (error) {
      log.error("the new configuration is not used, the old one stays: {reason}", {
        reason: reasonOf(error),
      });
    }
  }

  const code = await ended.promise;
  // The front first: it hands over what it has, and the backends finish that.
  await front?.stop();
  await fleet.stop();
  return code;
}
