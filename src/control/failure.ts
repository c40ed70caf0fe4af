/** Errors, as people read them, and the exit codes that go with them. */

/** The operation failed. */
export const EXIT_FAILED = 1;
/** Bad usage, or a bad configuration. */
export const EXIT_USAGE = 2;

/** What was asked for is not possible as asked. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Errors that say by themselves what is wrong and the way out; of others, people should see more than the message. */
const FOR_PEOPLE: Record<string, number> = {
  UsageError: EXIT_USAGE,
  ConfigError: EXIT_USAGE,
  UnsupportedSystemError: EXIT_USAGE,
  ModuleError: EXIT_USAGE,
  CommandError: EXIT_USAGE,
  DirectoryError: EXIT_USAGE,
  FileError: EXIT_USAGE,
  OpenSslError: EXIT_USAGE,
  RunDirectoryError: EXIT_FAILED,
  ListenError: EXIT_FAILED,
  ControlError: EXIT_FAILED,
  TakeOverError: EXIT_FAILED,
  TalkError: EXIT_FAILED,
  ErrnoError: EXIT_FAILED,
  NotCapable: EXIT_USAGE,
};

/** What to print about an error, and the exit code. Told by name: not every command loads every class. */
export function explain(error: unknown): { readonly text: string; readonly code: number } {
  if (!(error instanceof Error)) return { text: String(error), code: EXIT_FAILED };
  const code = FOR_PEOPLE[error.name];
  if (code !== undefined) return { text: error.message, code };
  return { text: error.stack ?? error.message, code: EXIT_FAILED };
}

/** Why something failed, for a sentence of ours. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
