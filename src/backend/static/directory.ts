/** The directory that is served, and opening files in it. */

import { Buffer } from "node:buffer";
import {
  adopt,
  close,
  describeErrno,
  type Descriptor,
  directoryEntries,
  type DirectoryEntry,
  EACCES,
  EAGAIN,
  ELOOP,
  EMFILE,
  ENAMETOOLONG,
  ENFILE,
  ENODEV,
  ENOENT,
  ENOTDIR,
  ENXIO,
  EPERM,
  ErrnoError,
  EXDEV,
  FileStatus,
  type LinkPolicy,
  openBeneath,
  openDirectory,
} from "../../../ffi/mod.ts";
import type { FileCache } from "./file_cache.ts";
import { OpenFile } from "./open_file.ts";

/** The directory cannot be served. The message is for people. */
export class DirectoryError extends Error {
  override name = "DirectoryError";
}

/** Why a name is no file that can be sent. `exhausted`: not now, for want of descriptors. */
export type Failure = "missing" | "directory" | "forbidden" | "exhausted";

const FAILURES: ReadonlyMap<number, Failure> = new Map<number, Failure>([
  [ENOENT, "missing"],
  [ENOTDIR, "missing"],
  [ENAMETOOLONG, "missing"],
  // A link that is not followed, or leads nowhere.
  [EXDEV, "missing"],
  [ELOOP, "missing"],
  // A socket, or a device that is not there.
  [ENXIO, "missing"],
  [ENODEV, "missing"],
  [EACCES, "forbidden"],
  [EPERM, "forbidden"],
  [EMFILE, "exhausted"],
  [ENFILE, "exhausted"],
  // Renamed about all the time.
  [EAGAIN, "exhausted"],
]);

/** PATH_MAX of limits.h, the closing NUL included. */
const PATH_MAX = 4096;

/** Milliseconds after which the directory's own path is looked up again. */
const RENEWAL = 1_000;

/** A directory by its path. */
export class Directory {
  #descriptor: Descriptor;
  /** When it was opened, on the clock of who has it renewed, and what that said last. */
  #openedAt = -Infinity;
  #now = -Infinity;
  readonly #status = new FileStatus();
  /** Where files are kept from one request to the next, if anywhere; lent. */
  cache: FileCache | undefined;
  /** The name for the kernel, with its NUL. */
  readonly #name = Buffer.alloc(PATH_MAX) as Buffer<ArrayBuffer>;

  /**
   * @param links which symbolic links in it are followed; those in its own path are
   * @param linkFailure what a link is that is not followed
   * @throws {DirectoryError} when it cannot be opened
   */
  constructor(
    readonly path: string,
    readonly links: LinkPolicy,
    readonly linkFailure: Failure = "missing",
  ) {
    const result = openDirectory(path);
    if (result < 0) {
      throw new DirectoryError(`Cannot serve the directory "${path}": ${describeErrno(-result)}`);
    }
    this.#descriptor = adopt(result);
  }

  /**
   * Opens a file, or finds it where it is kept.
   *
   * @param name as {@linkcode fileName} makes it, not empty
   * @returns the caller's to close
   */
  open(name: string): OpenFile | Failure {
    const { cache } = this;
    if (cache === undefined) return this.#open(name);
    const kept = cache.find(name, this.#now);
    if (kept !== undefined) return kept;
    const file = this.openAnew(name);
    return file instanceof OpenFile ? cache.keep(file) : file;
  }

  /** The same as it is at this moment, for this one time. */
  openAnew(name: string): OpenFile | Failure {
    const file = this.#open(name);
    if (file !== "exhausted" || this.cache === undefined) return file;
    // What is kept gives way.
    this.cache.among.clear();
    return this.#open(name);
  }

  #open(name: string): OpenFile | Failure {
    // A character is a byte, so what is too long is known before it is written.
    if (name.length >= PATH_MAX) return "missing";
    this.#name[this.#name.write(name, "latin1")] = 0;
    const result = openBeneath(this.#descriptor, this.#name, this.links);
    if (result < 0) return result === -ELOOP ? this.linkFailure : failure(-result);
    const descriptor = adopt(result);
    const file = this.#look(descriptor, name);
    if (!(file instanceof OpenFile)) close(descriptor);
    return file;
  }

  /**
   * What is in a directory below.
   *
   * @param name as {@linkcode fileName} makes it; empty for the directory itself
   * @param most how many names at most
   */
  entries(name: string, most: number): DirectoryEntry[] | Exclude<Failure, "directory"> {
    if (name.length >= PATH_MAX) return "missing";
    this.#name[this.#name.write(name || ".", "latin1")] = 0;
    const result = openBeneath(this.#descriptor, this.#name, this.links);
    if (result < 0) return result === -ELOOP ? "forbidden" : failed(-result);
    const descriptor = adopt(result);
    const entries = directoryEntries(descriptor, most);
    close(descriptor);
    return typeof entries === "number" ? failed(-entries) : entries;
  }

  #look(descriptor: Descriptor, name: string): OpenFile | Failure {
    const status = this.#status;
    const result = status.readDescriptor(descriptor);
    if (result < 0) return failure(-result);
    if (status.type !== "file") return status.type === "directory" ? "directory" : "missing";
    return new OpenFile(descriptor, name, status);
  }

  /**
   * Opens the directory that is at the path by now: a new release is often put in place by renaming a link or directory
   * over the old one. To be called before each request.
   *
   * @param now milliseconds; a moment after the last time nothing is done
   */
  renew(now: number): void {
    this.#now = now;
    if (now - this.#openedAt < RENEWAL) return;
    this.#openedAt = now;
    const result = openDirectory(this.path);
    // Between two releases it may be away; then the old one goes on.
    if (result < 0) return;
    const descriptor = adopt(result);
    const isAnother = identity(this.#status, descriptor) !== identity(this.#status, this.#descriptor);
    close(this.#descriptor);
    this.#descriptor = descriptor;
    // Of one release all files change at a time.
    if (isAnother) this.cache?.clear();
  }

  close(): void {
    close(this.#descriptor);
  }
}

/** Which directory it is, among those that are open. */
function identity(status: FileStatus, directory: Descriptor): string {
  status.readDescriptor(directory);
  return `${status.device} ${status.inode}`;
}

/** Of what is no directory by now nobody can say more than that it is not there. */
function failed(errno: number): Exclude<Failure, "directory"> {
  const what = FAILURES.get(errno);
  return what === undefined || what === "directory" ? "forbidden" : what;
}

function failure(errno: number): Failure {
  const known = FAILURES.get(errno);
  if (known === undefined) throw new ErrnoError("Cannot open a file", errno);
  return known;
}
