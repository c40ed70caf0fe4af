/**
 * What a file is, and when it was changed: statx(2).
 *
 * @module
 */
import { libc } from "./libc.ts";
import type { Descriptor } from "./descriptor.ts";
import { settle } from "./errno.ts";
import { cString } from "./memory.ts";

const { statx } = libc;

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_BASIC_STATS = 0x7ff;

// struct statx: the same on every architecture.
const STX_NLINK = 16; // __u32
const STX_UID = 20; // __u32
const STX_MODE = 28; // __u16
const STX_INO = 32; // __u64
const STX_SIZE = 40; // __u64
const STX_CTIME = 96; // struct statx_timestamp
const STX_MTIME = 112; // struct statx_timestamp: __s64 tv_sec, __u32 tv_nsec
const STX_DEV_MAJOR = 136; // __u32
const STX_DEV_MINOR = 140; // __u32
const SIZEOF_STATX = 256;

const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;

/** What {@linkcode FileStatus} says a file is. */
export type FileType = "file" | "directory" | "socket" | "other";

/** Room for what statx(2) says, reused from call to call. */
export class FileStatus {
  readonly #bytes = new Uint8Array(SIZEOF_STATX);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #empty = cString("");

  /** Looks at a path without following a final symbolic link; 0 or `-errno`. */
  readPath(path: string): number {
    return settle(statx(AT_FDCWD, cString(path), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, this.#bytes));
  }

  /** Looks at what a path leads to in the end, links followed; 0 or `-errno`. */
  readTarget(path: string): number {
    return settle(statx(AT_FDCWD, cString(path), 0, STATX_BASIC_STATS, this.#bytes));
  }

  /** Looks at an open file; 0 or `-errno`. */
  readDescriptor(fd: Descriptor): number {
    return settle(statx(fd, this.#empty, AT_EMPTY_PATH, STATX_BASIC_STATS, this.#bytes));
  }

  /** What kind of file it is. */
  get type(): FileType {
    switch (this.#view.getUint16(STX_MODE, true) & S_IFMT) {
      case S_IFREG:
        return "file";
      case S_IFDIR:
        return "directory";
      case S_IFSOCK:
        return "socket";
      default:
        return "other";
    }
  }

  /** How many names it has: none, once the last of them was removed or renamed over. */
  get names(): number {
    return this.#view.getUint32(STX_NLINK, true);
  }

  /** The user whose it is. */
  get owner(): number {
    return this.#view.getUint32(STX_UID, true);
  }

  /** Permission bits, with those for set-user-ID, set-group-ID and sticky. */
  get permissions(): number {
    return this.#view.getUint16(STX_MODE, true) & 0o7777;
  }

  /** Bytes. */
  get size(): number {
    return Number(this.#view.getBigUint64(STX_SIZE, true));
  }

  /** The inode number: with {@linkcode modified} and {@linkcode size} it tells one version of a file from another. */
  get inode(): bigint {
    return this.#view.getBigUint64(STX_INO, true);
  }

  /** The device that the inode is on, in one number. */
  get device(): number {
    return this.#view.getUint32(STX_DEV_MAJOR, true) * 2 ** 32 + this.#view.getUint32(STX_DEV_MINOR, true);
  }

  /** Nanoseconds since 1970 of the last change of anything, the count of names among it. */
  get changed(): bigint {
    const second = this.#view.getBigInt64(STX_CTIME, true);
    return second * 1_000_000_000n + BigInt(this.#view.getUint32(STX_CTIME + 8, true));
  }

  /** Milliseconds since 1970 of the last change of content. */
  get modified(): number {
    return Number(this.#view.getBigInt64(STX_MTIME, true)) * 1000 +
      Math.floor(this.nanosecond / 1e6);
  }

  /** Nanoseconds of {@linkcode modified} beyond its last whole second: two changes may lie within a millisecond. */
  get nanosecond(): number {
    return this.#view.getUint32(STX_MTIME + 8, true);
  }
}
