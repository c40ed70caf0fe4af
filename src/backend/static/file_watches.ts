/** Files of which somebody wants to know when they change (inotify(7)). */

import {
  adopt,
  changedFiles,
  close,
  createInotify,
  type Descriptor,
  EPOLLIN,
  unwatchFile,
  watchFile,
} from "../../../ffi/mod.ts";
import type { Poller, Source } from "../../loop/poller.ts";

/** Told, once, that a file has changed. */
export interface Watcher {
  changed(): void;
}

/** All that are watched by one process. A file with several names has one watch. */
export class FileWatches implements Source {
  readonly #watchers = new Map<number, Set<Watcher>>();

  private constructor(readonly poller: Poller, readonly inotify: Descriptor) {
    // A request that came behind a change finds it.
    poller.addAhead(inotify, EPOLLIN, this);
  }

  /** Undefined where the kernel has none to give (a user has but so many). */
  static open(poller: Poller): FileWatches | undefined {
    const inotify = createInotify();
    return inotify < 0 ? undefined : new FileWatches(poller, adopt(inotify));
  }

  /**
   * Begins to watch an open file: what changes from now on is told to those whom {@linkcode tell} names.
   *
   * @returns the watch, to be given up by {@linkcode forget}; -1 where the kernel has none left
   */
  watch(file: Descriptor): number {
    return Math.max(-1, watchFile(this.inotify, file));
  }

  /** Has somebody told of a watch. */
  tell(watch: number, watcher: Watcher): void {
    const watchers = this.#watchers.get(watch);
    if (watchers === undefined) this.#watchers.set(watch, new Set([watcher]));
    else watchers.add(watcher);
  }

  /** Gives a watch up; nothing happens where it has told already. @param watcher who was to be told, if anybody */
  forget(watch: number, watcher?: Watcher): void {
    const watchers = this.#watchers.get(watch);
    if (watchers === undefined) {
      if (watcher === undefined && watch >= 0) unwatchFile(this.inotify, watch);
      return;
    }
    if (watcher === undefined || !watchers.delete(watcher) || watchers.size > 0) return;
    this.#watchers.delete(watch);
    unwatchFile(this.inotify, watch);
  }

  ready(): void {
    for (let all = changedFiles(this.inotify); all.length > 0; all = changedFiles(this.inotify)) {
      for (const watch of all) this.#changed(watch);
    }
  }

  #changed(watch: number): void {
    // The kernel has not kept all that happened.
    if (watch < 0) {
      for (const each of [...this.#watchers.keys()]) {
        unwatchFile(this.inotify, each);
        this.#changed(each);
      }
      return;
    }
    const watchers = this.#watchers.get(watch);
    this.#watchers.delete(watch);
    watchers?.forEach((watcher) => watcher.changed());
  }

  /** Watches nothing any more. */
  close(): void {
    this.#watchers.clear();
    this.poller.remove(this.inotify);
    close(this.inotify);
  }
}
