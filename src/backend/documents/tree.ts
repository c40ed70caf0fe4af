/** Files by their whole names, with links followed as settings say. */

import type { DirectoryEntry } from "../../../ffi/mod.ts";
import { Directory, DirectoryError, type Failure } from "../static/directory.ts";
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

  /** @param now milliseconds on the clock that goes by for directories that are opened anew */
  open(name: string, settings: MergedSettings, now: number): OpenFile | Failure {
    const { links, linksBelow } = settings;
    if (links === "follow") {
      return name === "/" ? "directory" : this.#root.open(name.slice(1));
    }
    // What lies above the directory that says so may be linked to, as the directory itself may.
    const kept = this.#directory(linksBelow, now);
    if (typeof kept === "string") return kept;
    const rest = name.slice(linksBelow.length);
    return rest === "" ? "directory" : kept.open(rest);
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
      const found = this.#root.open((directory + OVERRIDES).slice(1));
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
