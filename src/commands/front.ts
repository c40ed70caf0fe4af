/** `fdpass front`. */

import { type Command, Option } from "commander";
import type { LogChoices } from "../control/log/log.ts";
import type { Config } from "../config/config.ts";
import { configError } from "../config/error.ts";
import type { Run } from "./command.ts";
import {
  addLogOptions,
  adminOption,
  bindToParent,
  controlOption,
  type ControlOptions,
  controlPlace,
  ignoreAccessOption,
  runDirectoryOption,
  withParentOption,
  workersOption,
} from "./shared_options.ts";
import { CONFIG_ARGUMENT, load, loadAgain, readInput, sourceOf, warn } from "./source.ts";
import { supervise } from "./up.ts";

interface FrontOptions extends ControlOptions, LogChoices {
  readonly workers: number;
  readonly admin?: string;
  readonly logDirectory?: string;
  readonly keeper?: string;
  readonly takeOver?: true;
  readonly withParent?: number;
  readonly ignoreAccessControl?: true;
}

export function addFront(program: Command, run: Run): void {
  addLogOptions(program.command("front").description("run the front")).argument(...CONFIG_ARGUMENT)
    .addOption(workersOption()).addOption(runDirectoryOption()).addOption(ignoreAccessOption()).addOption(
      adminOption(),
    ).addOption(controlOption()).addOption(new Option("--log-directory <dir>").hideHelp()).addOption(
      new Option("--keeper <path>").hideHelp(),
    ).option("--take-over", "succeed the front that runs, with all that it has").addOption(
      withParentOption(),
    ).action(
      run(front),
    );
}

async function front(argument: string | undefined, options: FrontOptions): Promise<number> {
  const source = sourceOf(argument, "front");
  const { withParent } = options;
  const input = source === "-" ? await readInput() : undefined;
  const config = await load(source, { ...options, input });
  if (withParent === undefined) {
    warn(config, source);
    if (needsProcesses(config)) return await supervise(config, source, input, options, ownProcesses);
  }
  await bindToParent(withParent);
  const { ParentsTargets } = await import("../control/log/log_targets.ts");
  const { runFront } = await import("../control/front/front_process.ts");
  const { configureLog } = await import("../control/log/log.ts");
  configureLog(options);
  return await runFront(config, {
    workers: options.workers,
    control: controlPlace(options),
    keeper: options.keeper,
    takeOver: options.takeOver === true,
    ...withParent === undefined || options.logDirectory === undefined
      ? {}
      : { logTargets: new ParentsTargets(withParent, options.logDirectory) },
    supervised: withParent !== undefined,
    ...source === "-" ? {} : { reload: () => withParent === undefined ? again() : load(source, options) },
  });

  async function again(): Promise<Config> {
    const next = await loadAgain(source, options);
    if (!needsProcesses(next)) return next;
    throw configError(
      source,
      "Cannot start relays, or processes for handshakes, beside a front that runs without any; " +
        "start it again, or use fdpass up",
    );
  }
}

/** Whether there are processes that follow from the configuration: nobody else would think of starting them. */
function needsProcesses(config: Config): boolean {
  return ownProcesses(config).backends.some(({ runs }) => runs !== undefined);
}

/** The configuration without the processes that it declares: those are for fdpass up, or whoever starts them. */
function ownProcesses(config: Config): Config {
  // In the Apache syntax none is declared: relays follow from targets.
  if (config.syntax === "apache") return config;
  const backends = config.backends.map((backend) => {
    if (backend.runs === undefined || backend.runs.kind === "tls") return backend;
    const { runs: _, ...others } = backend;
    return others;
  });
  return { ...config, backends };
}
