/**
 * inotify(7): telling when an open file changes, or loses a name.
 *
 * @module
 */
import { libc } from "./libc.ts";
import type { Descriptor } from "./descriptor.ts";
import { settle } from "./errno.ts";
import { cString } from "./memory.ts";

const { inotify_add_watch, inotify_init1, inotify_rm_watch, read } = libc;

const IN_MODIFY = 0x2;
const IN_ATTRIB = 0x4;
const IN_DELETE_SELF = 0x400;
const IN_MOVE_SELF = 0x800;
const IN_ONESHOT = 0x8000_0000;
/** Content, mode, times and count of links: a name that is removed or renamed over is one link less. */
const CHANGES = (IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONESHOT) >>> 0;

const IN_CLOEXEC = 0o2000000;
const IN_NONBLOCK = 0o4000;

// struct inotify_event: int wd; uint32_t mask, cookie, len; char name[len].
const WD = 0;
const LEN = 12;
const SIZEOF_EVENT = 16;

const ROOM = 4_096;

/** Makes an inotify instance, non-blocking; a descriptor owned by the caller, or `-errno` (a user has 128, unless told otherwise). */
export function createInotify(): number {
  return settle(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

/**
 * Has an instance tell, once, when an open file changes: its content, its mode or its times, or a name that it had and
 * has no more. Which names lead to the file does not count: a directory above may be renamed.
 *
 * @param file lent; the watch is on the file, and stays when the descriptor is closed
 * @returns a number for the watch, the same for each descriptor of one file; or `-errno`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adopt, changedFiles, close, createInotify, openFile, watchFile } from "@fdpass/fdpass/libc";
 *
 * const path = Deno.makeTempFileSync();
 * const inotify = adopt(createInotify());
 * const file = adopt(openFile(path));
 * const watch = watchFile(inotify, file);
 * Deno.writeTextFileSync(path, "new");
 * assert.deepEqual(changedFiles(inotify), [watch]);
 * close(file);
 * close(inotify);
 * Deno.removeSync(path);
 * ```
 */
export function watchFile(inotify: Descriptor, file: Descriptor): number {
  return settle(inotify_add_watch(inotify, cString(`/proc/self/fd/${file}`), CHANGES));
}

/** Takes a watch away. Nothing happens to one that has told something already. */
export function unwatchFile(inotify: Descriptor, watch: number): void {
  inotify_rm_watch(inotify, watch);
}

const bytes = new Uint8Array(ROOM);
const view = new DataView(bytes.buffer);

/**
 * The watches that have something to tell, as many as there is room for, those among them that were taken away since.
 * None is told of when there is nothing. -1 stands for any number that the kernel has not kept.
 */
export function changedFiles(inotify: Descriptor): number[] {
  const changed: number[] = [];
  const length = settle(read(inotify, bytes, BigInt(ROOM)));
  for (let at = 0; at < length; at += SIZEOF_EVENT + view.getUint32(at + LEN, true)) {
    const watch = view.getInt32(at + WD, true);
    // What a watch has told is followed by its end (IN_IGNORED).
    if (changed.at(-1) !== watch) changed.push(watch);
  }
  return changed;
}
