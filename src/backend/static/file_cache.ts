/**
 * Files that are kept for a moment: what is asked for again is found without the kernel. A file that is small is kept as
 * its bytes, any other one open.
 */

import { FileStatus } from "../../../ffi/mod.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { FileWatches, Watcher } from "./file_watches.ts";
import { OpenFile, SMALL } from "./open_file.ts";

/** How much is kept at a time. */
export interface FileCacheLimits {
  readonly files: number;
  /** Those of them that are open. */
  readonly open: number;
  /** Bytes of those that are not. */
  readonly bytes: number;
}

const LIMITS: FileCacheLimits = { files: 1_000, open: 256, bytes: 8 << 20 };

/** How often a file is read again that is written meanwhile. */
const MOST_READS = 4;

/** One of them, until it has changed or its time is over. */
class Kept extends Timed implements Watcher {
  /** @param watch of the file, or -1 */
  constructor(readonly cache: FileCache, readonly file: OpenFile, readonly watch: number) {
    super();
  }

  override expire(): void {
    this.cache.drop(this);
  }

  changed(): void {
    this.cache.drop(this);
  }
}

/** What one process keeps, of all directories that it serves. */
export class KeptFiles {
  /** In the order in which they were kept: all have the same time. */
  readonly #deadlines: Deadlines;
  #files = 0;
  #open = 0;
  #bytes = 0;

  /**
   * @param loop puts an end to what has been kept for long enough
   * @param validity milliseconds for which a file is kept
   * @param watches closed with this; undefined where there are none: then changes count when a file's time is over
   */
  constructor(
    loop: Loop,
    validity: number,
    readonly watches: FileWatches | undefined,
    readonly limits: FileCacheLimits = LIMITS,
  ) {
    this.#deadlines = loop.deadlines.list(validity);
  }

  /** Counts one that is kept from now on. The oldest give way. */
  add(kept: Kept): void {
    this.#count(kept, 1);
    this.#deadlines.start(kept);
    if (kept.watch >= 0) this.watches!.tell(kept.watch, kept);
    const { files, open, bytes } = this.limits;
    while (this.#files > files || this.#open > open || this.#bytes > bytes) {
      (this.#deadlines.first as Kept).expire();
    }
  }

  /** Counts one less. */
  remove(kept: Kept): void {
    this.#count(kept, -1);
    kept.stopDeadline();
    this.watches?.forget(kept.watch, kept);
  }

  #count({ file: { source } }: Kept, by: 1 | -1): void {
    this.#files += by;
    if (typeof source === "number") this.#open += by;
    else this.#bytes += by * source.length;
  }

  /** Keeps none of those any longer that there are. */
  clear(): void {
    for (let first = this.#deadlines.first; first !== undefined; first = this.#deadlines.first) {
      (first as Kept).expire();
    }
  }

  close(): void {
    this.clear();
    this.watches?.close();
  }
}

/**
 * The files of one directory by their names.
 *
 * A file that changes, or loses its name, is told of by the kernel and dropped at once. What else makes a name lead
 * elsewhere, such as a link or a directory above, counts when the file's time is over.
 */
export class FileCache {
  readonly #kept = new Map<string, Kept>();
  readonly #status = new FileStatus();

  /** @param among what is kept with these, in all; lent */
  constructor(readonly among: KeptFiles) {}

  /**
   * A file that is kept; the caller's to close. Undefined for any other.
   *
   * @param now on the loop's clock: deadlines that have passed are looked at behind the events of a turn
   */
  find(name: string, now: number): OpenFile | undefined {
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    if (kept.due <= now) {
      this.drop(kept);
      return undefined;
    }
    // What is in memory is what it was. Of what is sent from the file the length must be right now.
    const { file } = kept;
    const { source } = file;
    if (typeof source === "number" && (this.#status.readDescriptor(source) < 0 || !file.is(this.#status))) {
      this.drop(kept);
      return undefined;
    }
    return file.share();
  }

  /**
   * Keeps a file that has just been opened.
   *
   * @param file taken over
   * @returns the same file, or what it is by now; the caller's to close
   */
  keep(file: OpenFile): OpenFile {
    const { source } = file;
    if (typeof source !== "number") return file;
    // From here on the kernel notes what happens to it, so it is looked at behind that.
    const { watches } = this.among;
    const watch = watches?.watch(source) ?? -1;
    const settled = this.#settle(file);
    if (settled === undefined) {
      watches?.forget(watch);
      return file;
    }
    if (typeof settled.source !== "number") file.close();
    if (file.is(this.#status) && this.#status.names > 0) this.#put(new Kept(this, settled.share(), watch));
    // What has changed since it was opened may be another file by now, to whose name the watch does not belong.
    else watches?.forget(watch);
    return settled;
  }

  /** A file in one version, read if it is small; undefined for one that does not come to rest. */
  #settle({ source, name }: OpenFile): OpenFile | undefined {
    const status = this.#status;
    if (typeof source !== "number" || status.readDescriptor(source) < 0) return undefined;
    for (let reads = 0; reads < MOST_READS; reads++) {
      const file = new OpenFile(source, name, status);
      if (file.size > SMALL) return file;
      const bytes = new Uint8Array(file.size);
      const length = file.read(bytes, file.size, 0);
      if (status.readDescriptor(source) < 0) return undefined;
      if (length === file.size && file.is(status)) return new OpenFile(bytes, name, status);
    }
    return undefined;
  }

  #put(kept: Kept): void {
    const { name } = kept.file;
    const before = this.#kept.get(name);
    if (before !== undefined) this.drop(before);
    this.#kept.set(name, kept);
    this.among.add(kept);
  }

  /** Keeps a file no longer. Whoever has it still has it. */
  drop(kept: Kept): void {
    const { file } = kept;
    if (this.#kept.get(file.name) !== kept) return;
    this.#kept.delete(file.name);
    this.among.remove(kept);
    file.close();
  }

  /** Keeps none of those any longer that it has. */
  clear(): void {
    for (const kept of this.#kept.values()) this.drop(kept);
  }
}
