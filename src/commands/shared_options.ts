/** Options that several commands have. */

import { type Command, Option } from "commander";
import type { ControlPlace } from "../control/socket/control_path.ts";
import { absolute, wholeNumber } from "./values.ts";

/** Data-plane Workers of a front. */
export function workersOption(): Option {
  return new Option("--workers <n>", "data-plane threads").default(1).argParser(wholeNumber(1, 64));
}

/** Where backends have their sockets that a configuration names without their path. */
export function runDirectoryOption(): Option {
  return new Option("--run-dir <dir>", "where sockets are that an Apache configuration names by a host");
}

/** Where a front shows how it is, whatever the configuration says. */
export function adminOption(): Option {
  return new Option(
    "--admin <address>",
    'where to show figures and a status page, such as 127.0.0.1:9090 or "unix:/run/fdpass/admin.sock"',
  );
}

/** Nobody is kept out, whatever the configuration says. */
export function ignoreAccessOption(): Option {
  return new Option(
    "--ignore-access-control",
    "let everybody in: as if the configuration said nothing of who may ask",
  );
}

/** Where a front, or everything, is told what to do. */
export function controlOption(): Option {
  return new Option(
    "--control <path>",
    "the socket for commands (default: control.sock in the run directory)",
  );
}

/** What both options say of the control socket. */
export function controlPlace({ control, runDir }: ControlOptions): ControlPlace {
  return {
    control: control === undefined ? undefined : absolute(control),
    runDirectory: runDir === undefined ? undefined : absolute(runDir),
  };
}

/** The values of {@linkcode controlOption} and {@linkcode runDirectoryOption}. */
export interface ControlOptions {
  readonly control?: string;
  readonly runDir?: string;
}

/** How messages are written. */
export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--log-level <level>", "messages to write (default: info)").choices([
        "debug",
        "info",
        "warning",
        "error",
        "fatal",
      ]),
    )
    .addOption(new Option("--log-format <format>", "of messages (default: text)").choices(["text", "json"]))
    .addOption(new Option("--message-rules <json>").argParser((text) => JSON.parse(text)).hideHelp());
}

/** Ties a child to its supervisor. For our own use. */
export function withParentOption(): Option {
  return new Option("--with-parent <pid>", "end when that process, the parent, ends")
    .argParser(wholeNumber(1, 2 ** 22)).hideHelp();
}

/** Ends this process with its parent, where a supervisor asks for that. */
export async function bindToParent(parent: number | undefined): Promise<void> {
  if (parent === undefined) return;
  const { endWithParent } = await import("../../ffi/mod.ts");
  if (!endWithParent(parent)) Deno.exit(1);
}
