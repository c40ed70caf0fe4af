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

/**
 * Runs everything until it is told to stop.
 *
 * @returns the exit code: 1 when something cannot start as it is configured
 */
export async function runSupervisor(config: Config, options: SupervisorOptions): Promise<number> {
  const log = logOf("up");
  const killAfter = config.limits.drainTimeout + GRACE;
  const backends = config.backends.filter(({ runs }) => runs !== undefined).map((backend) =>
    new Child({
      ...selfCommand(backend.runs!.kind, backendArguments(backend, config)),
      name: `backend ${backend.name}`,
      log,
      killAfter,
    })
  );
  const children: Child[] = [...backends];
  const ended = Promise.withResolvers<number>();
  let stopping = false;
  handleSignals({
    drain: (signal) => {
      log.info("{signal}: stopping everything", { signal });
      stopping = true;
      ended.resolve(0);
    },
    reload: () => {
      for (const child of children) child.signal("SIGHUP");
    },
  });
  void startFront();

  async function startFront(): Promise<void> {
    try {
      await Promise.all(backends.map(({ ready }) => ready));
      if (stopping) return;
      const args = [
        "front",
        options.source,
        "--workers",
        String(options.workers),
        "--with-parent",
        String(Deno.pid),
      ];
      const front = new Child({
        ...selfCommand("front", args, options.source === "-" ? [] : [options.source]),
        name: "front",
        log,
        killAfter,
        ...options.input === undefined ? {} : { input: options.input },
      });
      children.push(front);
      await front.ready;
      options.ready?.();
    } catch (error) {
      log.error("{reason}; stopping", { reason: error instanceof Error ? error.message : String(error) });
      ended.resolve(1);
    }
  }

  const code = await ended.promise;
  // The front first: it hands over what it has, and the backends finish that.
  await Promise.all(children.slice(backends.length).map((child) => child.stop()));
  await Promise.all(backends.map((child) => child.stop()));
  return code;
}
