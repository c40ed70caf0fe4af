/** How `fdpass up` starts its front. */

import type { Config } from "../../config/config.ts";
import { logArguments } from "../log/log.ts";
import type { Log } from "../log/log.ts";
import { selfCommand } from "../processes/own_command.ts";
import { GRACE, type SupervisedProcessOptions } from "../processes/supervised_process.ts";
import type { SupervisorOptions } from "./supervisor_options.ts";

/** What the front finds its supervisor by. */
export interface FrontPlace {
  /** Where it takes commands, from its supervisor alone. */
  readonly control: string;
  /** Where it asks for listening sockets. */
  readonly keeper: string;
  /** Where the programs are reached that logs go to. */
  readonly logDirectory: string;
  /** Whether it takes over from the one that runs. */
  readonly takeOver: boolean;
}

/** The command line of a front, and how it is kept running. */
export function frontOptions(
  config: Config,
  { source, workers, input, frontArguments = [], control }: SupervisorOptions,
  log: Log,
  place: FrontPlace,
): SupervisedProcessOptions {
  const { runDirectory = handshakeDirectory(config) } = control;
  const args = ["front", source, "--workers", String(workers), "--with-parent", String(Deno.pid)];
  args.push(...frontArguments);
  args.push("--control", place.control, "--keeper", place.keeper, ...logArguments());
  args.push("--log-directory", place.logDirectory);
  if (runDirectory !== undefined) args.push("--run-dir", runDirectory);
  if (place.takeOver) args.push("--take-over");
  // The Apache syntax may name any file, and the environment.
  const reads = config.syntax === "apache"
    ? ["--allow-read=/", "--allow-env"]
    : source === "-"
    ? []
    : [`--allow-read=${[source, ...filesOfUsers(config)].join(",")}`];
  return {
    ...selfCommand("front", args, reads),
    name: "front",
    log,
    ownGroup: true,
    killAfter: config.limits.drainTimeout + GRACE,
    ...input === undefined ? {} : { input },
  };
}

/** Where the process for handshakes has its socket, if there is one: the front may not ask the environment. */
function handshakeDirectory({ backends }: Config): string | undefined {
  const found = backends.find(({ runs }) => runs?.kind === "tls");
  return found?.socket.slice(0, found.socket.lastIndexOf("/"));
}

/** Files with passwords, which a front reads when somebody shows one. */
function filesOfUsers({ listeners }: Config): string[] {
  const accesses = listeners.flatMap(({ sites }) => sites).flatMap(({ rules }) => rules?.sections ?? [])
    .flatMap(({ access }) => access ?? []);
  const files = accesses.flatMap(({ userFile, groupFile }) => [userFile, groupFile]);
  // A comma would end the path in a permission.
  return [...new Set(files)].filter((file): file is string => file !== undefined && !file.includes(","));
}
