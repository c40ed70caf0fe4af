/** `fdpass up`. */

import type { LogChoices } from "../control/log/log.ts";
import type { Command } from "commander";
import type { Config } from "../config/config.ts";
import type { Run } from "./command.ts";
import {
  addLogOptions,
  adminOption,
  controlOption,
  type ControlOptions,
  controlPlace,
  ignoreAccessOption,
  runDirectoryOption,
  workersOption,
} from "./shared_options.ts";
import { CONFIG_ARGUMENT, load, loadAgain, readInput, sourceOf, warn } from "./source.ts";

interface UpOptions extends ControlOptions, LogChoices {
  readonly workers: number;
  readonly admin?: string;
  readonly ignoreAccessControl?: true;
}

export function addUp(program: Command, run: Run): void {
  addLogOptions(
    program.command("up").description("run the front and every backend the configuration declares"),
  )
    .argument(...CONFIG_ARGUMENT).addOption(workersOption()).addOption(runDirectoryOption())
    .addOption(controlOption()).addOption(adminOption()).addOption(ignoreAccessOption()).action(run(up));
}

async function up(argument: string | undefined, options: UpOptions): Promise<number> {
  const source = sourceOf(argument, "up");
  const input = source === "-" ? await readInput() : undefined;
  const config = await load(source, { input, ...options });
  warn(config, source);
  return await supervise(config, source, input, options);
}

/**
 * Runs a front and the backends of its configuration.
 *
 * @param narrow takes out what others start
 */
export async function supervise(
  config: Config,
  source: string,
  input: string | undefined,
  options: UpOptions,
  narrow: (config: Config) => Config = (config) => config,
): Promise<number> {
  const { runSupervisor } = await import("../control/up/supervisor.ts");
  const { configureLog } = await import("../control/log/log.ts");
  configureLog(options);
  return await runSupervisor(narrow(config), {
    source,
    workers: options.workers,
    frontArguments: [
      ...options.ignoreAccessControl === true ? ["--ignore-access-control"] : [],
      ...options.admin === undefined ? [] : ["--admin", options.admin],
    ],
    control: controlPlace(options),
    ...input === undefined ? { reload: async () => narrow(await loadAgain(source, options)) } : { input },
  });
}
