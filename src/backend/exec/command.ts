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

const ANY_EXECUTION = 0o111;
/** Where execvp(3) looks when there is no PATH. */
const DEFAULT_PATH = "/bin:/usr/bin";

/** A program and its arguments, as C takes them. */
export interface Command {
  /** As it was written. */
  readonly name: string;
  /** The program's file. */
  readonly path: Uint8Array<ArrayBuffer>;
  readonly argv: StringArray;
  /** Where it is run; where this process is, unless given. */
  readonly directory?: Uint8Array<ArrayBuffer>;
}

/**
 * The program of a file, which runs in the directory that it is in (RFC 3875, 7.2).
 *
 * @param name absolute, a character for each byte
 */
export function scriptCommand(name: string): Command {
  const bytes = (text: string) => Uint8Array.from(`${text}\0`, (character) => character.charCodeAt(0));
  return {
    name,
    path: bytes(name),
    argv: new StringArray([name]),
    directory: bytes(name.slice(0, name.lastIndexOf("/")) || "/"),
  };
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
  const problem = problemWith(path);
  if (problem === undefined) return path;
  throw new CommandError(`Cannot run "${path}": ${problem.why}`);
}

function searched(name: string, environment: readonly string[]): string {
  const entry = environment.find((text) => text.startsWith("PATH="));
  const directories = decoded(entry?.slice("PATH=".length) ?? DEFAULT_PATH);
  let found: string | undefined;
  let closed: string | undefined;
  for (const directory of name === "" ? [] : directories.split(":")) {
    // An empty entry of PATH is the current directory.
    const path = directory === "" ? `./${name}` : `${directory}/${name}`;
    const problem = problemWith(path);
    if (problem === undefined) return path;
    // Whatever is wrong there, it may be well elsewhere; it is only told when it is not.
    if (problem.what === "no program") found ??= path;
    if (problem.what === "closed") closed ??= directory;
  }
  if (found !== undefined) return executable(found);
  throw new CommandError(
    closed === undefined
      ? `Cannot run "${name}": no directory of PATH has such a program; name one that is there, or write its path`
      : `Cannot run "${name}": no directory of PATH that this user may search has such a program, and "${closed}" may ` +
        `not be searched; write the program's path, or have it where this user may run it`,
  );
}

/** What keeps a file from being executed. */
interface Problem {
  /** There is something that is no program; nothing can be found out, since a directory is closed; or another error. */
  readonly what: "no program" | "closed" | "error";
  /** For people. */
  readonly why: string;
}

function problemWith(path: string): Problem | undefined {
  const executing = -mayExecute(path);
  const status = new FileStatus();
  const looking = -status.readTarget(path);
  // EACCES may mean the file, or a directory on the way to it: of the latter nothing can be looked at.
  if (looking === EACCES) {
    return { what: "closed", why: "this user may not search a directory on the way to it (chmod +x)" };
  }
  // A directory may be "executed" too; a link to a file is one here, as the kernel follows it.
  if (executing === EACCES || looking === 0 && status.type !== "file") {
    const why = status.type === "file" && (status.permissions & ANY_EXECUTION) !== 0
      ? "this user may not execute it (chmod +x), or nothing on its file system may be executed (mount option noexec)"
      : "it is not an executable file; name a program, or make it one (chmod +x)";
    return { what: "no program", why };
  }
  const errno = executing || looking;
  return errno === 0 ? undefined : { what: "error", why: describeErrno(errno) };
}

/** The text whose UTF-8 these characters are, one a byte. */
function decoded(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}
