/**
 * Other programs as child processes: posix_spawn(3), pidfd_open(2), waitid(2).
 *
 * @module
 */
import { libc } from "./libc.ts";
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { EINTR, expect, settle } from "./errno.ts";
import { openForReading } from "./file.ts";
import { addressOf } from "./memory.ts";
import { descriptorLimit } from "./process.ts";

const {
  posix_spawn,
  posix_spawn_file_actions_addchdir_np,
  posix_spawn_file_actions_addclosefrom_np,
  posix_spawn_file_actions_adddup2,
  posix_spawn_file_actions_destroy,
  posix_spawn_file_actions_init,
  posix_spawnattr_init,
  posix_spawnattr_setflags,
  posix_spawnattr_setsigdefault,
  posix_spawnattr_setsigmask,
  kill,
  read,
  syscall_pidfd_open,
  waitid,
} = libc;

export const SIGKILL = 9;
export const SIGTERM = 15;

const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;

// glibc: 80 and 336 bytes on 64-bit systems. A little more does no harm.
const SIZEOF_FILE_ACTIONS = 128;
const SIZEOF_SPAWNATTR = 512;
const SIZEOF_SIGSET = 128;

/**
 * A NULL-ended array of C strings, as `argv` and `envp` are. Every character of a text is one byte (Latin-1), so that
 * bytes of any encoding pass through unchanged; {@linkcode utf8} makes such a text of an ordinary one.
 */
export class StringArray {
  /** What C gets. The strings that it points at live as long as this object, which is to be held, not this alone. */
  readonly pointers: BigUint64Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #before: StringArray | undefined;

  /**
   * @param before strings that come first; that array is kept alive by this one
   * @throws {TypeError} when a string contains a NUL, which would cut it short
   */
  constructor(strings: readonly string[], before?: StringArray) {
    let size = 1; // an empty view has no address
    for (const string of strings) size += string.length + 1;
    this.#bytes = new Uint8Array(size);
    this.#before = before;
    const first = before?.length ?? 0;
    this.pointers = new BigUint64Array(first + strings.length + 1);
    if (before !== undefined) this.pointers.set(before.pointers.subarray(0, first));
    const start = addressOf(this.#bytes);
    let at = 0;
    for (let index = 0; index < strings.length; index++) {
      const string = strings[index]!;
      this.pointers[first + index] = start + BigInt(at);
      for (let place = 0; place < string.length; place++) {
        const byte = string.charCodeAt(place);
        if (byte === 0) throw new TypeError("Cannot pass a text on to a program: it contains a NUL");
        this.#bytes[at++] = byte;
      }
      at++;
    }
  }

  /** How many strings there are. */
  get length(): number {
    return this.pointers.length - 1;
  }

  /** The memory that the pointers lead to, for whoever wants to be sure that it is still there. */
  get held(): readonly Uint8Array<ArrayBuffer>[] {
    return this.#before === undefined ? [this.#bytes] : [...this.#before.held, this.#bytes];
  }
}

/** A text whose characters are the bytes of another one's UTF-8: what {@linkcode StringArray} takes. */
export function utf8(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** What is to run, and with what. */
export interface SpawnOptions {
  /** The program's file, as {@linkcode cString} makes it. A relative path starts at this process's directory. */
  readonly path: Uint8Array<ArrayBuffer>;
  readonly argv: StringArray;
  readonly envp: StringArray;
  /** Its standard input, output and error, each a descriptor above 2. Lent: the child gets copies. */
  readonly stdin: Descriptor;
  readonly stdout: Descriptor;
  readonly stderr: Descriptor;
  /** Its working directory, as {@linkcode cString} makes it; this process's own unless given, and with a libc that has no way to say it. */
  readonly directory?: Uint8Array<ArrayBuffer>;
  /** Descriptors that it may open; what this process itself may unless given. */
  readonly descriptors?: number;
}

const actions = new Uint8Array(SIZEOF_FILE_ACTIONS);
const child = new Int32Array(1);
let attributes: Uint8Array<ArrayBuffer> | undefined;

/** The same for every child: default signals, none of them blocked, and a session of its own. */
function spawnAttributes(): Uint8Array<ArrayBuffer> {
  if (attributes !== undefined) return attributes;
  const made = new Uint8Array(SIZEOF_SPAWNATTR);
  posix_spawnattr_init(made);
  posix_spawnattr_setflags(made, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  // This process ignores SIGPIPE, as every Rust program does; a child would inherit that. All signals are named: libc
  // passes over those that have no other disposition.
  posix_spawnattr_setsigdefault(made, new Uint8Array(SIZEOF_SIGSET).fill(0xff));
  posix_spawnattr_setsigmask(made, new Uint8Array(SIZEOF_SIGSET));
  return attributes = made;
}

/**
 * Starts a program as the leader of a session, and so of a process group, of its own. It gets three descriptors and no
 * others. This thread waits until the program has been executed, or could not be.
 *
 * @returns its process number, which the caller has to {@linkcode reap}; or `-errno`
 *
 * @example A program, from its start to its end
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   adopt,
 *   close,
 *   cString,
 *   Epoll,
 *   EPOLLIN,
 *   libc,
 *   openNull,
 *   openProcess,
 *   pipe,
 *   reap,
 *   settle,
 *   spawn,
 *   StringArray,
 * } from "@fdpass/fdpass/libc";
 *
 * const nothing = adopt(openNull());
 * const [readEnd, writeEnd] = pipe();
 * const pid = spawn({
 *   path: cString("/bin/echo"),
 *   argv: new StringArray(["echo", "hello"]),
 *   envp: new StringArray([]),
 *   stdin: nothing,
 *   stdout: writeEnd,
 *   stderr: writeEnd,
 * });
 * close(writeEnd);
 * const bytes = new Uint8Array(16);
 * const length = settle(libc.read(readEnd, bytes, 16n));
 * assert.equal(new TextDecoder().decode(bytes.subarray(0, length)), "hello\n");
 *
 * const pidfd = adopt(openProcess(pid));
 * const epoll = new Epoll(1);
 * epoll.add(pidfd, EPOLLIN, 0, 0);
 * epoll.wait(-1);
 * assert.deepEqual(reap(pidfd), { code: 0 });
 * epoll.close();
 * for (const fd of [nothing, readEnd, pidfd]) close(fd);
 * ```
 */
export function spawn(options: SpawnOptions): number {
  const { path, argv, envp, stdin, stdout, stderr, directory, descriptors } = options;
  posix_spawn_file_actions_init(actions);
  // The copies lose O_CLOEXEC. None of the three is among the numbers that are written to, as all are above 2.
  const failed = posix_spawn_file_actions_adddup2(actions, stdin, 0) ||
    posix_spawn_file_actions_adddup2(actions, stdout, 1) ||
    posix_spawn_file_actions_adddup2(actions, stderr, 2) ||
    // What was inherited without O_CLOEXEC, from whoever started this process, goes no further.
    (posix_spawn_file_actions_addclosefrom_np?.(actions, 3) ?? 0) ||
    (directory === undefined ? 0 : posix_spawn_file_actions_addchdir_np?.(actions, directory) ?? 0);
  // The limit belongs to the whole process. Nothing else of it opens a descriptor while this thread is here.
  const restore = descriptors === undefined ? undefined : descriptorLimit(descriptors);
  const result = failed ||
    posix_spawn(child, path, actions, spawnAttributes(), argv.pointers, envp.pointers);
  restore?.();
  posix_spawn_file_actions_destroy(actions);
  return result === 0 ? child[0]! : -result;
}

const SYS_PIDFD_OPEN = 434n; // the same on every architecture

/**
 * A descriptor for a process that can be watched: readable once the process has ended (pidfd_open(2), Linux 5.3). Closed
 * on exec, owned by the caller; or `-errno`.
 */
export function openProcess(pid: number): number {
  return settle(syscall_pidfd_open(SYS_PIDFD_OPEN, pid, 0));
}

/** How a process ended: with an exit code, or by a signal. */
export type ProcessEnding =
  | { readonly code: number; readonly signal?: undefined }
  | { readonly signal: number; readonly code?: undefined };

const P_PID = 1;
const P_PIDFD = 3;
const WNOHANG = 1;
const WEXITED = 4;
const CLD_EXITED = 1;

// siginfo_t of 64-bit systems.
const SIZEOF_SIGINFO = 128;
const SI_SIGNO = 0;
const SI_CODE = 8;
const SI_STATUS = 24;
const siginfo = new DataView(new ArrayBuffer(SIZEOF_SIGINFO));
const siginfoBytes = new Uint8Array(siginfo.buffer);

/**
 * Takes leave of a child that has ended, and of no other: its number is free afterwards.
 *
 * @param pidfd of {@linkcode openProcess}; stays the caller's
 * @returns undefined while it runs; `-errno` where it is no child of this process (any more)
 */
export function reap(pidfd: Descriptor): ProcessEnding | number | undefined {
  siginfo.setInt32(SI_SIGNO, 0, true);
  let result: number;
  do result = settle(waitid(P_PIDFD, pidfd, siginfoBytes, WEXITED | WNOHANG)); while (result === -EINTR);
  if (result < 0) return result;
  if (siginfo.getInt32(SI_SIGNO, true) === 0) return undefined;
  const status = siginfo.getInt32(SI_STATUS, true);
  return siginfo.getInt32(SI_CODE, true) === CLD_EXITED ? { code: status } : { signal: status };
}

/** Waits for a child that was sent SIGKILL, on this thread, and takes leave of it. */
export function reapProcess(pid: number): void {
  while (settle(waitid(P_PID, pid, siginfoBytes, WEXITED)) === -EINTR);
}

/**
 * Sends a signal to a process group; 0 or `-errno`. As long as its leader has not been reaped, the number can be nobody
 * else's.
 */
export function signalGroup(leader: number, signal: number): number {
  return settle(kill(-leader, signal));
}

/**
 * The environment that this process was started with, as `NAME=value` texts for {@linkcode StringArray}.
 *
 * @throws {ErrnoError} where /proc is not mounted
 */
export function initialEnvironment(): string[] {
  const action = "Cannot read this process's environment";
  const file = adopt(expect(openForReading("/proc/self/environ"), action));
  try {
    let text = "";
    const piece = new Uint8Array(65_536);
    for (;;) {
      const length = expect(settle(read(file, piece, 65_536n)), action);
      if (length === 0) break;
      for (let at = 0; at < length; at++) text += String.fromCharCode(piece[at]!);
    }
    return text.split("\0").filter((entry) => entry.indexOf("=") > 0);
  } finally {
    close(file);
  }
}
