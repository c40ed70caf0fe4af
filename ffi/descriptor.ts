/**
 * Descriptors and who owns them. A `Descriptor` held in a field or variable means: whoever holds it closes it,
 * unless a comment says that it is lent.
 *
 * @module
 */
import { libc } from "./libc.ts";
import { expect, settle } from "./errno.ts";

const { close: libc_close, dup3, fcntl, ioctl, pipe2 } = libc;

/** A number that the kernel gave us, and that somebody here must close. */
export type Descriptor = number & { readonly __descriptor: unique symbol };

/** Takes a number from elsewhere (a kernel result, another isolate of this process) as owned from now on. */
export function adopt(fd: number): Descriptor {
  return fd as Descriptor;
}

/** Closes a descriptor. On Linux the number is free afterwards whatever close(2) returned, so nothing is checked. */
export function close(fd: Descriptor): void {
  libc_close(fd);
}

const F_DUPFD_CLOEXEC = 1030;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** ioctl(2): sets O_NONBLOCK or clears it in one call, where fcntl(2) needs two. */
const FIONBIO = 0x5421n;
const O_CLOEXEC = 0o2000000;

const mode = new Int32Array(1);

/**
 * A second descriptor for the same open file (fcntl(2) F_DUPFD_CLOEXEC), owned by the caller; or `-errno`.
 *
 * @example
 * ```ts
 * import { adopt, close, duplicate, expect, pipe } from "@fdpass/fdpass/libc";
 *
 * const [readEnd, writeEnd] = pipe();
 * const second = adopt(expect(duplicate(writeEnd), "Cannot duplicate a descriptor"));
 * for (const fd of [readEnd, writeEnd, second]) close(fd);
 * ```
 */
export function duplicate(fd: Descriptor): number {
  return settle(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/**
 * Has a number stand for another open file from now on, and lets go of what it stood for, in one step (dup3(2)): whoever
 * uses the number meets nothing else in between.
 *
 * @param from what it is to stand for; its own number stays
 * @returns the number, or `-errno`
 */
export function replaceDescriptor(from: Descriptor, number: Descriptor): number {
  return settle(dup3(from, number, O_CLOEXEC));
}

/**
 * Sets or clears O_NONBLOCK. It belongs to the open file, not to the descriptor: every process that holds the
 * socket sees the change.
 */
export function setNonblocking(fd: Descriptor, on: boolean): void {
  mode[0] = Number(on);
  expect(settle(ioctl(fd, FIONBIO, mode)), "Cannot change the mode of a descriptor");
}

/** Has a descriptor that was inherited closed in programs that this process starts; 0 or `-errno` (-EBADF: none). */
export function closeOnExec(fd: Descriptor): number {
  return settle(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

/** Has a descriptor stay open in programs that this process starts, under its number; 0 or `-errno`. */
export function keepOnExec(fd: Descriptor): number {
  return settle(fcntl(fd, F_SETFD, 0));
}

/**
 * A pipe, closed on exec: `[read end, write end]`, both owned by the caller.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, libc, pipe, settle } from "@fdpass/fdpass/libc";
 *
 * const [readEnd, writeEnd] = pipe();
 * const bytes = new Uint8Array(8);
 * settle(libc.write(writeEnd, new TextEncoder().encode("hello"), 5n));
 * assert.equal(settle(libc.read(readEnd, bytes, 8n)), 5);
 * close(readEnd);
 * close(writeEnd);
 * ```
 */
export function pipe(): [Descriptor, Descriptor] {
  const ends = new Int32Array(2);
  expect(settle(pipe2(ends, O_CLOEXEC)), "Cannot make a pipe");
  return [adopt(ends[0]!), adopt(ends[1]!)];
}
