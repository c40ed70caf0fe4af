/** Where sockets are that a configuration does not name by their paths, and how that directory comes to be. */

import { environment as ownEnvironment } from "./environment.ts";
import {
  chmod,
  describeErrno,
  EEXIST,
  effectiveUser,
  ENOENT,
  FileStatus,
  mayWrite,
  mkdir,
} from "../../ffi/mod.ts";

/** Root's, as the file system hierarchy has it for every service. */
const OF_THE_SYSTEM = "/run/fdpass";
/** Group and others. */
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
/** Root, and who stands for root in a user namespace that does not have it (user_namespaces(7), overflowuid). */
const TRUSTED: readonly number[] = [0, 65_534];

/** What the choice depends on besides the file system: all of it is this process's own unless given. */
export interface Surroundings {
  /** A variable of the environment: undefined where it is not set, or may not be read. */
  readonly environment?: (name: string) => string | undefined;
  /** Who this process acts as. */
  readonly user?: number;
  /** In the place of {@linkcode OF_THE_SYSTEM}. */
  readonly system?: string;
}

/** A directory for sockets. */
export interface RunDirectory {
  readonly path: string;
  /** What people should be told: that it is not where they would look first, and why. */
  readonly note?: string;
}

/** No directory can be had that is this user's alone. The message is for people, and says the way out. */
export class RunDirectoryError extends Error {
  override name = "RunDirectoryError";
}

const WAY_OUT = "write DefaultRuntimeDir, set XDG_RUNTIME_DIR, or give --run-dir";

/**
 * Where sockets of this user are unless a configuration or an option says: `/run/fdpass` for root; for others what
 * systemd has made for the service (`RUNTIME_DIRECTORY`, systemd.exec(5)), or `fdpass` in the user's own directory
 * (`XDG_RUNTIME_DIR`). What cannot be used, because it is not set (cron, containers), another user's (su), or cannot be
 * written, is passed over: then it is a private directory below the temporary one, and people are told. Nothing is made
 * yet: {@linkcode makeSocketDirectory} does that.
 *
 * @throws {RunDirectoryError} where somebody else has taken the name below the temporary directory
 */
export function defaultRunDirectory(surroundings: Surroundings = {}): RunDirectory {
  const { environment = ownEnvironment, user = effectiveUser() } = surroundings;
  const { value, why } = user === 0 ? ofTheSystem(surroundings) : ofTheUser(environment, user);
  if (value !== undefined) return { path: value };
  const path = temporaryRunDirectory(surroundings);
  checkTemporary(path, user);
  return { path, note: `${why}, so sockets are in ${path}, which is for user ${user} alone` };
}

type Choice = { readonly value: string; readonly why?: undefined } | {
  readonly value?: undefined;
  readonly why: string;
};

function ofTheSystem({ system = OF_THE_SYSTEM }: Surroundings): Choice {
  const status = new FileStatus();
  const there = status.readTarget(system) === 0 ? system : system.slice(0, system.lastIndexOf("/")) || "/";
  const result = mayWrite(there);
  return result === 0 ? { value: system } : { why: `${there} cannot be written (${describeErrno(-result)})` };
}

function ofTheUser(environment: typeof ownEnvironment, user: number): Choice {
  // systemd lists all that it has made for the service.
  const ofTheService = environment("RUNTIME_DIRECTORY")?.split(":")[0];
  if (ofTheService !== undefined && problemOf(ofTheService, user) === undefined) {
    return { value: ofTheService };
  }
  const own = environment("XDG_RUNTIME_DIR") ?? "";
  if (own === "") return { why: "XDG_RUNTIME_DIR is not set" };
  const problem = problemOf(own, user);
  if (problem !== undefined) return { why: `XDG_RUNTIME_DIR is "${own}", which ${problem}` };
  return { value: `${own === "/" ? "" : own.replace(/\/$/, "")}/fdpass` };
}

/** Why a directory is none that a user's own programs may have their sockets in; undefined if it is one. */
function problemOf(directory: string, user: number): string | undefined {
  if (!directory.startsWith("/")) return "is no absolute path";
  const status = new FileStatus();
  const result = status.readTarget(directory);
  if (result === -ENOENT) return "does not exist";
  if (result < 0) return `cannot be looked at (${describeErrno(-result)})`;
  if (status.type !== "directory") return "is no directory";
  if (status.owner !== user) return `belongs to user ${status.owner}`;
  if ((status.permissions & OTHERS_WRITE) !== 0) return "others may write to";
  const writing = mayWrite(directory);
  return writing === 0 ? undefined : `cannot be written (${describeErrno(-writing)})`;
}

/** The private directory of this user below the temporary one, whether or not it is there. */
function temporaryRunDirectory(surroundings: Surroundings): string {
  const { environment = ownEnvironment, user = effectiveUser() } = surroundings;
  const set = environment("TMPDIR");
  const temporary = set?.startsWith("/") ? set.replace(/(?<=.)\/$/, "") : "/tmp";
  return `${temporary === "/" ? "" : temporary}/fdpass-${user}`;
}

/**
 * Fails unless nothing is at the path, or a directory that is this user's and nobody else's: whoever comes first to a name
 * in everybody's directory owns it, and could move away what is made in it.
 */
function checkTemporary(path: string, user: number): void {
  const cannot = (why: string) =>
    new RunDirectoryError(`Cannot have sockets in "${path}": ${why}; ${WAY_OUT}`);
  const status = new FileStatus();
  const parent = path.slice(0, path.lastIndexOf("/")) || "/";
  const found = status.readTarget(parent);
  if (found < 0) throw cannot(`"${parent}" cannot be looked at (${describeErrno(-found)})`);
  if (!TRUSTED.includes(status.owner) && status.owner !== user) {
    throw cannot(`"${parent}" belongs to user ${status.owner}`);
  }
  if ((status.permissions & OTHERS_WRITE) !== 0 && (status.permissions & STICKY) === 0) {
    throw cannot(`in "${parent}" everybody may move what is another's (chmod +t)`);
  }
  // Not what a link leads to.
  const result = status.readPath(path);
  if (result === -ENOENT) return;
  if (result < 0) throw cannot(describeErrno(-result));
  if (status.type !== "directory") throw cannot("there is something that is no directory; remove it, or");
  if (status.owner !== user) throw cannot(`it belongs to user ${status.owner}`);
  if ((status.permissions & OTHERS) !== 0) throw cannot("others than its owner may use it (chmod 700)");
}

/**
 * Makes the directory that a socket is to be in, unless it is there: for its owner alone, whatever the umask. One that is
 * there is taken as it is, but for the one below the temporary directory, which must be this user's alone.
 *
 * @throws {RunDirectoryError} where it cannot be had
 */
export function makeSocketDirectory(path: string, surroundings: Surroundings = {}): void {
  const { user = effectiveUser() } = surroundings;
  if (path !== temporaryRunDirectory(surroundings)) return makeAll(path);
  checkTemporary(path, user);
  makeOne(path);
  // Whoever was quicker than this is found out now: nobody can take the name from its owner any more.
  checkTemporary(path, user);
}

function makeAll(path: string): void {
  if (path === "" || new FileStatus().readTarget(path) === 0) return;
  makeAll(path.slice(0, path.lastIndexOf("/")));
  makeOne(path);
}

function makeOne(path: string): void {
  const result = mkdir(path, 0o700);
  if (result === -EEXIST) return;
  // What is asked for is less what the umask has.
  const changed = result < 0 ? result : chmod(path, 0o700);
  if (changed === 0) return;
  const why = describeErrno(-changed);
  throw new RunDirectoryError(
    `Cannot make the directory "${path}" for sockets: ${why}; make it, or ${WAY_OUT}`,
  );
}
