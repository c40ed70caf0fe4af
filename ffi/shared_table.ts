/**
 * Memory that several processes of one user read and write, in lines of 64 bytes: a file without a name (memfd_create(2)),
 * mapped by each of them (mmap(2)). Whoever is told the number of its descriptor opens it by /proc/PID/fd (proc_pid_fd(5)),
 * which the kernel lets nobody do who may not look into that process.
 *
 * @module
 */
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { ErrnoError, expect, settle } from "./errno.ts";
import { openForWriting } from "./file.ts";
import { libc } from "./libc.ts";
import { cString } from "./memory.ts";
import { sharedPageFault } from "./shared_page.ts";

const { fcntl, ftruncate, lseek, memcpy_from, memcpy_to, memfd_create, mmap, munmap } = libc;

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_SEAL_SEAL = 1;
const F_SEAL_SHRINK = 2;
const F_SEAL_GROW = 4;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const SEEK_END = 2;

/** Bytes of a line, of which each processor's cache has whole ones, and of a quarter: what is written at once. */
export const LINE = 64;
const QUARTER = 16;
const LINE_LENGTH = BigInt(LINE);
const QUARTER_LENGTH = BigInt(QUARTER);

const ACTION = "Cannot make a shared table";

/**
 * Makes the file of a table, full of zeros. It stays as long as it is.
 *
 * @param label what `/proc/PID/fd` calls it
 * @returns owned by the caller
 * @throws {ErrnoError} where there is no memory or no descriptor for it
 */
export function createTableFile(label: string, lines: number): Descriptor {
  const fd = adopt(expect(settle(memfd_create(cString(label), MFD_CLOEXEC | MFD_ALLOW_SEALING)), ACTION));
  try {
    expect(settle(ftruncate(fd, BigInt(LINE * lines))), ACTION);
    expect(settle(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)), ACTION);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * A table as one thread uses it. Nothing is locked: where two write the same quarter at once, one of them is forgotten.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, createTableFile, SharedTable } from "@fdpass/fdpass/libc";
 *
 * const file = createTableFile("example", 8);
 * const one = new SharedTable(file, 8);
 * const other = SharedTable.of(Deno.pid, file, 8)!;
 * one.line[20] = 7;
 * one.store(3, 1);
 * other.load(3);
 * assert.equal(other.line[20], 7);
 * one.close();
 * other.close();
 * close(file);
 * ```
 */
export class SharedTable {
  /** The line that was loaded last; what is changed here is changed there by {@linkcode store}. */
  readonly line: Uint8Array<ArrayBuffer> = new Uint8Array(LINE);
  readonly #quarters = [0, 1, 2, 3].map((at) => this.line.subarray(QUARTER * at, QUARTER * (at + 1)));
  readonly #size: bigint;
  readonly #start: bigint;
  /** Addresses of quarters, of those that were asked for. */
  readonly #addresses: bigint[] = [];
  #open = true;

  /**
   * Maps a table.
   *
   * @param fd lent; it may be closed afterwards
   * @param lines as many as it has
   * @throws {ErrnoError} where there is no memory for it
   */
  constructor(fd: Descriptor, lines: number) {
    this.#size = BigInt(LINE * lines);
    this.#start = mmap(0n, this.#size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0n);
    expect(this.#start === MAP_FAILED ? settle(-1) : 0, ACTION);
  }

  /**
   * Opens and maps that of another process.
   *
   * @param descriptor the number that the file has there
   * @returns undefined where it cannot be had: another user's, another container's, no table of this size
   */
  static of(process: number, descriptor: number, lines: number): SharedTable | undefined {
    const opened = openForWriting(`/proc/${process}/fd/${descriptor}`);
    if (opened < 0) return undefined;
    const fd = adopt(opened);
    try {
      // Only what cannot become shorter: beyond its end nobody may read memory.
      if (sharedPageFault(fd) !== undefined) return undefined;
      return lseek(fd, 0n, SEEK_END) === BigInt(LINE * lines) ? new SharedTable(fd, lines) : undefined;
    } catch (error) {
      if (error instanceof ErrnoError) return undefined;
      throw error;
    } finally {
      close(fd);
    }
  }

  #addressOf(quarter: number): bigint {
    return this.#addresses[quarter] ??= this.#start + BigInt(QUARTER * quarter);
  }

  /** Reads a line. Of a table that is closed all are zeros. */
  load(line: number): void {
    if (this.#open) memcpy_from(this.line, this.#addressOf(4 * line), LINE_LENGTH);
    else this.line.fill(0);
  }

  /** Writes one of the four quarters of a line, as it is in {@linkcode line}. */
  store(line: number, quarter: number): void {
    if (!this.#open) return;
    memcpy_to(this.#addressOf(4 * line + quarter), this.#quarters[quarter]!, QUARTER_LENGTH);
  }

  /** Ends the mapping. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    munmap(this.#start, this.#size);
  }
}
