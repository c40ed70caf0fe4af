/** Where commands have their configuration from. */

import type { Config } from "../config/config.ts";
import { UsageError } from "../control/failure.ts";

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

/** Reads a configuration. @param input what came on standard input, where that has been read already */
export async function load(source: string, input?: string): Promise<Config> {
  const { loadConfig } = await import("../config/load.ts");
  if (input === undefined) return await loadConfig(source);
  const stdin = new Blob([input]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
  return await loadConfig(source, { stdin });
}

/** All of standard input. */
export async function readInput(): Promise<string> {
  return new TextDecoder().decode(await new Response(Deno.stdin.readable).bytes());
}
