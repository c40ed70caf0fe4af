/** How `fdpass up` starts a backend of its configuration: the command line. */

import type { Backend, Config } from "../../config/config.ts";
import { accessLogRules, messageRules } from "../../config/access_logs.ts";
import type { ProcessMessages } from "../../logs/rules.ts";
import { accessLogArguments } from "../backend/access_log_arguments.ts";
import { boundArguments } from "../backend/bound_arguments.ts";
import { compressionArguments } from "../backend/compression_arguments.ts";
import { operandsOf, programOf } from "../kinds/programs.ts";
import { logArguments } from "../log/log.ts";
import { type LogPrograms, resolveMessages } from "../log/log_targets.ts";

/**
 * What `fdpass backend` is started with for a backend of the configuration.
 *
 * @param logs where lines go
 */
function backendArguments(backend: Backend, config: Config, logs: LogPrograms): string[] {
  const { runs, mode, owner, group } = backend;
  if (runs === undefined) throw new Error(`Cannot run the backend "${backend.name}"`);
  return [
    "backend",
    "--socket",
    backend.socket,
    ...programOf(runs).arguments(runs),
    "--name",
    backend.name,
    "--workers",
    String(backend.workers),
    ...mode === undefined ? [] : ["--mode", mode.toString(8).padStart(3, "0")],
    ...owner === undefined && group === undefined
      ? []
      : ["--owner", `${owner ?? ""}${group === undefined ? "" : `:${group}`}`],
    ...boundArguments(backend),
    ...compressionArguments(backend.compress),
    "--drain-timeout",
    `${config.limits.drainTimeout}ms`,
    ...config.allowUsers.flatMap((user) => ["--allow-user", String(user)]),
    ...accessLogArguments(logs.forChildren(accessLogRules(config, backend)), config.trustRequestIds),
    ...logArguments(messagesOfBackend(backend, config, logs)),
    "--with-parent",
    String(Deno.pid),
  ];
}

/** Where its messages go; undefined where nothing is said of that. */
function messagesOfBackend(backend: Backend, config: Config, logs: LogPrograms): ProcessMessages | undefined {
  const rules = messageRules(config, backend);
  const says = Object.keys(rules.main).length > 0 || rules.sites.length > 0;
  return says ? resolveMessages(rules, logs) : undefined;
}

/** The whole of it. @param extra options that are for this start only */
export function commandArguments(
  backend: Backend,
  config: Config,
  logs: LogPrograms,
  extra: readonly string[] = [],
): string[] {
  return [...backendArguments(backend, config, logs), ...extra, ...operandsOf(backend.runs!)];
}
