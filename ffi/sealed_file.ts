/**
 * Bytes that go from process to process as a descriptor: a file in memory whose content nobody can change any more
 * (memfd_create(2), fcntl(2) F_ADD_SEALS).
 *
 * @module
 */
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { expect, settle } from "./errno.ts";
import { FileStatus } from "./file.ts";
import { libc } from "./libc.ts";
import { cString } from "./memory.ts";

const { fcntl, ftruncate, memfd_create, pread, pwrite } = libc;

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE. */
const SEALED = 1 | 2 | 4 | 8;

const status = new FileStatus();

/**
 * Makes one.
 *
 * @param label what `/proc/PID/fd` calls it
 * @returns owned by the caller
 * @throws {ErrnoError} when there is no memory for it, or no descriptor
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, createSealedFile, readSealedFile } from "@fdpass/fdpass/libc";
 *
 * const file = createSealedFile("greeting", new TextEncoder().encode("hello"));
 * assert.equal(new TextDecoder().decode(readSealedFile(file, 100) as Uint8Array), "hello");
 * close(file);
 * ```
 */
export function createSealedFile(label: string, bytes: Uint8Array<ArrayBuffer>): Descriptor {
  const action = "Cannot make a sealed file in memory";
  const fd = adopt(expect(settle(memfd_create(cString(label), MFD_CLOEXEC | MFD_ALLOW_SEALING)), action));
  try {
    expect(settle(ftruncate(fd, BigInt(bytes.length))), action);
    for (let at = 0; at < bytes.length;) {
      const rest = bytes.subarray(at);
      at += expect(settle(pwrite(fd, rest, BigInt(rest.length), BigInt(at))), action);
    }
    expect(settle(fcntl(fd, F_ADD_SEALS, SEALED)), action);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Reads one that has come from elsewhere. What is not sealed is not read: somebody may change it meanwhile, or it may be
 * something that lets its readers wait.
 *
 * @param fd lent
 * @param most bytes at most
 * @returns its bytes, or why there are none
 */
export function readSealedFile(fd: Descriptor, most: number): Uint8Array<ArrayBuffer> | string {
  const seals = settle(fcntl(fd, F_GET_SEALS, 0));
  if (seals < 0) return "no file in memory";
  if ((seals & SEALED) !== SEALED) return "a file in memory that is not sealed";
  expect(status.readDescriptor(fd), "Cannot look at a file in memory");
  if (status.size > most) return `a file of more than ${most} bytes`;
  const bytes = new Uint8Array(status.size);
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const length = settle(pread(fd, rest, BigInt(rest.length), BigInt(at)));
    if (length <= 0) return "a file that cannot be read";
    at += length;
  }
  return bytes;
}
