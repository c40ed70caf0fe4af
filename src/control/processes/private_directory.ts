/** A directory for what one process and its children share, and nobody else: sockets and pipes that have names. */

import { processId, removeDirectory, unlink } from "../../../ffi/mod.ts";
import { defaultRunDirectory, makeSocketDirectory } from "../../config/run_directory.ts";

/** Names of sockets in it have to fit the address of a Unix socket (unix(7), 107 bytes). */
const LONGEST = 80;

/** The directory, made when it is asked for first. */
export class PrivateDirectory {
  #path: string | undefined;
  readonly #names = new Set<string>();

  /** @param runDirectory where it is to be, if that can be had */
  constructor(readonly runDirectory: string | undefined) {}

  /** Where it is. @throws {RunDirectoryError} where none can be had */
  get path(): string {
    return this.#path ??= this.#make();
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

  /** Removes it, and what is left in it. */
  remove(): void {
    if (this.#path === undefined) return;
    for (const name of this.#names) unlink(`${this.#path}/${name}`);
    removeDirectory(this.#path);
    this.#path = undefined;
  }
}
