/** `fdpass front`. */

import type { Command } from "commander";
import type { Run } from "./command.ts";
import { bindToParent, withParentOption, workersOption } from "./shared_options.ts";
import { CONFIG_ARGUMENT, load, sourceOf } from "./source.ts";

interface FrontOptions {
  readonly workers: number;
  readonly withParent?: number;
}

export function addFront(program: Command, run: Run): void {
  program.command("front").description("run the front").argument(...CONFIG_ARGUMENT)
    .addOption(workersOption()).addOption(withParentOption()).action(run(front));
}

async function front(argument: string | undefined, options: FrontOptions): Promise<number> {
  const source = sourceOf(argument, "front");
  const config = await load(source);
  await bindToParent(options.withParent);
  const { runFront } = await import("../control/front_process.ts");
  const { configureLog } = await import("../control/log.ts");
  configureLog();
  return await runFront(config, {
    workers: options.workers,
    supervised: options.withParent !== undefined,
    ...source === "-" ? {} : { reload: () => load(source) },
  });
}
