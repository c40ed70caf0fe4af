/**
 * Threads of this process, from outside: what one does, and how to stop it for good. gettid(2), tgkill(2), signal(7),
 * pause(2), proc(5).
 *
 * @module
 */
import { adopt, close } from "./descriptor.ts";
import { settle } from "./errno.ts";
import { openForReading, readFile } from "./file.ts";
import { libc } from "./libc.ts";
import { cString } from "./memory.ts";

const { dlsym, getpid, signal, syscall_gettid, syscall_tgkill } = libc;

const SYSCALLS: Readonly<
  Record<string, { readonly gettid: bigint; readonly tgkill: bigint; readonly pause: string }>
> = {
  x86_64: { gettid: 186n, tgkill: 234n, pause: "34" },
  // There is no pause(2) there: libc makes it of ppoll(2).
  aarch64: { gettid: 178n, tgkill: 131n, pause: "73" },
};
const { gettid, tgkill, pause } = SYSCALLS[Deno.build.arch]!;

/** A real-time signal that nobody else here uses: libc has 32 and 33 for itself. */
const FREEZE = 40;
const RTLD_DEFAULT = 0n;

/** The number of the calling thread, as `ps -L` shows it. */
export function threadId(): number {
  return syscall_gettid(gettid);
}

let handled: boolean | undefined;

/** Has the signal's handler be pause(2) itself, which comes back for another signal only: and none is sent. */
function handle(): boolean {
  const address = dlsym?.(RTLD_DEFAULT, cString("pause")) ?? 0n;
  return address !== 0n && signal(FREEZE, address) !== 0xffff_ffff_ffff_ffffn;
}

/**
 * Has a thread of this process execute nothing any more, whatever it does: it waits without end as soon as it is about to.
 * A system call that it is in may still come to its end. It holds what it holds, locks of the C library included.
 *
 * @returns whether it will; not where there is no such thread, or a C library without dlsym(3) (glibc before 2.34)
 */
export function freezeThread(thread: number): boolean {
  handled ??= handle();
  return handled && settle(syscall_tgkill(tgkill, getpid(), thread, FREEZE)) === 0;
}

/** What a thread does. */
export interface ThreadState {
  /** As in proc(5): `R` runs, or waits for a processor; `S`, `D` waits for something; `t` is traced. */
  readonly letter: string;
  /** What it has run so far, in ticks of the kernel. */
  readonly ran: number;
}

/**
 * Looks at a thread.
 *
 * @param process the number of its process; this one unless given
 * @returns undefined where there is none, or nothing is shown
 */
export function threadState(thread: number, process?: number): ThreadState | undefined {
  const line = readTask(thread, "stat", process);
  // Behind the name, which may have anything in it.
  const words = line.slice(line.lastIndexOf(")") + 2).split(" ");
  if (words.length < 13) return undefined;
  return { letter: words[0]!, ran: Number(words[11]) + Number(words[12]) };
}

/** Whether a thread has come to where {@linkcode freezeThread} has it. */
export function isFrozen(thread: number): boolean {
  return readTask(thread, "syscall").startsWith(`${pause} `);
}

function readTask(thread: number, name: string, process: number | "self" = "self"): string {
  const opened = openForReading(`/proc/${process}/task/${thread}/${name}`);
  if (opened < 0) return "";
  const bytes = new Uint8Array(1_024);
  const length = readFile(adopt(opened), bytes, 1_024n);
  close(adopt(opened));
  return new TextDecoder().decode(bytes.subarray(0, Math.max(0, length)));
}
