/**
 * Locks of open files: flock(2).
 *
 * @module
 */
import { libc } from "./libc.ts";
import type { Descriptor } from "./descriptor.ts";

const { flock } = libc;

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes the lock of an open file or directory (flock(2)), if nobody has it. It is let go with the last descriptor, at the
 * process's end at the latest.
 *
 * @returns whether it was to be had
 */
export function tryLock(fd: Descriptor): boolean {
  return flock(fd, LOCK_EX | LOCK_NB) === 0;
}
