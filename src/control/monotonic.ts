/** The kernel's monotonic clock (clock_gettime(2)), which other processes read too. */

import { expect, libc, settle } from "../../ffi/mod.ts";

// The door types syscall(2) for openat2(2): a number, an int and two pointers. clock_gettime(2) takes an int and one.
const { syscall_openat2: syscall } = libc;

const SYS_clock_gettime = Deno.build.arch === "aarch64" ? 113n : 228n;
const CLOCK_MONOTONIC = 1;

/**
 * Microseconds of CLOCK_MONOTONIC. `performance.now()` runs at the same pace but starts with the process, so its figures
 * mean nothing to anybody else.
 */
export function monotonicMicroseconds(): bigint {
  const timespec = new BigInt64Array(2); // struct timespec: tv_sec, tv_nsec
  expect(
    settle(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, timespec, null, 0n)),
    "Cannot read the monotonic clock",
  );
  return timespec[0]! * 1_000_000n + timespec[1]! / 1_000n;
}
