/** `fdpass front`. */

import type { Command } from "commander";
import type { Run } from "./command.ts";
import { bindToParent, runDirectoryOption, withParentOption, workersOption } from "./shared_options.ts";
import { CONFIG_ARGUMENT, load, readInput, sourceOf, warn } from "./source.ts";
import { supervise } from "./up.ts";

interface FrontOptions {
  readonly workers: number;
  readonly runDir?: string;
  readonly withParent?: number;
}

export function addFront(program: Command, run: Run): void {
  program.command("front").description("run the front").argument(...CONFIG_ARGUMENT)
    .addOption(workersOption()).addOption(runDirectoryOption()).addOption(withParentOption()).action(
      run(front),
    );
}

async function front(argument: string | undefined, options: FrontOptions): Promise<number> {
  const source = sourceOf(argument, "front");
  const { runDir, withParent } = options;
  const input = source === "-" ? await readInput() : undefined;
  const config = await load(source, { input, runDir });
  if (withParent === undefined) {
    warn(config);
    // Its relays follow from its targets: nobody else would think of starting them.
    const relays = config.syntax === "apache" && config.backends.some(({ runs }) => runs !== undefined);
    if (relays) return await supervise(config, source, input, options);
  }
  await bindToParent(withParent);
  const { runFront } = await import("../control/front_process.ts");
  const { configureLog } = await import("../control/log.ts");
  configureLog();
  return await runFront(config, {
    workers: options.workers,
    supervised: withParent !== undefined,
    ...source === "-" ? {} : { reload: () => load(source, { runDir }) },
  });
}
