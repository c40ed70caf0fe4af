/**
 * The few calls on files that sockets and file serving need: unlink(2), openat2(2), read(2), sendfile(2).
 *
 * @module
 */
import { libc } from "./libc.ts";
import type { Descriptor } from "./descriptor.ts";
import { EAGAIN, EXDEV, settle } from "./errno.ts";
import { cString } from "./memory.ts";

export { FileStatus, type FileType } from "./file_status.ts";

const {
  chmod: libc_chmod,
  chown: libc_chown,
  faccessat,
  lseek,
  memfd_create,
  mkdir: libc_mkdir,
  open: libc_open,
  pread,
  read,
  rename: libc_rename,
  rmdir: libc_rmdir,
  sendfile,
  syscall_openat2,
  unlink: libc_unlink,
} = libc;

const AT_FDCWD = -100;

/** Removes an empty directory; 0 or `-errno`. */
export function removeDirectory(path: string): number {
  return settle(libc_rmdir(cString(path)));
}

/** Removes a name; 0 or `-errno`. */
export function unlink(path: string): number {
  return settle(libc_unlink(cString(path)));
}

/** Moves a name over another, atomically; 0 or `-errno`. */
export function rename(from: string, to: string): number {
  return settle(libc_rename(cString(from), cString(to)));
}

/** Sets permission bits; 0 or `-errno`. */
export function chmod(path: string, mode: number): number {
  return settle(libc_chmod(cString(path), mode));
}

/** Sets owner and group; 0 or `-errno`. */
export function chown(path: string, uid: number, gid: number): number {
  return settle(libc_chown(cString(path), uid, gid));
}

/** Makes one directory; 0 or `-errno`. */
export function mkdir(path: string, mode: number): number {
  return settle(libc_mkdir(cString(path), mode));
}

const O_DIRECTORY: Record<string, number> = { x86_64: 0o200000, aarch64: 0o40000 };
const O_RDONLY = 0;
const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** Opens a directory to look files up in; a descriptor owned by the caller, or `-errno`. */
export function openDirectory(path: string): number {
  return settle(libc_open(cString(path), O_RDONLY | O_DIRECTORY[Deno.build.arch]! | O_CLOEXEC, 0));
}

/** Opens a file for reading; a descriptor owned by the caller, or `-errno`. A FIFO is not waited for. */
export function openFile(path: string): number {
  return settle(libc_open(cString(path), O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0));
}

/**
 * Which symbolic links are followed below a directory: all of them, those that stay below it, or none. A link with an
 * absolute path never counts as staying below.
 */
export type LinkPolicy = "follow" | "beneath" | "never";

const NUL = 0x00;
const DOT = 0x2e;
const SLASH = 0x2f;

const SYS_OPENAT2 = 437n; // the same on every architecture
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_NO_SYMLINKS = 0x04n; // RESOLVE_NO_MAGICLINKS is part of it
const RESOLVE_BENEATH = 0x08n;

/** struct open_how: flags, mode, resolve. O_NONBLOCK so that opening a FIFO does not wait for its writer. */
function openHow(resolve: bigint): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array([BigInt(O_RDONLY | O_CLOEXEC | O_NONBLOCK), 0n, resolve]);
}

const OPEN_HOW: Readonly<Record<LinkPolicy, BigUint64Array<ArrayBuffer>>> = {
  follow: openHow(RESOLVE_NO_MAGICLINKS),
  beneath: openHow(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS),
  never: openHow(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS),
};

/** How often a path is walked again that was moved about meanwhile: a path of a few steps takes a few microseconds. */
const MOST_WALKS = 16;

/**
 * Opens a file below a directory for reading. The kernel itself sees to it that the path does not lead out, neither
 * by `..` nor by a symbolic link (openat2(2), RESOLVE_BENEATH; Linux 5.6): nothing is checked first and opened then.
 *
 * @param path relative to the directory; as bytes when it is no UTF-8, and then with a NUL at its end
 * @param links `beneath` unless given. With `follow`, links lead out, but the path itself does not
 * @returns a descriptor owned by the caller, or `-errno`: -EXDEV where the path leads out, -ELOOP for a link that is not
 * to be followed
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adopt, close, EXDEV, openBeneath, openDirectory } from "@fdpass/fdpass/libc";
 *
 * const directory = adopt(openDirectory("/etc"));
 * const file = adopt(openBeneath(directory, "passwd"));
 * assert.ok(file >= 0);
 * assert.equal(openBeneath(directory, "../proc/version"), -EXDEV);
 * close(file);
 * close(directory);
 * ```
 */
export function openBeneath(
  directory: Descriptor,
  path: string | Uint8Array<ArrayBuffer>,
  links: LinkPolicy = "beneath",
): number {
  const name = typeof path === "string" ? cString(path) : path;
  // To the kernel an absolute path has nothing to do with the directory, and `..` leads anywhere. A root that it is asked
  // to keep to (RESOLVE_IN_ROOT) would send links with absolute paths elsewhere than they lead.
  if (links === "follow" && leadsOut(name)) return -EXDEV;
  const how = OPEN_HOW[links];
  let result: number;
  let walks = 0;
  // The kernel gives up on a `..` in a link while something is renamed anywhere, since it cannot tell then where that
  // leads; the manual page has the caller ask again.
  do result = settle(syscall_openat2(SYS_OPENAT2, directory, name, how, 24n)); while (
    result === -EAGAIN && ++walks < MOST_WALKS
  );
  return result;
}

/** Whether a path, up to its NUL, is absolute or has a `..` in it. */
function leadsOut(path: Uint8Array): boolean {
  if (path[0] === SLASH) return true;
  let start = 0;
  for (let at = 0;; at++) {
    const byte = path[at] ?? NUL;
    if (byte !== SLASH && byte !== NUL) continue;
    if (at - start === 2 && path[start] === DOT && path[start + 1] === DOT) return true;
    if (byte === NUL) return false;
    start = at + 1;
  }
}

/**
 * Reads from where an open file is at.
 *
 * @param size how many bytes at most, as many as there is room for, as a bigint that its caller has made once
 * @returns their number, 0 at the end, or `-errno`
 */
export function readFile(file: Descriptor, bytes: Uint8Array<ArrayBuffer>, size: bigint): number {
  return settle(read(file, bytes, size));
}

/**
 * Reads from a place in an open file, whoever else reads from it.
 *
 * @param size how many bytes at most, as many as there is room for
 * @param offset in bytes
 * @returns their number, 0 at the end, or `-errno`
 */
export function readFileAt(
  file: Descriptor,
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  offset: number,
): number {
  return settle(pread(file, bytes, BigInt(size), BigInt(offset)));
}

const offsetCell = new BigInt64Array(1);

/**
 * Sends part of a file to a socket without bringing it into this process.
 *
 * @param offset where in the file to start, in bytes
 * @param count how much to send at most, below 2³¹
 * @returns bytes sent, or `-errno`
 */
export function sendFile(socket: Descriptor, file: Descriptor, offset: number, count: number): number {
  offsetCell[0] = BigInt(offset);
  return settle(sendfile(socket, file, offsetCell, BigInt(count)));
}

const X_OK = 1;
const W_OK = 2;
const AT_EACCESS = 0x200;

/** Whether this process, as who it acts, may execute a file (faccessat(2)); 0 or `-errno`. */
export function mayExecute(path: string): number {
  return settle(faccessat(AT_FDCWD, cString(path), X_OK, AT_EACCESS));
}

/** Whether this process, as who it acts, may write a file, or make names in a directory (faccessat(2)); 0 or `-errno`. */
export function mayWrite(path: string): number {
  return settle(faccessat(AT_FDCWD, cString(path), W_OK, AT_EACCESS));
}

/** The null device, open for reading; a descriptor owned by the caller, or `-errno`. */
export function openNull(): number {
  return settle(libc_open(cString("/dev/null"), O_RDONLY | O_CLOEXEC, 0));
}

/** Opens a file for reading and writing; a descriptor owned by the caller, or `-errno`. Nothing is waited for. */
export function openForWriting(path: string): number {
  return settle(libc_open(cString(path), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0));
}

/** Opens a file for reading; a descriptor owned by the caller, or `-errno`. */
export function openForReading(path: string): number {
  return settle(libc_open(cString(path), O_RDONLY | O_CLOEXEC, 0));
}

const MFD_CLOEXEC = 1;
const SEEK_SET = 0;

/**
 * Makes a file that lies in memory and has no name (memfd_create(2)); a descriptor owned by the caller, or `-errno`.
 *
 * @param label what `/proc/PID/fd` calls it
 */
export function createMemoryFile(label: string): number {
  return settle(memfd_create(cString(label), MFD_CLOEXEC));
}

/** Goes back to the start of a file: whoever reads next reads its first byte. The place belongs to the open file. */
export function rewind(file: Descriptor): void {
  lseek(file, 0n, SEEK_SET);
}
