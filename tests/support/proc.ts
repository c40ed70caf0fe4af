/** What Linux tells about another process (proc(5)). */

import { compareDescriptors, openDescriptors } from "./descriptors.ts";
import { PATIENCE, pause, until } from "./waiting.ts";

/** The state of a process: `R`, `S`, `T`, `Z` …; undefined when there is no such process. */
export function processState(pid: number): string | undefined {
  try {
    return /^State:\s+(\S)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The states of a process's threads. */
export function threadStates(pid: number): string[] {
  const states: string[] = [];
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/task/${name}/stat`);
      states.push(stat.charAt(stat.lastIndexOf(")") + 2));
    } catch {
      // It has just ended.
    }
  }
  return states;
}

/** Whether a process still runs. One that has ended and was not waited for does not. */
export function isRunning(pid: number): boolean {
  const state = processState(pid);
  return state !== undefined && state !== "Z" && state !== "X";
}

/** The processes that a process has started and that still exist. */
export function childrenOf(pid: number): number[] {
  const children = new Set<number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    let text: string;
    try {
      text = Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`);
    } catch {
      // The thread has just ended. What it had started is another's.
      continue;
    }
    for (const child of text.split(" ")) if (child !== "") children.add(Number(child));
  }
  return [...children];
}

/** Waits until a process that was sent SIGSTOP stands still, with all of its threads. */
export async function untilStopped(pid: number): Promise<void> {
  await until(() => threadStates(pid).every((state) => state === "T"), `process ${pid} to stand still`);
}

/** Sends a signal to each of these processes that is still there. */
export function signalAll(pids: readonly number[], signal: Deno.Signal): void {
  for (const pid of pids) {
    try {
      Deno.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/**
 * Looks at processes that have nothing to do: all of their threads sleep, and what is to be seen is the same for a while.
 * A process that waits for its turn does not sleep, however long it waits.
 *
 * @param look what is to be seen
 * @param text what of that is compared
 */
export async function atRest<T>(
  pids: readonly number[],
  look: () => T,
  text: (seen: T) => string = JSON.stringify,
): Promise<T> {
  let seen = look();
  let same = 0;
  return await until(async () => {
    await pause(10);
    const next = look();
    const rests = pids.every((pid) => threadStates(pid).every((state) => state === "S"));
    same = rests && text(next) === text(seen) ? same + 1 : 0;
    seen = next;
    return same < 3 ? undefined : seen;
  }, () => `processes ${pids.join(", ")} to come to rest`);
}

/** What a process was started with. */
export function commandLine(pid: number): string[] {
  return Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
}

/** Bytes that a process has moved by read(2), write(2) and their relatives so far; recv(2) and send(2) do not count. */
export function bytesMoved(pid: number): { readonly read: number; readonly written: number } {
  const text = Deno.readTextFileSync(`/proc/${pid}/io`);
  const number = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)![1]);
  return { read: number("rchar"), written: number("wchar") };
}

/** Ticks of processor time that a process has used, in its own code and in the kernel. */
export function processorTime(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** Bytes of memory that a process occupies. */
export function residentMemory(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]);
}

/** The inodes of the sockets that a process holds, as `/proc/net/tcp` names them. */
export function socketsOf(pid: number): Set<number> {
  const inodes = new Set<number>();
  for (const link of openDescriptors(pid).values()) {
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    if (inode !== undefined) inodes.add(Number(inode));
  }
  return inodes;
}

/** What `/proc/net/tcp` has of the server's end of an IPv4 connection. @param port the server's */
function serversEnd(port: number, clientPort: number): readonly string[] | undefined {
  const portOf = (address: string) => parseInt(address.slice(address.indexOf(":") + 1), 16);
  for (const line of Deno.readTextFileSync("/proc/net/tcp").split("\n").slice(1)) {
    const words = line.trim().split(/\s+/);
    const [, local, remote] = words;
    if (local === undefined || remote === undefined) continue;
    if (portOf(local) === port && portOf(remote) === clientPort) return words;
  }
  return undefined;
}

/**
 * The inode of the server's end of an IPv4 connection, whoever holds it.
 *
 * @param port the server's
 * @param clientPort the client's
 */
export function acceptedSocket(port: number, clientPort: number): number | undefined {
  const inode = serversEnd(port, clientPort)?.[9];
  return inode === undefined ? undefined : Number(inode);
}

/** Whether the server has read all that the client of an IPv4 connection has sent. @param port the server's */
export function isRead(port: number, clientPort: number): boolean {
  const queues = serversEnd(port, clientPort)?.[4];
  return queues !== undefined && parseInt(queues.split(":")[1]!, 16) === 0;
}

function withoutInodes(table: ReadonlyMap<number, string>): Map<number, string> {
  return new Map([...table].map(([fd, link]) => [fd, link.replace(/:\[\d+\]$/, "")]));
}

/** The tables of descriptors of some processes at one moment. */
export class DescriptorTables {
  readonly #before: ReadonlyMap<number, ReadonlyMap<number, string>>;

  private constructor(before: ReadonlyMap<number, ReadonlyMap<number, string>>) {
    this.#before = before;
  }

  /** Looks at the tables once their processes are at rest: what is being closed should not be in them. */
  static async of(...pids: readonly number[]): Promise<DescriptorTables> {
    const look = () => new Map(pids.map((pid) => [pid, openDescriptors(pid)]));
    const text = (tables: Map<number, Map<number, string>>) =>
      JSON.stringify([...tables].map(([pid, table]) => [pid, ...table.values()]));
    return new DescriptorTables(await atRest(pids, look, text));
  }

  /**
   * Waits until every process has the same open as then, and no more; names what differs when that takes too long.
   *
   * @param options `alike`: one socket may have taken another's place, as a channel does that was opened anew
   */
  async untilRestored(milliseconds = PATIENCE, options: { readonly alike?: boolean } = {}): Promise<void> {
    const end = performance.now() + milliseconds;
    const view = options.alike ? withoutInodes : (table: ReadonlyMap<number, string>) => table;
    for (;;) {
      const sentences: string[] = [];
      for (const [pid, before] of this.#before) {
        const { leaked, missing } = compareDescriptors(view(before), view(openDescriptors(pid)));
        const who = commandLine(pid).slice(-6).join(" ");
        sentences.push(
          ...leaked.map((text) => `process ${pid} (${who}) still has ${text}`),
          ...missing.map((text) => `process ${pid} (${who}) has ${text} no more`),
        );
      }
      if (sentences.length === 0) return;
      if (performance.now() > end) throw new Error(sentences.join("\n"));
      await pause();
    }
  }
}

/** Whether a process has a handler for a signal by now. @param number of the signal, as signal(7) has it */
export function catchesSignal(pid: number, number: number): boolean {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const caught = BigInt("0x" + /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)![1]);
  return (caught >> BigInt(number - 1) & 1n) === 1n;
}
