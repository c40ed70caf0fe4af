/** The commands that talk to a running front: `fdpass reload` and its like. */

import { type Command, Option } from "commander";
import type { FrontStatus } from "../control/front/front_status.ts";
import type { ControlRequest } from "../control/socket/ask.ts";
import type { Run } from "./command.ts";
import { write, writeError } from "./output.ts";
import { fitted } from "./screen.ts";
import { duration } from "./values.ts";
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
  command(program, "drain", "hand nothing new to a backend").argument("<backend>", "its name")
    .option("--force", "even where nobody else serves a path of it").action(
      run((backend: string, { force, ...options }: ControlOptions & { readonly force?: true }) =>
        tell(options, { command: "drain", backend, ...force && { force } })
      ),
    );
}

export function addUndrain(program: Command, run: Run): void {
  command(program, "undrain", "hand over to a backend again").argument("<backend>", "its name").action(
    run((backend: string, options: ControlOptions) => tell(options, { command: "undrain", backend })),
  );
}

export function addUpgrade(program: Command, run: Run): void {
  command(program, "upgrade", "have a new front take over from the running one").addOption(
    new Option("--timeout <time>", "how long the new front may take, from its start on").default(
      30_000,
      "30s",
    )
      .argParser(duration),
  ).action(
    run(({ timeout, ...options }: ControlOptions & { readonly timeout: number }) =>
      tell(options, { command: "upgrade", timeout })
    ),
  );
}

export function addStatus(program: Command, run: Run): void {
  command(program, "status", "say how a running front is").option("--json", "all of it, for programs").action(
    run((options: StatusOptions) => status(options)),
  );
}

export function addTop(program: Command, run: Run): void {
  command(program, "top", "show how a running front is, again and again").action(
    run((options: ControlOptions) => top(options)),
  );
}

interface StatusOptions extends ControlOptions {
  readonly json?: true;
}

async function status(options: StatusOptions): Promise<number> {
  const { ask } = await import("../control/socket/ask.ts");
  const { controlPath } = await import("../control/socket/control_path.ts");
  const answer = await ask(controlPath(controlPlace(options)), { command: "status" });
  if (options.json) write(`${JSON.stringify(answer.status, null, 2)}\n`);
  else {
    const { describeStatus } = await import("../control/front/describe_status.ts");
    write(describeStatus(answer.status as FrontStatus));
  }
  return answer.code;
}

/** Milliseconds from one look to the next. */
const EVERY = 1_000;
/** Clears a terminal, and goes to its first line (ECMA-48: ED, CUP). */
const CLEAR = "\x1b[2J\x1b[H";

async function top(options: ControlOptions): Promise<number> {
  const { withControl } = await import("../control/socket/ask.ts");
  const { controlPath } = await import("../control/socket/control_path.ts");
  const { describeTop } = await import("../control/front/describe_top.ts");
  return await withControl(controlPath(controlPlace(options)), async (connection) => {
    let before: FrontStatus | undefined;
    for (;;) {
      const { status } = await connection.ask({ command: "status" });
      const now = status as FrontStatus;
      write(onScreen((rows, columns) => `${describeTop(now, before, rows, columns).join("\n")}\n`));
      before = now;
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  });
}

/** A text for the terminal, on a screen that is empty before; where there is none, all of it. */
function onScreen(describe: (rows: number, columns: number) => string): string {
  if (!Deno.stdout.isTerminal()) return describe(0, 0);
  const { rows, columns } = Deno.consoleSize();
  return CLEAR + fitted(describe(rows, columns), rows, columns);
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
