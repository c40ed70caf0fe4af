/** SIGTERM, SIGINT and SIGHUP: ask to end, insist on it, or ask to read the configuration again. */

/** What a process does when it is signalled. */
export interface SignalHandlers {
  /** The first SIGTERM or SIGINT: comes to an end in good order. */
  readonly drain: (signal: string) => void;
  /** SIGHUP, where that means something. */
  readonly reload?: () => void;
  /** Right before the second SIGTERM or SIGINT ends this process: ends the processes that it has started. */
  readonly abandon?: () => void;
}

/**
 * Listens to signals for the rest of the process. The second SIGTERM or SIGINT ends it at once, with exit code 1.
 *
 * @param supervised whether another process ends this one. Then that one alone counts, and insists with SIGKILL: a signal
 *   to every process of a job or a service (Ctrl+C, `kill %1`, systemd) arrives here by itself and once more from the
 *   supervisor, and the kernel tells of a parent's end more than once (prctl(2), PR_SET_PDEATHSIG, for each thread). None
 *   of that is impatience. SIGINT means nothing here: who types it means the supervisor, which knows the right order
 */
export function handleSignals(handlers: SignalHandlers, supervised = false): void {
  let asked = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (supervised && (asked || signal === "SIGINT")) return;
      if (asked) {
        handlers.abandon?.();
        Deno.exit(1);
      }
      asked = true;
      handlers.drain(signal);
    });
  }
  // Without a meaning, SIGHUP must not be deadly either: it is what a closing terminal sends.
  Deno.addSignalListener("SIGHUP", () => handlers.reload?.());
}
