/** The program that a backend runs: found once, when the backend starts. */

import {
  cString,
  describeErrno,
  EACCES,
  FileStatus,
  mayExecute,
  StringArray,
  utf8,
} from "../../../ffi/mod.ts";

/** The program cannot be run. The message is for people. */
export class CommandError extends Error {
  override name = "CommandError";
}

/** Where execvp(3) looks when there is no PATH. */
const DEFAULT_PATH = "/bin:/usr/bin";

/** A program and its arguments, as C takes them. */
export interface Command {
  /** As it was written. */
  readonly name: string;
  /** The program's file. */
  readonly path: Uint8Array<ArrayBuffer>;
  readonly argv: StringArray;
}

/**
 * Finds a program as execvp(3) does: a name with a slash is a path, any other is looked for in PATH.
 *
 * @param words the program and its arguments
 * @param environment with the PATH that counts
 * @throws {CommandError} when there is no such program, or it may not be executed
 */
export function findCommand(words: readonly string[], environment: readonly string[]): Command {
  const name = words[0] ?? "";
  const path = name.includes("/") ? executable(name) : searched(name, environment);
  return { name, path: cString(path), argv: new StringArray(words.map(utf8)) };
}

function executable(path: string): string {
  const errno = problemWith(path);
  if (errno === 0) return path;
  throw new CommandError(
    errno === EACCES
      ? `Cannot run "${path}": it is not an executable file; name a program, or make it one (chmod +x)`
      : `Cannot run "${path}": ${describeErrno(errno)}`,
  );
}

function searched(name: string, environment: readonly string[]): string {
  const entry = environment.find((text) => text.startsWith("PATH="));
  const directories = decoded(entry?.slice("PATH=".length) ?? DEFAULT_PATH);
  let found: string | undefined;
  for (const directory of name === "" ? [] : directories.split(":")) {
    // An empty entry of PATH is the current directory.
    const path = directory === "" ? `./${name}` : `${directory}/${name}`;
    const errno = problemWith(path);
    if (errno === 0) return path;
    if (errno === EACCES) found ??= path;
  }
  if (found !== undefined) return executable(found);
  throw new CommandError(
    `Cannot run "${name}": no directory of PATH has such a program; name one that is there, or write its path`,
  );
}

/** An errno number, 0 for none: what keeps a file from being executed. */
function problemWith(path: string): number {
  const errno = -mayExecute(path);
  if (errno !== 0) return errno;
  // A directory may be "executed" too; a link to a file is one here, as the kernel follows it.
  const status = new FileStatus();
  const result = status.readTarget(path);
  if (result < 0) return -result;
  return status.type === "file" ? 0 : EACCES;
}

/** The text whose UTF-8 these characters are, one a byte. */
function decoded(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}
