/**
 * About this process: getpid(2), prctl(2), getrlimit(2), clock_gettime(2), and the words it was started with (proc(5)).
 *
 * @module
 */
import { libc } from "./libc.ts";
import { adopt, close } from "./descriptor.ts";
import { expect, settle } from "./errno.ts";
import { cString } from "./memory.ts";

const { clock_gettime, geteuid, getpid, getppid, getrlimit, open, prctl, read, setrlimit } = libc;

const PR_SET_PDEATHSIG = 1;
const SIGTERM = 15n;
const RLIMIT_NOFILE = 7;
const CLOCK_MONOTONIC = 1;

/** This process's number. */
export function processId(): number {
  return getpid();
}

const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;

/** The command line of this process as the kernel keeps it (proc(5), `/proc/pid/cmdline`), its own name first. */
export function commandLine(): string[] {
  const opened = settle(open(cString("/proc/self/cmdline"), O_RDONLY | O_CLOEXEC, 0));
  const fd = adopt(expect(opened, "Cannot read the command line of this process"));
  try {
    const pieces: Uint8Array[] = [];
    for (;;) {
      const piece = new Uint8Array(4_096);
      const length = expect(settle(read(fd, piece, 4_096n)), "Cannot read the command line of this process");
      if (length === 0) break;
      pieces.push(piece.subarray(0, length));
    }
    // Each word ends with a NUL.
    return new TextDecoder().decode(Uint8Array.from(pieces.flatMap((piece) => [...piece]))).split("\0")
      .slice(0, -1);
  } finally {
    close(fd);
  }
}

/** Who this process acts as. */
export function effectiveUser(): number {
  return geteuid();
}

/**
 * Asks the kernel to send SIGTERM when the process that started this one ends, however it ends (prctl(2)
 * PR_SET_PDEATHSIG).
 *
 * @param parent the process number that the parent is expected to have
 * @returns false when the parent was gone already: no signal will come then
 */
export function endWithParent(parent: number): boolean {
  expect(settle(prctl(PR_SET_PDEATHSIG, SIGTERM, 0n, 0n, 0n)), "Cannot ask for a signal at the parent's end");
  return getppid() === parent;
}

/** The limit that {@linkcode raiseDescriptorLimit} has found. */
let limitBefore: number | undefined;

/**
 * Raises the limit on open descriptors as far as it may go without privileges: the hard limit.
 *
 * @returns the limit now in force
 */
export function raiseDescriptorLimit(): number {
  const rlimit = new BigUint64Array(2); // struct rlimit: rlim_cur, rlim_max
  expect(settle(getrlimit(RLIMIT_NOFILE, rlimit)), "Cannot read the limit on descriptors");
  limitBefore ??= Number(rlimit[0]);
  if (rlimit[0]! < rlimit[1]!) {
    const raised = new BigUint64Array([rlimit[1]!, rlimit[1]!]);
    if (settle(setrlimit(RLIMIT_NOFILE, raised)) === 0) return Number(rlimit[1]);
  }
  return Number(rlimit[0]);
}

/**
 * Sets the soft limit on open descriptors of this whole process, for a moment.
 *
 * @param limit no more than the hard limit
 * @returns puts it back
 */
export function descriptorLimit(limit: number): () => void {
  const before = new BigUint64Array(2);
  expect(settle(getrlimit(RLIMIT_NOFILE, before)), "Cannot read the limit on descriptors");
  const changed = new BigUint64Array([BigInt(limit), before[1]!]);
  expect(settle(setrlimit(RLIMIT_NOFILE, changed)), "Cannot change the limit on descriptors");
  return () => void setrlimit(RLIMIT_NOFILE, before);
}

/** The soft limit on open descriptors that this process was started with. */
export function initialDescriptorLimit(): number {
  if (limitBefore !== undefined) return limitBefore;
  const rlimit = new BigUint64Array(2);
  expect(settle(getrlimit(RLIMIT_NOFILE, rlimit)), "Cannot read the limit on descriptors");
  return Number(rlimit[0]);
}

/**
 * Microseconds of CLOCK_MONOTONIC, which other processes read too. `performance.now()` runs at the same pace but starts
 * with the process, so its figures mean nothing to anybody else.
 *
 * @example
 * ```ts
 * import { monotonicMicroseconds } from "@fdpass/fdpass/libc";
 *
 * const begun = monotonicMicroseconds();
 * console.log(`${monotonicMicroseconds() - begun} µs`);
 * ```
 */
export function monotonicMicroseconds(): bigint {
  const timespec = new BigInt64Array(2); // struct timespec: tv_sec, tv_nsec
  expect(settle(clock_gettime(CLOCK_MONOTONIC, timespec)), "Cannot read the monotonic clock");
  return timespec[0]! * 1_000_000n + timespec[1]! / 1_000n;
}
