/** Signals: SIGTERM and SIGINT ask to end, and insist on it; SIGHUP asks to read the configuration again, SIGUSR1 to open logs anew. */

/** What a process does when it is signalled. */
export interface SignalHandlers {
  /** The first SIGTERM or SIGINT: comes to an end in good order. */
  readonly drain: (signal: string) => void;
  /** SIGHUP, where that means something. */
  readonly reload?: () => void;
  /**
   * SIGUSR1, where there are files that somebody may have moved away. To a supervised process it is SIGUSR2: under
   * `deno run`, the runtime itself (2.9.2 and later) takes SIGUSR1 for a wish to be debugged, whoever listens besides.
   */
  readonly reopen?: (() => void) | undefined;
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
  // Without a meaning, they must not be deadly either: a closing terminal sends SIGHUP, and programs that rotate logs send
  // the others to whatever there is.
  Deno.addSignalListener("SIGHUP", () => handlers.reload?.());
  Deno.addSignalListener("SIGUSR1", () => handlers.reopen?.());
  Deno.addSignalListener("SIGUSR2", () => {
    if (supervised) handlers.reopen?.();
  });
}
