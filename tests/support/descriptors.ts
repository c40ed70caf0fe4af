/**
 * The descriptors that a process has open, before and after a test.
 *
 * What Deno 2.9.6 itself opens was watched with strace and /proc/self/fd: a test's isolate has its runtime's
 * descriptors when the first test starts, and timers, asynchronous file calls, nonblocking FFI calls, child processes
 * and signal listeners add none that stay. Two things do not fit, and each is dealt with where it occurs:
 * - Descriptors of a terminated Worker go a few milliseconds later, and one epoll instance and one eventfd of the last
 *   Worker's runtime stay until the next Worker starts. See {@linkcode LeakOptions.workers}.
 * - `deno test --parallel` runs test files as threads of one process, which share the table of descriptors. See
 *   {@linkcode sharesProcess}.
 *
 * @module
 */
import { close, type Descriptor } from "../../ffi/descriptor.ts";
import { PATIENCE } from "./waiting.ts";

/**
 * Every descriptor of a process and what it is, as `/proc/PID/fd` links it: `pipe:[4711]`, `/dev/null`. An open file is the
 * same one when somebody deletes its name meanwhile, as programs of Deno that run at the same time do with files of their
 * common cache.
 */
export function openDescriptors(pid: number | "self" = "self"): Map<number, string> {
  const directory = `/proc/${pid}/fd`;
  const found = new Map<number, string>();
  for (const { name } of Deno.readDirSync(directory)) {
    try {
      found.set(Number(name), Deno.readLinkSync(`${directory}/${name}`).replace(/ \(deleted\)$/, ""));
    } catch (error) {
      // The descriptor that listed the directory is in the list, and closed by now.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return found;
}

/** The flags that `/proc/PID/fdinfo` shows for a descriptor: those of open(2), O_CLOEXEC among them. */
export function descriptorFlags(fd: number, pid: number | "self" = "self"): number {
  const line = /^flags:\s*([0-7]+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/fdinfo/${fd}`));
  return parseInt(line![1]!, 8);
}

/** What {@linkcode compareDescriptors} found, one `NUMBER -> LINK` each. */
export interface DescriptorChange {
  readonly leaked: readonly string[];
  readonly missing: readonly string[];
}

/**
 * Compares two states by what is open, not by number: a runtime that closes an epoll instance and opens another has
 * lost and won nothing, while one more descriptor for the same pipe is a leak.
 */
export function compareDescriptors(
  before: ReadonlyMap<number, string>,
  after: ReadonlyMap<number, string>,
): DescriptorChange {
  return { leaked: surplus(after, before), missing: surplus(before, after) };
}

/** What `many` has more of than `few`, naming numbers that `few` does not have with that link before any others. */
function surplus(many: ReadonlyMap<number, string>, few: ReadonlyMap<number, string>): string[] {
  const count = new Map<string, number>();
  for (const link of many.values()) count.set(link, (count.get(link) ?? 0) + 1);
  for (const link of few.values()) count.set(link, (count.get(link) ?? 0) - 1);
  const changed = [...many].filter(([fd, link]) => few.get(fd) !== link);
  const same = [...many].filter(([fd, link]) => few.get(fd) === link);
  const out: string[] = [];
  for (const [fd, link] of [...changed, ...same]) {
    const left = count.get(link)!;
    if (left <= 0) continue;
    count.set(link, left - 1);
    out.push(`${fd} -> ${link}`);
  }
  return out;
}

/**
 * Whether other test files run in this process at the same time. Their descriptors cannot be told from a test's own,
 * so {@linkcode withoutLeaks} compares nothing then: leaks show in a run without `--parallel`.
 */
export const sharesProcess: boolean = Deno.readTextFileSync("/proc/self/cmdline").split("\0").includes(
  "--parallel",
);

/** Options of {@linkcode withoutLeaks}. */
export interface LeakOptions {
  /** The body starts Workers: one is started and ended before, whose two lasting descriptors are Deno's own. */
  readonly workers?: boolean;
  /** Milliseconds in which what is closed on another thread must be gone; {@linkcode PATIENCE} unless said otherwise. */
  readonly grace?: number;
}

/**
 * Runs the body of a test and fails when it leaves a descriptor open, or closes one that it did not open. Each is named
 * with its link. An error of the body itself goes first.
 */
export async function withoutLeaks(
  body: () => void | Promise<void>,
  options: LeakOptions = {},
): Promise<void> {
  if (sharesProcess) return await body();
  if (options.workers) await startAndEndWorker();
  const before = openDescriptors();
  await body();
  const end = performance.now() + (options.grace ?? PATIENCE);
  while (true) {
    const { leaked, missing: fewer } = compareDescriptors(before, openDescriptors());
    // What is left of Workers of tests before goes when it wants to.
    const missing = options.workers ? [] : fewer;
    if (leaked.length === 0 && missing.length === 0) return;
    if (performance.now() > end) {
      const sentences = [
        ...leaked.map((text) => `the test left descriptor ${text} open`),
        ...missing.map((text) => `the test closed descriptor ${text}, which was open before it`),
      ];
      throw new Error(sentences.join("\n"));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function startAndEndWorker(): Promise<void> {
  const before = openDescriptors().size;
  const worker = new Worker("data:text/javascript,postMessage(0)", { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve);
  worker.terminate();
  const end = performance.now() + PATIENCE;
  while (openDescriptors().size > before + 2 && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Descriptors that a test owns until the end of its block: `using held = new Held()`. */
export class Held {
  readonly #descriptors = new Set<Descriptor>();

  /** Takes ownership. */
  keep<T extends Descriptor>(fd: T): T {
    this.#descriptors.add(fd);
    return fd;
  }

  /** Takes ownership of both ends of something. */
  keepBoth(pair: [Descriptor, Descriptor]): [Descriptor, Descriptor] {
    pair.forEach((fd) => this.keep(fd));
    return pair;
  }

  /** Closes one before the block ends. */
  close(fd: Descriptor): void {
    if (!this.#descriptors.delete(fd)) throw new Error(`Cannot close descriptor ${fd}: it is not held`);
    close(fd);
  }

  /** Closes the rest. */
  [Symbol.dispose](): void {
    for (const fd of this.#descriptors) close(fd);
    this.#descriptors.clear();
  }
}
