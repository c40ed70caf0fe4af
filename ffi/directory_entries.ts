/**
 * What is in a directory: getdents64(2).
 *
 * @module
 */
import { libc } from "./libc.ts";
import type { Descriptor } from "./descriptor.ts";
import { ENOSYS, settle } from "./errno.ts";

const { getdents64 } = libc;

// struct linux_dirent64: the same on every architecture.
const D_RECLEN = 16; // unsigned short
const D_TYPE = 18; // unsigned char
const D_NAME = 19; // char[]
const DT_DIR = 4;

/** A name in a directory. */
export interface DirectoryEntry {
  /** A character for each byte. */
  readonly name: string;
  /** Whether it is known to be a directory; some file systems do not say. */
  readonly isDirectory: boolean;
}

const bytes = new Uint8Array(65_536);
const view = new DataView(bytes.buffer);

/**
 * Reads them, but for `.` and `..`, in the order in which the kernel has them.
 *
 * @param directory open for reading, lent; it is read on from where it was read to
 * @param most how many at most
 * @returns `-errno` if it cannot be read; `-ENOSYS` with a libc that has no way to
 */
export function directoryEntries(directory: Descriptor, most: number): DirectoryEntry[] | number {
  if (getdents64 === null) return -ENOSYS;
  const entries: DirectoryEntry[] = [];
  while (entries.length < most) {
    const length = settle(getdents64(directory, bytes, BigInt(bytes.length)));
    if (length < 0) return length;
    if (length === 0) break;
    for (let at = 0; at < length; at += view.getUint16(at + D_RECLEN, true)) {
      const start = at + D_NAME;
      const name = String.fromCharCode(...bytes.subarray(start, bytes.indexOf(0, start)));
      if (name === "." || name === "..") continue;
      if (entries.length < most) entries.push({ name, isDirectory: bytes[at + D_TYPE] === DT_DIR });
    }
  }
  return entries;
}
