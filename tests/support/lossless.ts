/** What the tests of hand-offs that must not be lost have in common. */

import { startLoad } from "./load.ts";
import type { LoadPlan, LoadResult } from "./load_plan.ts";
import { atRest, childrenOf, commandLine, isRunning, signalAll, socketsOf, untilStopped } from "./proc.ts";
import {
  fixture,
  FRONT_PERMISSIONS,
  FrontProgram,
  PATIENT,
  Program,
  type StartOptions,
} from "./processes.ts";
import { ALLOW_LIBC } from "./processes.ts";
import { openDescriptors } from "./descriptors.ts";
import { until } from "./waiting.ts";

/** The handler module; with a log, in which it notes the number of every request that it begins. */
export function application(log?: string): string {
  const path = fixture("lossless_app.ts");
  return log === undefined ? path : `file://${path}?log=${encodeURIComponent(log)}`;
}

/**
 * Starts `front` or `up` with a configuration on its standard input, {@linkcode PATIENT} but for what it says itself, and
 * waits until it is ready.
 */
export async function startWith(
  command: "front" | "up",
  configuration: object,
  args: readonly string[] = [],
  options: Partial<StartOptions> = {},
): Promise<FrontProgram> {
  const program = new FrontProgram([command, "-", ...args], {
    permissions: command === "up" ? ["--allow-all"] : FRONT_PERMISSIONS,
    input: JSON.stringify({ ...PATIENT, ...configuration }),
    ...options,
  });
  try {
    const [, addresses] = await program.line(/^fdpass front ready on (.+)$/m);
    program.ports = addresses!.split(", ").map((address) => Number(/\d+$/.exec(address)![0]));
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts a backend with the application, and waits until it is ready. */
export async function startApplication(
  socket: string,
  args: readonly string[] = [],
  options: Partial<StartOptions> & { readonly log?: string } = {},
): Promise<Program> {
  const { log, ...rest } = options;
  const common = ["backend", "--socket", socket, "--drain-timeout", PATIENT.drainTimeout, ...args];
  const program = new Program([...common, "--fetch", application(log)], {
    permissions: [
      ALLOW_LIBC,
      `--allow-read=${fixture("lossless_app.ts")}${log === undefined ? "" : `,${log}`}`,
      ...log === undefined ? [] : [`--allow-write=${log}`],
    ],
    ...rest,
  });
  try {
    await program.line(/^fdpass backend \S+ ready on /m);
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

/** The process that runs a backend (or one of its workers) below another; undefined while there is none. */
export function childNamed(parent: number, name: string): number | undefined {
  return childrenOf(parent).find((pid) => {
    try {
      const words = commandLine(pid);
      return isRunning(pid) && words[words.indexOf("--name") + 1] === name && words.includes("--name");
    } catch (error) {
      // It has ended between the two looks.
      if (error instanceof Deno.errors.NotFound || (error as { code?: string }).code === "ESRCH") {
        return undefined;
      }
      throw error;
    }
  });
}

/** The front below `fdpass up`. */
export function frontBelow(up: number): number {
  return childrenOf(up).find((pid) => commandLine(pid).includes("front"))!;
}

/** Waits until a front has found a backend, as its messages say, for the so-many-th time. */
export async function found(front: Program, backend: string, times = 1): Promise<void> {
  const pattern = new RegExp(`backend ${backend} found at`, "g");
  await until(
    () => (front.stderr.match(pattern)?.length ?? 0) >= times,
    () => `backend ${backend} to be found ${times} times:\n${front.stderr}`,
  );
}

/**
 * How many descriptors of each kind a process has open. Channels come and go with the processes at their other ends, so
 * sockets are counted, not told apart.
 */
export function openKinds(pid: number): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const link of openDescriptors(pid).values()) {
    // A process's page of counters stays until somebody looks at it, or gives another: tests/control/pages_test.ts.
    if (link.startsWith("/memfd:fdpass-counters")) continue;
    const kind = link.replace(/^(socket|pipe):.*$/, "$1");
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(kinds).sort());
}

/** The same of processes that are at rest: what they open for a moment is not among it. */
export async function kindsAtRest(...pids: readonly number[]): Promise<Record<string, number>[]> {
  return await atRest(pids, () => pids.map(openKinds));
}

/**
 * Waits until a process has as many sockets open as it had before, and no more of any other kind. Of those it may have
 * fewer: a file that the runtime was just reading at the first look (libc's /etc/nsswitch.conf, for one) is closed by now.
 */
export async function untilKinds(pid: number, before: Record<string, number>): Promise<void> {
  const text = (kinds: Record<string, number>) => JSON.stringify(kinds);
  const isAsBefore = (now: Record<string, number>) =>
    now["socket"] === before["socket"] &&
    Object.entries(now).every(([kind, count]) => count <= (before[kind] ?? 0));
  await until(
    () => isAsBefore(openKinds(pid)),
    () => `process ${pid} to have ${text(before)} open; it has ${text(openKinds(pid))}`,
  );
}

/** The sockets at an IPv4 port of this host, listeners and connections; the inode is 0 where nobody has accepted it. */
function socketsAt(port: number): { readonly inode: number; readonly established: boolean }[] {
  const own = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return Deno.readTextFileSync("/proc/net/tcp").split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local]) => local?.endsWith(own))
    .map((columns) => ({ inode: Number(columns[9]), established: columns[3] === "01" }));
}

/** Whether clients of an IPv4 port are in the kernel's queue, where nobody has accepted them. */
export function anyQueued(port: number): boolean {
  return socketsAt(port).some(({ inode, established }) => inode === 0 && established);
}

/** The connections of clients of an IPv4 port that a process holds. What is still in its channels it does not hold. */
export function clientsOf(pid: number, port: number): Set<number> {
  return socketsOf(pid).intersection(new Set(socketsAt(port).map(({ inode }) => inode)));
}

/** How many connections of clients of an IPv4 port a process holds. */
export function heldBy(pid: number, port: number): number {
  return clientsOf(pid, port).size;
}

/**
 * Has so many clients ask while the processes that serve them stand still: who gets them is the front's choice alone,
 * however fast each of them is.
 */
export async function whileStopped(
  front: FrontProgram,
  processes: readonly number[],
  clients: number,
  plan: Partial<LoadPlan> = {},
): Promise<LoadResult> {
  const { pid, port } = front;
  await atRest([pid, ...processes], () => 0);
  const before = heldBy(pid, port);
  signalAll(processes, "SIGSTOP");
  await using load = startLoad(port, { total: clients, concurrency: clients, ...plan });
  try {
    for (const process of processes) await untilStopped(process);
    await until(() => heldBy(pid, port) === before + clients, "the front to have them all");
    // It has handed over what it could.
    await atRest([pid], () => heldBy(pid, port));
  } finally {
    signalAll(processes, "SIGCONT");
  }
  return await load.result();
}

/** Which processes began a request, by its number. */
export function readLog(path: string): Map<number, number[]> {
  const begun = new Map<number, number[]>();
  for (const line of Deno.readTextFileSync(path).split("\n")) {
    if (line === "") continue;
    const [id, process] = line.split(" ").map(Number);
    const known = begun.get(id!);
    if (known === undefined) begun.set(id!, [process!]);
    else known.push(process!);
  }
  return begun;
}

/** Whether a process has begun a request, as the backends' log says. */
export function hasServed(path: string, pid: number): boolean {
  return Deno.readTextFileSync(path).includes(` ${pid}\n`);
}
