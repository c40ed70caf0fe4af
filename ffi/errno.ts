/**
 * errno, read at once and turned into the kernel's own convention: a count, or `-errno`.
 *
 * @module
 */
import { libc } from "./libc.ts";

const { __errno_location, memcpy_from } = libc;

// The address of errno belongs to the thread, and an isolate keeps its thread: asked once, read for ever.
const location = __errno_location();
const cell = new Int32Array(1);

/**
 * Turns the result of a libc call into the kernel's convention: a result that is not negative stays, -1 becomes
 * `-errno`. Must wrap the call itself (`settle(close(fd))`): a garbage collection in between overwrites errno.
 *
 * @param result what the function returned
 * @returns the result, or a negative errno number: compare with `-EAGAIN` and its like
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { EBADF, libc, settle } from "@fdpass/fdpass/libc";
 *
 * assert.equal(settle(libc.close(-1)), -EBADF);
 * ```
 */
export function settle(result: number): number {
  if (result >= 0) return result;
  memcpy_from(cell, location, 4n);
  return -cell[0]!;
}

// Numbers of errno(3), equal on x86_64 and aarch64 (asm-generic/errno.h).
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const ENXIO = 6;
export const E2BIG = 7;
export const ENOEXEC = 8;
export const EIO = 5;
export const EBADF = 9;
export const ECHILD = 10;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EEXIST = 17;
export const EXDEV = 18;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOSPC = 28;
export const EPIPE = 32;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const ELOOP = 40;
export const EPROTO = 71;
export const ENOTSOCK = 88;
export const EMSGSIZE = 90;
export const EPROTOTYPE = 91;
export const EADDRINUSE = 98;
export const EAFNOSUPPORT = 97;
export const EADDRNOTAVAIL = 99;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ENOTCONN = 107;
export const ETOOMANYREFS = 109;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EINPROGRESS = 115;
export const EKEYEXPIRED = 127;
export const EDQUOT = 122;

/** Name and meaning of each number above, for messages. */
const NAMES: Record<number, readonly [name: string, meaning: string]> = {
  [EPERM]: ["EPERM", "not permitted"],
  [ENOENT]: ["ENOENT", "no such file or directory"],
  [ESRCH]: ["ESRCH", "no such process"],
  [EINTR]: ["EINTR", "interrupted by a signal"],
  [ENXIO]: ["ENXIO", "no such device or address"],
  [E2BIG]: ["E2BIG", "the arguments and the environment are too long"],
  [ENOEXEC]: ["ENOEXEC", "not a program, and no script with a #! line"],
  [EIO]: ["EIO", "input/output error"],
  [EBADF]: ["EBADF", "not an open descriptor"],
  [ECHILD]: ["ECHILD", "no such child process"],
  [EAGAIN]: ["EAGAIN", "would block"],
  [ENOMEM]: ["ENOMEM", "out of memory"],
  [EACCES]: ["EACCES", "permission denied"],
  [EEXIST]: ["EEXIST", "exists already"],
  [EXDEV]: ["EXDEV", "leads out of the permitted directory"],
  [ENODEV]: ["ENODEV", "no such device"],
  [ENOTDIR]: ["ENOTDIR", "not a directory"],
  [EISDIR]: ["EISDIR", "is a directory"],
  [EINVAL]: ["EINVAL", "invalid argument"],
  [ENFILE]: ["ENFILE", "the system is out of descriptors"],
  [EMFILE]: ["EMFILE", "this process is out of descriptors"],
  [ENOSPC]: ["ENOSPC", "no space left on the device"],
  [EPIPE]: ["EPIPE", "the other end is closed"],
  [ENAMETOOLONG]: ["ENAMETOOLONG", "the name is too long"],
  [ENOSYS]: ["ENOSYS", "this kernel does not have the call"],
  [ELOOP]: ["ELOOP", "too many symbolic links"],
  [EPROTO]: ["EPROTO", "protocol error"],
  [ENOTSOCK]: ["ENOTSOCK", "not a socket"],
  [EMSGSIZE]: ["EMSGSIZE", "the message is too long"],
  [EPROTOTYPE]: ["EPROTOTYPE", "the socket there is of another type"],
  [EADDRINUSE]: ["EADDRINUSE", "the address is in use"],
  [EAFNOSUPPORT]: ["EAFNOSUPPORT", "this system does not have the address family"],
  [EADDRNOTAVAIL]: ["EADDRNOTAVAIL", "this machine does not have the address"],
  [ECONNABORTED]: ["ECONNABORTED", "the connection was aborted"],
  [ECONNRESET]: ["ECONNRESET", "the other end reset the connection"],
  [ENOBUFS]: ["ENOBUFS", "no buffer space"],
  [ENOTCONN]: ["ENOTCONN", "not connected"],
  [ETOOMANYREFS]: ["ETOOMANYREFS", "too many descriptors in flight"],
  [ETIMEDOUT]: ["ETIMEDOUT", "timed out"],
  [ECONNREFUSED]: ["ECONNREFUSED", "nobody listens there"],
  [EINPROGRESS]: ["EINPROGRESS", "in progress"],
  [EKEYEXPIRED]: ["EKEYEXPIRED", "the key has expired"],
  [EDQUOT]: ["EDQUOT", "the quota is used up"],
};

/**
 * Says an errno number in words: `nobody listens there (ECONNREFUSED)`.
 *
 * @param errno the positive number
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { describeErrno, ECONNREFUSED } from "@fdpass/fdpass/libc";
 *
 * assert.equal(describeErrno(ECONNREFUSED), "nobody listens there (ECONNREFUSED)");
 * ```
 */
export function describeErrno(errno: number): string {
  const entry = NAMES[errno];
  return entry === undefined ? `error ${errno}` : `${entry[1]} (${entry[0]})`;
}

/** A system call failed in a way its caller did not expect. */
export class ErrnoError extends Error {
  override name = "ErrnoError";

  /**
   * @param action what was tried, as the start of a sentence: `Cannot bind to "/run/app.sock"`
   * @param errno the positive errno number
   */
  constructor(action: string, readonly errno: number) {
    super(`${action}: ${describeErrno(errno)}`);
  }
}

/**
 * Passes a result through where failing would be a surprise.
 *
 * @param result a count or `-errno`
 * @param action the start of the sentence to fail with
 * @throws {ErrnoError} when the result is negative
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ErrnoError, expect, libc, settle } from "@fdpass/fdpass/libc";
 *
 * assert.throws(() => expect(settle(libc.close(-1)), "Cannot close it"), ErrnoError);
 * ```
 */
export function expect(result: number, action: string): number {
  if (result < 0) throw new ErrnoError(action, -result);
  return result;
}
