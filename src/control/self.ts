/** How this program starts itself: as a compiled binary, or with `deno run` and no more permissions than needed. */

import { libcPath } from "../../ffi/mod.ts";
import type { BackendKind } from "../config/config.ts";
import { nameToResolve, readUpstream } from "../config/upstream.ts";

/**
 * What a child is to do; it decides what the child may do. A `dealer` is a backend of several processes, whatever they
 * run: it starts those, and serves nothing itself.
 */
export type Role = "front" | "static" | "fetch" | "relay" | "dealer";

/** A command line. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** What a front needs to start its Workers: their modules are read with the permissions of the process. */
export const WORKER_PERMISSION = `--allow-read=${ROOT}src,${ROOT}ffi`;

/**
 * The permissions that a role needs under `deno run`.
 *
 * A front, a static backend, a relay and a dealer get what they need and no more. A fetch backend gets all of them (`-A`),
 * whatever this process itself may do: only its module knows what it needs, it would fail at some later request without
 * that, and nobody is there to be asked. Nothing is given away that was not given before: this process may run Deno
 * (`--allow-run`), and Deno can be run with any permission. To run a handler with less, start its backend by hand.
 *
 * @param needs files that a front reads besides, names that a relay looks up
 */
export function permissionsOf(role: Role, needs: readonly string[]): string[] {
  const ffi = `--allow-ffi=${libcPath}`;
  switch (role) {
    case "front":
      return [ffi, [WORKER_PERMISSION, ...needs].join(","), "--allow-env=NOTIFY_SOCKET"];
    case "static":
      return [ffi, "--allow-env=NOTIFY_SOCKET"];
    case "relay":
      // Sockets are opened by libc; what remains of the network is finding a name's addresses.
      return [ffi, "--allow-env=NOTIFY_SOCKET", ...needs.map((name) => `--allow-net=${name}`)];
    case "dealer":
      return [ffi, `--allow-run=${Deno.execPath()}`, "--allow-env=NOTIFY_SOCKET"];
    case "fetch":
      return ["-A"];
  }
}

/** The arguments of `fdpass backend` that say what it runs. */
export function kindArguments(runs: BackendKind): string[] {
  switch (runs.kind) {
    case "fetch":
      return ["--fetch", runs.module];
    case "static":
      return ["--static", runs.directory];
    case "relay":
      return [
        "--upstream",
        runs.upstream,
        ...runs.preserveHost ? ["--preserve-host"] : [],
        ...runs.timeout === undefined ? [] : ["--upstream-timeout", `${runs.timeout}ms`],
      ];
  }
}

/** What a backend's process needs besides what its kind always does: see {@linkcode permissionsOf}. */
export function needsOf(runs: BackendKind): string[] {
  if (runs.kind !== "relay") return [];
  const upstream = readUpstream(runs.upstream, (path) => path);
  const name = "value" in upstream ? nameToResolve(upstream.value) : undefined;
  return name === undefined ? [] : [name];
}

/**
 * The command line that runs this program with these arguments.
 *
 * @param needs what the role needs besides: see {@linkcode permissionsOf}
 */
export function selfCommand(role: Role, args: readonly string[], needs: readonly string[] = []): CommandLine {
  const command = Deno.execPath();
  if (Deno.build.standalone) return { command, args };
  return {
    command,
    args: ["run", "--quiet", "--no-prompt", ...permissionsOf(role, needs), `${ROOT}cli.ts`, ...args],
  };
}
