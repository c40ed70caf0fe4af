/**
 * What lines are written to: files that are appended to, pipes with and without names, sockets. open(2), mkfifo(3), pipe(7).
 *
 * @module
 */
import { libc } from "./libc.ts";
import type { Descriptor } from "./descriptor.ts";
import { settle } from "./errno.ts";
import { cString } from "./memory.ts";

const { ftruncate, lseek, mkfifo, open, send, write } = libc;

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const O_WRONLY = 1;
const O_CREAT = 0o100;
const O_NOCTTY = 0o400;
const O_APPEND = 0o2000;

/**
 * Opens a file for writing at its end, and makes it where there is none, if that is wanted. Neither this nor a write to what is no file waits
 * (O_NONBLOCK).
 *
 * @param mode permission bits of a file that is made, less the umask; without them none is made
 * @returns a descriptor owned by the caller, or `-errno`: -ENXIO for a FIFO that nobody reads, and for a socket
 */
export function openForAppending(path: string, mode?: number): number {
  const flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  return settle(open(cString(path), mode === undefined ? flags : flags | O_CREAT, mode ?? 0));
}

/** Writes the first so many bytes; how many were written, or `-errno`. */
export function writeSome(fd: Descriptor, bytes: Uint8Array<ArrayBuffer>, length: number): number {
  return settle(write(fd, bytes, BigInt(length)));
}

const SEEK_CUR = 1;
const SEEK_END = 2;

/**
 * Takes away the end of what was written last to a regular file, if nobody has written behind it.
 *
 * @param count bytes
 * @returns whether that was so
 */
export function takeBack(fd: Descriptor, count: number): boolean {
  // Where the file is appended to, that is behind what was written (open(2)).
  const written = lseek(fd, 0n, SEEK_CUR);
  return lseek(fd, 0n, SEEK_END) === written && settle(ftruncate(fd, written - BigInt(count))) === 0;
}

/** Sends the first so many bytes to a socket; how many were sent, or `-errno`. */
export function sendSome(
  fd: Descriptor,
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
  flags: number,
): number {
  return settle(send(fd, bytes, BigInt(length), flags));
}

/** Makes a FIFO (mkfifo(3)); 0 or `-errno`. */
export function makeFifo(path: string, mode: number): number {
  return settle(mkfifo(cString(path), mode));
}

const O_RDWR = 2;

/** Opens a FIFO at both of its ends, so that it is never without either; a descriptor owned by the caller, or `-errno`. */
export function openFifo(path: string): number {
  return settle(open(cString(path), O_RDWR | O_NONBLOCK | O_CLOEXEC, 0));
}
