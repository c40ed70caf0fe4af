/**
 * Memory that one process writes and others read, as a file without a name: memfd_create(2), sealed so that it cannot
 * become shorter (fcntl(2), F_ADD_SEALS), mapped by its writer (mmap(2)) and read with pread(2) by everybody else.
 *
 * Its writer holds a record lock on it. The lock ends with the process, however that ends, and so tells readers, who have
 * nothing but the descriptor, whether more is to come.
 *
 * @module
 */
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { expect, settle } from "./errno.ts";
import { FileStatus } from "./file.ts";
import { libc } from "./libc.ts";
import { cString } from "./memory.ts";

const { fcntl, fcntl_lock, ftruncate, memcpy_to, memfd_create, mmap, munmap, pread } = libc;

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const F_SEAL_SEAL = 1;
const F_SEAL_SHRINK = 2;
const F_SEAL_GROW = 4;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

// struct flock where off_t has 64 bits: type s16, whence s16, 4 bytes unused, start s64, length s64 (0: all), pid s32.
const SIZEOF_FLOCK = 32;
const F_GETLK = 5;
const F_SETLK = 6;
const F_WRLCK = 1;
const F_UNLCK = 2;

/**
 * A page of one's own. Owns its descriptor and its mapping.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readPage, SharedPage, sharedPageFault } from "@fdpass/fdpass/libc";
 *
 * const page = SharedPage.create("example", 4096);
 * page.write(8, Uint8Array.of(1, 2, 3));
 * const bytes = new Uint8Array(3);
 * assert.equal(sharedPageFault(page.fd), undefined);
 * assert.equal(readPage(page.fd, bytes, 8), 3);
 * assert.deepEqual(bytes, Uint8Array.of(1, 2, 3));
 * page.close();
 * ```
 */
export class SharedPage {
  readonly #size: bigint;
  readonly #address: bigint;
  #open = true;

  private constructor(readonly fd: Descriptor, address: bigint, size: bigint) {
    this.#address = address;
    this.#size = size;
  }

  /**
   * Makes a page full of zeros.
   *
   * @param label what `/proc/PID/fd` calls it
   * @param size in bytes; it stays as it is
   * @throws {ErrnoError} where there is no memory or no descriptor for it
   */
  static create(label: string, size: number): SharedPage {
    const action = "Cannot make a shared page";
    const fd = adopt(expect(settle(memfd_create(cString(label), MFD_CLOEXEC | MFD_ALLOW_SEALING)), action));
    try {
      expect(settle(ftruncate(fd, BigInt(size))), action);
      expect(settle(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)), action);
      const lock = new Uint8Array(SIZEOF_FLOCK);
      lock[0] = F_WRLCK;
      expect(settle(fcntl_lock(fd, F_SETLK, lock)), action);
      const address = mmap(0n, BigInt(size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0n);
      expect(address === MAP_FAILED ? settle(-1) : 0, action);
      return new SharedPage(fd, address, BigInt(size));
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  /** Writes bytes at an offset; they are there for readers at once. No more than the page has. */
  write(offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    const length = BigInt(bytes.byteLength);
    this.place(offset, bytes.byteLength).write(bytes, length);
  }

  /** Where something is written again and again. @throws {RangeError} where that is not within the page */
  place(offset: number, length: number): PagePlace {
    if (!this.#open || offset < 0 || BigInt(offset + length) > this.#size) {
      throw new RangeError(`Cannot write ${length} bytes at ${offset} of a page of ${this.#size}`);
    }
    const address = this.#address + BigInt(offset);
    return {
      write: (bytes, size) => {
        if (this.#open) memcpy_to(address, bytes, size);
      },
    };
  }

  /** Ends the mapping and closes the descriptor; the lock ends with that. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    munmap(this.#address, this.#size);
    close(this.fd);
  }
}

/** A place in a page. */
export interface PagePlace {
  /** Writes bytes there. @param size how many, no more than the place has; made once by the caller */
  write(bytes: Uint8Array<ArrayBuffer>, size: bigint): void;
}

const status = new FileStatus();

/**
 * Why a descriptor from elsewhere cannot be read as a page without care: only a file in memory has seals, so that no read
 * waits for a disk, a network or another process.
 *
 * @param fd lent
 * @returns undefined where it can
 */
export function sharedPageFault(fd: Descriptor): string | undefined {
  const seals = settle(fcntl(fd, F_GET_SEALS, 0));
  if (seals < 0) return "no file in memory";
  return (seals & F_SEAL_SHRINK) === 0 ? "a file in memory that may become shorter" : undefined;
}

/** What tells a page from all others that are open. @param fd lent */
export function pageNumber(fd: Descriptor): bigint {
  expect(status.readDescriptor(fd), "Cannot look at a shared page");
  return status.inode;
}

/** Reads from an offset of a page; how many bytes were there, or `-errno`. @param fd lent */
export function readPage(fd: Descriptor, bytes: Uint8Array<ArrayBuffer>, offset: number): number {
  return settle(pread(fd, bytes, BigInt(bytes.byteLength), BigInt(offset)));
}

const question = new Uint8Array(SIZEOF_FLOCK);

/**
 * Whether another process holds its lock: who writes the page is alive. A process is never told of its own locks.
 *
 * @param fd lent
 */
export function isPageHeld(fd: Descriptor): boolean {
  question.fill(0);
  question[0] = F_WRLCK;
  return settle(fcntl_lock(fd, F_GETLK, question)) === 0 && question[0] !== F_UNLCK;
}
