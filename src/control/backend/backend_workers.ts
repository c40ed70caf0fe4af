/** `fdpass backend --workers N`: N processes behind one path, and the one that listens for them. */

import { ListenerSharer } from "../../backend/apache/shared_listener.ts";
import { Dealer } from "../../backend/channel/dealer.ts";
import { besideSocket, type ListenerOptions } from "../../backend/channel/listener.ts";
import type { BackendKind } from "../../config/config.ts";
import type { AccessLogRules } from "../../logs/rules.ts";
import { Loop } from "../../loop/loop.ts";
import { reasonOf } from "../failure.ts";
import { operandsOf, programOf } from "../kinds/programs.ts";
import { logArguments, logOf, print, reopenMessages } from "../log/log.ts";
import { notify } from "../processes/notify.ts";
import { selfCommand } from "../processes/own_command.ts";
import { handleSignals } from "../processes/signals.ts";
import { InstructionRelay } from "../tls/instruction_relay.ts";
import { accessLogArguments } from "./access_log_arguments.ts";
import { BackendLogs } from "./backend_logs.ts";
import { givenListener } from "./given_listener.ts";
import { WorkerProcesses } from "./worker_processes.ts";

/** How a backend of several processes is run. */
export interface BackendWorkersOptions extends ListenerOptions {
  readonly socket: string;
  readonly name: string;
  readonly runs: BackendKind;
  readonly workers: number;
  /** Whether hand-offs come from Apache. */
  readonly apache?: boolean;
  readonly allowUsers: readonly number[];
  /** How much each of them takes, and how slowly, as options of the command line. */
  readonly bounds?: readonly string[];
  /** Which requests get a line. */
  readonly accessLogs?: AccessLogRules | undefined;
  readonly trustsRequestIds?: boolean | undefined;
  /** Milliseconds that draining may take. */
  readonly drainTimeout: number;
  /** Whether a supervisor ends this process. */
  readonly supervised?: boolean;
  /** The number of a descriptor that it has passed on: see givenListener(). */
  readonly inherited?: number | undefined;
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
    ...options.apache ? ["--apache"] : [],
    "--name",
    `${options.name}.${index + 1}`,
    ...options.bounds ?? [],
    "--drain-timeout",
    `${options.drainTimeout}ms`,
    ...options.allowUsers.flatMap((user) => ["--allow-user", String(user)]),
    ...accessLogArguments(options.accessLogs, options.trustsRequestIds),
    ...logArguments(),
    "--with-parent",
    String(Deno.pid),
    ...operandsOf(runs),
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
  const logs = new BackendLogs(options.accessLogs, log, true);
  const withLogs = { ...options, accessLogs: logs.rules };
  const door = `${besideSocket(options.socket)}.door`;
  const Listening = options.apache ? ListenerSharer : Dealer;
  const given = givenListener(options, log);
  const listening = new Listening(loop, options.socket, door, { ...options, ...given }, {
    workerReady: (process) => log.info("worker-ready", "worker process {process} is ready", { process }),
  });
  const relay = options.runs.kind === "tls" ? await InstructionRelay.open(options.name) : undefined;
  const workers = new WorkerProcesses({
    ...relay === undefined ? {} : { instructions: () => relay.current },
    count: options.workers,
    command: (index) => selfCommand(options.runs, workerArguments(withLogs, door, index)),
    log,
    drainTimeout: options.drainTimeout,
  });
  const ended = Promise.withResolvers<number>();
  let stopping = false;
  handleSignals({
    drain: (signal) => {
      stopping = true;
      log.info("stopping", "{signal}: the workers finish what they serve", { signal });
      notify("STOPPING=1");
      ended.resolve(0);
    },
    ...programOf(options.runs).reloads && { reload: () => workers.reload() },
    reopen: () => {
      reopenMessages();
      workers.reopen();
    },
    abandon: () => workers.kill(),
  }, options.supervised);
  void relay?.run(() => workers.workers);
  loop.run().catch((error) => {
    log.fatal("ended-by-error", "the backend ended by an error: {error}", { error });
    ended.resolve(1);
  });
  Promise.all(workers.workers.map(({ ready }) => ready)).then(() => {
    print(`fdpass backend ${options.name} ready on ${options.socket}`);
    notify("READY=1");
  }, (error) => {
    if (stopping) return;
    log.error("start-failed", "{reason}; stopping", { reason: reasonOf(error) });
    ended.resolve(2);
  });
  const code = await ended.promise;
  listening.close();
  await workers.stop();
  await logs.close();
  loop.stop();
  return code;
}
