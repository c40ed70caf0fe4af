/** `fdpass check`. */

import type { Command } from "commander";
import type { Run } from "./command.ts";
import { write, writeError } from "./output.ts";
import { runDirectoryOption } from "./shared_options.ts";
import { CONFIG_ARGUMENT, load, sourceOf, warn } from "./source.ts";

export function addCheck(program: Command, run: Run): void {
  program.command("check").description("validate a configuration and print what it means")
    .argument(...CONFIG_ARGUMENT).option("--route <url>", "say where one request would go")
    .addOption(runDirectoryOption()).action(run(check));
}

interface CheckOptions {
  readonly route?: string;
  readonly runDir?: string;
}

async function check(argument: string | undefined, options: CheckOptions): Promise<number> {
  const config = await load(sourceOf(argument, "check"), options);
  warn(config);
  const { describe, describePaths } = await import("../config/describe.ts");
  if (options.route === undefined) {
    write(describe(config));
    return 0;
  }
  const { resolve } = await import("../route/resolve_url.ts");
  const answer = resolve(config.listeners, options.route);
  if (!answer.found) {
    writeError(`fdpass: ${answer.reason}\n`);
    return 1;
  }
  const { site, route, rest } = answer;
  write(`site      ${site.names.join(", ") || "(every Host)"}\n`);
  write(`route     ${describePaths(route)}\n`);
  write(`path      ${rest}\n`);
  write(`backends  ${route.backends.join(", ")}\n`);
  return 0;
}
