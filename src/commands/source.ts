/** Where commands have their configuration from. */

import { readAdminAddress } from "../config/admin_address.ts";
import type { Config } from "../config/config.ts";
import { STANDARD_INPUT } from "../config/error.ts";
import { formatWarnings } from "../config/warning.ts";
import { UsageError } from "../control/failure.ts";
import { writeError } from "./output.ts";
import { absolute } from "./values.ts";

/** The argument that names it. */
export const CONFIG_ARGUMENT = ["[config]", "a file, or - for standard input"] as const;

/** A configuration given as an argument, or standard input where something is piped in. */
export function sourceOf(argument: string | undefined, command: string): string {
  if (argument !== undefined) return argument;
  if (Deno.stdin.isTerminal()) {
    throw new UsageError(
      `Cannot tell what to run: name a configuration (fdpass ${command} fdpass.json), or pipe one in`,
    );
  }
  return "-";
}

/** How a configuration is read. */
export interface LoadOptions {
  /** What came on standard input, where that has been read already. */
  readonly input?: string | undefined;
  /** `--run-dir` */
  readonly runDir?: string | undefined;
  /** `--admin` */
  readonly admin?: string | undefined;
  /** `--ignore-access-control` */
  readonly ignoreAccessControl?: true | undefined;
}

/** Reads a configuration. */
export async function load(source: string, options: LoadOptions = {}): Promise<Config> {
  const config = withAdmin(await read(source, options), options.admin);
  return options.ignoreAccessControl ? withoutAccess(config, nameOf(source)) : config;
}

/** The same with another place for figures. Names that the configuration allows there go on to be allowed. */
function withAdmin(config: Config, address: string | undefined): Config {
  if (address === undefined) return config;
  const reading = readAdminAddress(address, absolute);
  if ("fault" in reading) throw new UsageError(reading.fault);
  return { ...config, admin: { at: reading.value, names: config.admin?.names ?? [] } };
}

async function read(source: string, { input, runDir }: LoadOptions): Promise<Config> {
  const { loadConfig } = await import("../config/load.ts");
  const runDirectory = runDir === undefined ? undefined : absolute(runDir);
  if (input === undefined) return await loadConfig(source, { runDirectory });
  const stdin = new Blob([input]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
  return await loadConfig(source, { stdin, runDirectory });
}

/** The same with everybody let in, and people told so. */
function withoutAccess(config: Config, source: string): Config {
  const listeners = config.listeners.map((listener) => ({
    ...listener,
    sites: listener.sites.map((site) =>
      site.rules === undefined ? site : { ...site, rules: { ...site.rules, ignoreAccess: true as const } }
    ),
  }));
  const message = "nobody is kept out, as --ignore-access-control says";
  const warning = { sort: "opens", source, line: 0, subject: "", message } as const;
  return { ...config, listeners, warnings: [...config.warnings ?? [], warning] };
}

/** Tells people what a configuration says that is not an error. @param source as for `load` */
export function warn({ warnings = [] }: Config, source: string): void {
  for (const line of formatWarnings(warnings, nameOf(source))) writeError(`fdpass: ${line}\n`);
}

/** What messages call a source. */
export function nameOf(source: string): string {
  return source === "-" ? STANDARD_INPUT : source;
}

/** Reads a configuration again, for SIGHUP, and says what it says that is not an error. */
export async function loadAgain(source: string, options: LoadOptions): Promise<Config> {
  const config = await load(source, options);
  warn(config, source);
  return config;
}

/** All of standard input. */
export async function readInput(): Promise<string> {
  return new TextDecoder().decode(await new Response(Deno.stdin.readable).bytes());
}
