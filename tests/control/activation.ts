/** Programs that the real systemd-socket-activate starts. */

export const ACTIVATE = "systemd-socket-activate";
/** It gives a program little of its own environment: not where Deno has what it needs. */
export const PASSED_ON: readonly string[] = Deno.env.has("DENO_DIR")
  ? ["-E", `DENO_DIR=${Deno.env.get("DENO_DIR")}`]
  : [];
/** What a program has to be allowed that takes sockets from it. */
export const ALLOW_GIVEN = "--allow-env=LISTEN_PID,LISTEN_FDS,LISTEN_FDNAMES";
