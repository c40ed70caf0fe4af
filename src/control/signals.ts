/** SIGTERM, SIGINT and SIGHUP: ask to end, insist on it, or ask to read the configuration again. */

/** What a process does when it is signalled. */
export interface SignalHandlers {
  /** The first SIGTERM or SIGINT: comes to an end in good order. */
  readonly drain: (signal: string) => void;
  /** SIGHUP, where that means something. */
  readonly reload?: () => void;
}

/**
 * Listens to signals for the rest of the process. The second SIGTERM or SIGINT ends it at once, with exit code 1.
 *
 * @param supervised whether another process ends this one. Ctrl+C reaches every process of a terminal's job at the same
 *   time; here it would make the supervisor's SIGTERM a second, impatient signal
 */
export function handleSignals(handlers: SignalHandlers, supervised = false): void {
  let asked = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (supervised && signal === "SIGINT") return;
      if (asked) Deno.exit(1);
      asked = true;
      handlers.drain(signal);
    });
  }
  // Without a meaning, SIGHUP must not be deadly either: it is what a closing terminal sends.
  Deno.addSignalListener("SIGHUP", () => handlers.reload?.());
}
