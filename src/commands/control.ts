/** The commands that talk to a running front: `fdpass reload` and its like. */

import type { Command } from "commander";
import type { ControlRequest } from "../control/socket/ask.ts";
import type { Run } from "./command.ts";
import { write, writeError } from "./output.ts";
import { controlOption, type ControlOptions, controlPlace, runDirectoryOption } from "./shared_options.ts";

export function addReload(program: Command, run: Run): void {
  command(program, "reload", "have a running front, or everything, read its configuration again").action(
    run((options: ControlOptions) => tell(options, { command: "reload" })),
  );
}

export function addReopen(program: Command, run: Run): void {
  command(program, "reopen", "have logs opened anew, after their files were moved away").action(
    run((options: ControlOptions) => tell(options, { command: "reopen" })),
  );
}

export function addDrain(program: Command, run: Run): void {
  command(program, "drain", "hand nothing new to a backend").argument("<backend>", "its name").action(
    run((backend: string, options: ControlOptions) => tell(options, { command: "drain", backend })),
  );
}

export function addUndrain(program: Command, run: Run): void {
  command(program, "undrain", "hand over to a backend again").argument("<backend>", "its name").action(
    run((backend: string, options: ControlOptions) => tell(options, { command: "undrain", backend })),
  );
}

function command(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).addOption(controlOption())
    .addOption(runDirectoryOption());
}

/** Asks, prints what is answered, and ends as that says. */
async function tell(options: ControlOptions, request: ControlRequest): Promise<number> {
  const { ask } = await import("../control/socket/ask.ts");
  const { controlPath } = await import("../control/socket/control_path.ts");
  const { code, text } = await ask(controlPath(controlPlace(options)), request);
  if (text === "") return code;
  if (code === 0) write(`${text}\n`);
  else writeError(`fdpass: ${text}\n`);
  return code;
}
