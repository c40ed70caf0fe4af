/** A directory for what one process and its children share, and nobody else: sockets and pipes that have names. */

import {
  adopt,
  close,
  type Descriptor,
  ESRCH,
  FileStatus,
  libc,
  openForReading,
  processId,
  removeDirectory,
  settle,
  tryLock,
  unlink,
} from "../../../ffi/mod.ts";
import { defaultRunDirectory, makeSocketDirectory } from "../../config/run_directory.ts";

/** Names of sockets in it have to fit the address of a Unix socket (unix(7), 107 bytes). */
const LONGEST = 80;

/** How they are called: the number tells people whose each is. */
const NAME = /^\.\d+$/;

/** The directory, made when it is asked for first. */
export class PrivateDirectory {
  #path: string | undefined;
  readonly #names = new Set<string>();
  /** Locked as long as this process lives: what tells others that, where its number does not. */
  #lock: Descriptor | undefined;

  /** @param runDirectory where it is to be, if that can be had */
  constructor(readonly runDirectory: string | undefined) {}

  /** Where it is. @throws {RunDirectoryError} where none can be had */
  get path(): string {
    if (this.#path !== undefined) return this.#path;
    let path = this.#make();
    // Another process that starts may have taken it for one that was left.
    for (let tries = 0; tries < 3 && !this.#locks(path); tries++) path = this.#make();
    this.#path = path;
    removeLeftBehind(path.slice(0, path.lastIndexOf("/")));
    return path;
  }

  /**
   * The absolute path of something in it, which goes with it.
   *
   * @throws {RunDirectoryError} where no directory can be had
   */
  join(name: string): string {
    this.#names.add(name);
    return `${this.path}/${name}`;
  }

  #make(): string {
    const name = `.${processId()}`;
    const given = `${this.runDirectory ?? ""}/${name}`;
    if (this.runDirectory !== undefined && given.length <= LONGEST) {
      try {
        makeSocketDirectory(given);
        return given;
      } catch {
        // Where backends have their sockets need not be a place for others.
      }
    }
    const path = `${defaultRunDirectory().path}/${name}`;
    makeSocketDirectory(path.slice(0, path.lastIndexOf("/")));
    makeSocketDirectory(path);
    return path;
  }

  /** @returns whether it is there, and this process's from now on */
  #locks(path: string): boolean {
    if (this.#lock !== undefined) close(this.#lock);
    this.#lock = undefined;
    const opened = openForReading(path);
    if (opened < 0) return false;
    this.#lock = adopt(opened);
    return tryLock(this.#lock) && new FileStatus().readPath(path) === 0;
  }

  /** Removes it, and what is left in it. */
  remove(): void {
    if (this.#path === undefined) return;
    for (const name of this.#names) unlink(`${this.#path}/${name}`);
    removeDirectory(this.#path);
    if (this.#lock !== undefined) close(this.#lock);
    this.#lock = undefined;
    this.#path = undefined;
  }
}

/** Removes what processes have left that were killed. What cannot be looked at is left alone. */
function removeLeftBehind(directory: string): void {
  // A process that may look at some files only has not been told of this.
  if (Deno.permissions.querySync({ name: "read", path: directory }).state !== "granted") return;
  try {
    for (const { name, isDirectory } of Deno.readDirSync(directory)) {
      // Of another container the number says nothing, but there the lock does.
      if (!isDirectory || !NAME.test(name) || runs(Number(name.slice(1)))) continue;
      removeIfLeft(`${directory}/${name}`);
    }
  } catch {
    // It may be another user's, in part: what is left there is theirs to remove.
  }
}

function runs(process: number): boolean {
  return settle(libc.kill(process, 0)) !== -ESRCH;
}

function removeIfLeft(path: string): void {
  const opened = openForReading(path);
  if (opened < 0) return;
  const fd = adopt(opened);
  if (tryLock(fd)) {
    for (const { name } of Deno.readDirSync(path)) unlink(`${path}/${name}`);
    removeDirectory(path);
  }
  close(fd);
}
