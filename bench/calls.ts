/** System calls, as strace(1) counts them. They do not depend on what else the machine does. */

/** What calls are for. */
export type Purpose = "receive" | "send" | "wait" | "files" | "connections" | "threads" | "other";

const PURPOSES: Readonly<Record<string, Purpose>> = {
  ...purposes("receive", "read recvfrom recvmsg recvmmsg readv"),
  ...purposes("send", "write sendto sendmsg sendmmsg writev sendfile splice"),
  ...purposes("wait", "epoll_wait epoll_pwait epoll_pwait2 epoll_ctl poll ppoll select"),
  ...purposes("files", "open openat openat2 stat fstat newfstatat statx lseek pread64 preadv getdents64"),
  ...purposes(
    "connections",
    "accept accept4 socket connect close shutdown getsockopt setsockopt getsockname getpeername ioctl fcntl",
  ),
  ...purposes("threads", "futex sched_yield madvise mprotect mmap munmap"),
};

function purposes(purpose: Purpose, names: string): Record<string, Purpose> {
  return Object.fromEntries(names.split(" ").map((name) => [name, purpose]));
}

/** How many calls there were, by what they are for. */
export interface Calls extends Readonly<Record<Purpose, number>> {
  readonly all: number;
  /** Receiving, reading among it, that came back with an error: most often because there was nothing. */
  readonly inVain: number;
}

/**
 * Reads a summary of strace's (`-c -U name,calls,errors`).
 *
 * @returns undefined where it is none
 */
export function readCalls(summary: string): Calls | undefined {
  const found = { receive: 0, send: 0, wait: 0, files: 0, connections: 0, threads: 0, other: 0, inVain: 0 };
  let all = 0;
  for (const line of summary.split("\n")) {
    const [name = "", calls, errors = "0", ...more] = line.trim().split(/\s+/);
    if (!/^\d+$/.test(calls ?? "") || !/^\d+$/.test(errors) || more.length > 0 || name === "total") continue;
    const purpose = PURPOSES[name] ?? "other";
    found[purpose] += Number(calls);
    if (purpose === "receive") found.inVain += Number(errors);
    all += Number(calls);
  }
  return all === 0 ? undefined : { ...found, all };
}
