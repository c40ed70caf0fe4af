/** `fdpass up`. */

import type { Command } from "commander";
import type { Run } from "./command.ts";
import { workersOption } from "./shared_options.ts";
import { CONFIG_ARGUMENT, load, readInput, sourceOf } from "./source.ts";

export function addUp(program: Command, run: Run): void {
  program.command("up").description("run the front and every backend the configuration declares")
    .argument(...CONFIG_ARGUMENT).addOption(workersOption()).action(run(up));
}

async function up(argument: string | undefined, options: { readonly workers: number }): Promise<number> {
  const source = sourceOf(argument, "up");
  const input = source === "-" ? await readInput() : undefined;
  const config = await load(source, input);
  const { runSupervisor } = await import("../control/supervisor.ts");
  const { configureLog } = await import("../control/log.ts");
  configureLog();
  return await runSupervisor(config, {
    source,
    workers: options.workers,
    ...input === undefined ? { reload: () => load(source) } : { input },
  });
}
