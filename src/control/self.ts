/** How this program starts itself: as a compiled binary, or with `deno run` and no more permissions than needed. */

import { libcPath } from "../../ffi/mod.ts";

/** What a child is to do; it decides what the child may do. */
export type Role = "front" | "static" | "fetch";

/** A command line. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** What a front needs to start its Workers: their modules are read with the permissions of the process. */
export const WORKER_PERMISSION = `--allow-read=${ROOT}src,${ROOT}ffi`;

/**
 * The permissions that a role needs under `deno run`. A handler module is given what this process itself has.
 *
 * @param reads files that a front reads besides
 */
export function permissionsOf(role: Role, reads: readonly string[]): string[] {
  const ffi = `--allow-ffi=${libcPath}`;
  switch (role) {
    case "front":
      return [ffi, [WORKER_PERMISSION, ...reads].join(","), "--allow-env=NOTIFY_SOCKET"];
    case "static":
      return [ffi, "--allow-env=NOTIFY_SOCKET"];
    case "fetch":
      return ["-A"];
  }
}

/** The command line that runs this program with these arguments. @param reads files that a front reads */
export function selfCommand(role: Role, args: readonly string[], reads: readonly string[] = []): CommandLine {
  const command = Deno.execPath();
  if (Deno.build.standalone) return { command, args };
  return {
    command,
    args: ["run", "--quiet", "--no-prompt", ...permissionsOf(role, reads), `${ROOT}cli.ts`, ...args],
  };
}
