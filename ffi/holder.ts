/**
 * Descriptors that outlive this process: another one shares its table of them (clone(2), CLONE_FILES), and does nothing else.
 * From there somebody else can take them: pidfd_getfd(2), proc_pid_mem(5).
 *
 * @module
 */
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { settle } from "./errno.ts";
import { openForReading } from "./file.ts";
import { libc } from "./libc.ts";
import { cString } from "./memory.ts";

const { clone, dlsym, fdopen, mmap, pread, pthread_sigmask, syscall_pidfd_getfd } = libc;

const CLONE_VM = 0x100;
const CLONE_FILES = 0x400;
const SIGCHLD = 17;
/** CLONE_VM, for memory that is copied on writing would be kept twice. */
const SHARED = CLONE_VM | CLONE_FILES | SIGCHLD;

const RTLD_DEFAULT = 0n;
const STACK = 65_536n;
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS_STACK = 0x2_0022;
const SIG_BLOCK = 0;
const SIG_SETMASK = 2;
/** A sigset_t of glibc. */
const SIGNALS = 128;
const SYS_PIDFD_GETFD = 438n; // the same on every architecture

/** Addresses are user space's: those of errors are not. */
const isAddress = (address: bigint): boolean => address > 0n && address < 1n << 63n;

/**
 * Starts a process that has all descriptors that this one has, at any time, under the same numbers. It reads from a socket,
 * until that ends or something comes, and ends then. Signals do nothing to it, but for SIGKILL.
 *
 * What it executes is one function of the C library that takes no lock (fgetc_unlocked(3)), on a stack of its own, in this
 * process's memory: no JavaScript, and nothing that this process's other threads would have to be there for.
 *
 * @param until a stream socket, which is its alone from now on
 * @returns its process number, a child of this process; or a number below 0 where that cannot be
 */
export function holdDescriptors(until: Descriptor): number {
  const read = dlsym?.(RTLD_DEFAULT, cString("fgetc_unlocked")) ?? 0n;
  // Neither is ever freed: they are in use until after the end of this process.
  const stack = mmap(0n, STACK, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_STACK, -1, 0n);
  const file = fdopen(until, cString("r"));
  if (![read, stack, file].every((address) => isAddress(BigInt(address)))) return -1;
  const [all, before] = [new Uint8Array(SIGNALS).fill(0xff), new Uint8Array(SIGNALS)];
  pthread_sigmask(SIG_BLOCK, all, before);
  const result = settle(clone(BigInt(read), BigInt(stack) + STACK, SHARED, BigInt(file)));
  pthread_sigmask(SIG_SETMASK, before, null);
  return result;
}

/**
 * Takes a copy of another process's descriptor (Linux 5.6). It closes on exec.
 *
 * @param pidfd of {@linkcode openProcess}
 * @param fd the other process's number for it
 * @returns owned by the caller; or `-errno`: EPERM where this process may not look into that one (ptrace(2))
 */
export function copyDescriptor(pidfd: Descriptor, fd: number): number {
  return settle(syscall_pidfd_getfd(SYS_PIDFD_GETFD, pidfd, fd, 0));
}

/**
 * Reads another process's memory.
 *
 * @param bytes where it goes: all of it, or nothing is certain
 * @returns whether it could be read; that takes the same right as {@linkcode copyDescriptor}
 */
export function readMemory(pid: number, address: bigint, bytes: Uint8Array<ArrayBuffer>): boolean {
  const opened = openForReading(`/proc/${pid}/mem`);
  if (opened < 0) return false;
  let at = 0;
  while (at < bytes.length) {
    const rest = bytes.subarray(at);
    const length = settle(pread(adopt(opened), rest, BigInt(rest.length), address + BigInt(at)));
    if (length <= 0) break;
    at += length;
  }
  close(adopt(opened));
  return at === bytes.length;
}
