/**
 * The command line: parses arguments, runs one command, turns errors into sentences and exit codes.
 *
 * Commands load what they need when they run: `fdpass help` opens no library, and `fdpass backend` loads no
 * configuration parser.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { addBackend } from "./src/commands/backend.ts";
import { addCheck } from "./src/commands/check.ts";
import {
  addDrain,
  addReload,
  addReopen,
  addStatus,
  addTop,
  addUndrain,
  addUpgrade,
} from "./src/commands/control.ts";
import { addDemo } from "./src/commands/demo.ts";
import { addFront } from "./src/commands/front.ts";
import { write, writeError } from "./src/commands/output.ts";
import { addSchema } from "./src/commands/schema.ts";
import { addUp } from "./src/commands/up.ts";
import { EXIT_USAGE, explain } from "./src/control/failure.ts";
import { VERSION } from "./src/control/version.ts";

/** In the order in which help lists them. */
const COMMANDS = [
  addFront,
  addBackend,
  addUp,
  addReload,
  addReopen,
  addUpgrade,
  addStatus,
  addTop,
  addDrain,
  addUndrain,
  addCheck,
  addSchema,
  addDemo,
];

/** Builds the program. @param done takes the exit code of the command that ran */
function program(done: (code: number) => void): Command {
  const top = new Command("fdpass")
    .description("Hands client connections, the open sockets themselves, to the processes that own them.")
    .version(`fdpass ${VERSION}`, "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: writeError })
    .showSuggestionAfterError();
  for (const add of COMMANDS) add(top, (command) => async (...args) => done(await command(...args)));
  return top;
}

/** Whether messages are for programs: the last one is as well, then. */
function writesJson(args: readonly string[]): boolean {
  const at = args.indexOf("--log-format");
  return args.includes("--log-format=json") || at >= 0 && args[at + 1] === "json";
}

/**
 * Runs the command that the arguments name.
 *
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  try {
    if (args.length === 0) {
      program(() => {}).outputHelp({ error: true });
      return EXIT_USAGE;
    }
    await program((result) => code = result).parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    // Commander has written what there is to say; its own exit code is 1 for everything but help and version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    const { text, code } = explain(error);
    if (writesJson(args)) (await import("./src/control/log/log.ts")).logFailure(text);
    else writeError(`fdpass: ${text}\n`);
    return code;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
