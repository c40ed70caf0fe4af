/** Files by their whole names, with links followed as settings say. */

import type { DirectoryEntry } from "../../../ffi/mod.ts";
import { Directory, DirectoryError, type Failure } from "../static/directory.ts";
import { FileCache, type KeptFiles } from "../static/file_cache.ts";
import { OpenFile } from "../static/open_file.ts";
import type { MergedSettings } from "./settings.ts";

/** Whose `.htaccess` would have a say. */
const OVERRIDES = ".htaccess";

/** Bytes of such a file that are looked at. */
const LONGEST = 65_536;

/** Whether there is nothing in it but blank lines and comments. */
function isEmpty(file: OpenFile): boolean {
  if (file.size === 0) return true;
  if (file.size > LONGEST) return false;
  const bytes = new Uint8Array(file.size);
  if (file.read(bytes, bytes.length, 0) !== bytes.length) return false;
  return new TextDecoder("latin1").decode(bytes).split("\n").every((line) => /^[ \t\r]*(#|$)/.test(line));
}

/** The file system, as one process has it open. */
export class Tree {
  readonly #root = new Directory("/", "follow");
  /** Directories below which links are not followed, by their names; those above them are. */
  readonly #kept = new Map<string, Directory>();
  /** Files that are kept from one request to the next, of all directories; undefined where none are. */
  #files: KeptFiles | undefined;

  /** Keeps files from now on. @param files closed by {@linkcode forget} */
  keep(files: KeptFiles): void {
    this.#files = files;
    for (const directory of [this.#root, ...this.#kept.values()]) directory.cache = new FileCache(files);
  }

  /** Keeps none any longer. */
  forget(): void {
    this.#files?.close();
    this.#files = undefined;
    for (const directory of [this.#root, ...this.#kept.values()]) directory.cache = undefined;
  }

  /** @param now milliseconds on the loop's clock */
  open(name: string, settings: MergedSettings, now: number): OpenFile | Failure {
    const { links, linksBelow, kept: mayBeKept } = settings;
    if (links === "follow") {
      if (name === "/") return "directory";
      this.#root.renew(now);
      return mayBeKept ? this.#root.open(name.slice(1)) : this.#root.openAnew(name.slice(1));
    }
    // What lies above the directory that says so may be linked to, as the directory itself may.
    const kept = this.#directory(linksBelow, now);
    if (typeof kept === "string") return kept;
    const rest = name.slice(linksBelow.length);
    if (rest === "") return "directory";
    return mayBeKept ? kept.open(rest) : kept.openAnew(rest);
  }

  /** What is in a directory. @param most how many names at most */
  entries(
    name: string,
    { links, linksBelow }: MergedSettings,
    now: number,
    most: number,
  ): DirectoryEntry[] | Exclude<Failure, "directory"> {
    if (links === "follow") return this.#root.entries(name.slice(1), most);
    const kept = this.#directory(linksBelow, now);
    if (typeof kept === "string") return "missing";
    return kept.entries(name.slice(linksBelow.length), most);
  }

  #directory(path: string, now: number): Directory | Failure {
    const known = this.#kept.get(path);
    if (known !== undefined) {
      known.renew(now);
      return known;
    }
    try {
      const made = new Directory(path, "never", "forbidden");
      if (this.#files !== undefined) made.cache = new FileCache(this.#files);
      made.renew(now);
      this.#kept.set(path, made);
      return made;
    } catch (error) {
      if (error instanceof DirectoryError) return "missing";
      throw error;
    }
  }

  /**
   * The first `.htaccess` on the way to a file that would have a say there, by its name; undefined where there is none.
   *
   * @param countsIn whether one would have a say in a directory
   */
  overriding(name: string, countsIn: (directory: string) => boolean): string | undefined {
    for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
      const directory = name.slice(0, at + 1);
      if (!countsIn(directory)) continue;
      // Whoever has just said something there counts on it.
      const found = this.#root.openAnew((directory + OVERRIDES).slice(1));
      if (found === "missing") continue;
      const saysNothing = found instanceof OpenFile && isEmpty(found);
      if (found instanceof OpenFile) found.close();
      if (!saysNothing) return directory + OVERRIDES;
    }
    return undefined;
  }

  close(): void {
    this.#root.close();
    for (const directory of this.#kept.values()) directory.close();
  }
}
