/** How this program starts itself: as a compiled binary, or with `deno run` and no more permissions than needed. */

import { commandLine, libcPath } from "../../../ffi/mod.ts";
import { hasCompression } from "../../config/compression.ts";
import type { BackendKind } from "../../config/config.ts";
import { programOf } from "../kinds/programs.ts";

/**
 * What a child is to do; it decides what the child may do. A `dealer` is a backend of several processes, whatever they
 * run: it starts those, and serves nothing itself.
 */
export type Role = "front" | "dealer" | BackendKind;

/** A command line. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

const ROOT = decodeURIComponent(new URL("../../../", import.meta.url).pathname);

/** What a front needs to start its Workers: their modules are read with the permissions of the process. */
export const WORKER_PERMISSION = `--allow-read=${ROOT}src,${ROOT}ffi`;

/** What a backend that compresses needs to start its thread. */
const COMPRESSION_PERMISSION = `--allow-read=${ROOT}src/backend/compression`;

/**
 * The permissions that a role needs under `deno run`: those and no more. What a backend needs, its kind says.
 *
 * @param more what it needs this time besides
 */
export function permissionsOf(role: Role, more: readonly string[]): string[] {
  const always = [`--allow-ffi=${[libcPath, ...librariesOf(role)].join(",")}`, ...more];
  // A list of names would take the permission for all of them away.
  if (!more.includes("--allow-env")) always.push("--allow-env=NOTIFY_SOCKET");
  if (role === "front") return [...always, WORKER_PERMISSION];
  if (role === "dealer") return [...always, `--allow-run=${Deno.execPath()}`];
  const own = programOf(role).permissions(role);
  if (own.includes("-A")) return own;
  // What is compressed may be a matter of rules, which come with connections.
  return [...always, ...own, ...hasCompression(role) ? [COMPRESSION_PERMISSION] : []];
}

function librariesOf(role: Role): readonly string[] {
  return typeof role === "string" ? [] : programOf(role).libraries?.(role) ?? [];
}

/**
 * The command line that runs this program with these arguments.
 *
 * @param more permissions: see {@linkcode permissionsOf}
 */
export function selfCommand(role: Role, args: readonly string[], more: readonly string[] = []): CommandLine {
  const command = Deno.execPath();
  if (Deno.build.standalone) return { command, args };
  return {
    command,
    args: ["run", "--quiet", "--no-prompt", ...permissionsOf(role, more), `${ROOT}cli.ts`, ...args],
  };
}

/**
 * The command line of this process once more: the same program with the same permissions and arguments.
 *
 * @param more arguments to be added
 */
export function sameCommand(more: readonly string[]): CommandLine {
  return { command: Deno.execPath(), args: [...commandLine().slice(1), ...more] };
}
