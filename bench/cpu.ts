/** What processes use, from /proc (proc(5)): processor time, memory, descriptors. */

/** USER_HZ: the unit of times in /proc/PID/stat, in nanoseconds. */
const TICK = 10_000_000;

/** The processes that descend from some, and these themselves. */
export function treeOf(roots: readonly number[]): number[] {
  const found = new Set<number>();
  const visit = (pid: number) => {
    if (found.has(pid)) return;
    const tasks = tasksOf(pid);
    if (tasks.length === 0) return;
    found.add(pid);
    for (const task of tasks) {
      const children = read(`/proc/${pid}/task/${task}/children`) ?? "";
      for (const child of children.split(" ")) if (child !== "") visit(Number(child));
    }
  };
  roots.forEach(visit);
  return [...found];
}

function tasksOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).map(Number);
}

function list(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name);
  } catch {
    return []; // it has ended
  }
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined; // it has ended
  }
}

/** What processes have used up to a moment, counted in two ways. */
export interface CpuReading {
  /** Nanoseconds by thread, exactly: /proc/PID/task/TID/schedstat. Threads that have ended are not in it. */
  readonly threads: ReadonlyMap<number, number>;
  readonly processes: number;
  /** Ticks of 10 ms of whole processes and of children that have ended: /proc/PID/stat. */
  readonly ticks: number;
}

/** Reads what processes, their threads and their descendants have used so far, in user and kernel code. */
export function readCpu(roots: readonly number[]): CpuReading {
  const threads = new Map<number, number>();
  let ticks = 0;
  const processes = treeOf(roots);
  for (const pid of processes) {
    const stat = read(`/proc/${pid}/stat`) ?? "";
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // utime, stime, cutime, cstime
    for (const field of fields.slice(11, 15)) ticks += Number(field);
    for (const task of tasksOf(pid)) {
      const time = read(`/proc/${pid}/task/${task}/schedstat`)?.split(" ")[0];
      if (time !== undefined) threads.set(task, Number(time));
    }
  }
  return { threads, processes: processes.length, ticks };
}

/**
 * Microseconds of processor time between two readings. By thread, which is exact, unless threads have ended in between
 * and taken their share with them: then by ticks.
 */
export function cpuBetween(before: CpuReading, after: CpuReading): number {
  const ticked = (after.ticks - before.ticks) * TICK;
  let exact = 0;
  for (const [task, time] of after.threads) exact += time - (before.threads.get(task) ?? 0);
  const complete = after.threads.size > 0 &&
    [...before.threads.keys()].every((task) => after.threads.has(task));
  // Threads that began and ended in between show in ticks only. Each process rounds user and kernel time by one at most.
  const rounding = (2 * after.processes + 1) * TICK;
  return (complete && ticked <= exact + rounding ? exact : ticked) / 1_000;
}

/** Bytes of memory that processes and their descendants hold. */
export interface Memory {
  /** What is resident, shared pages counted in every process. */
  readonly resident: number;
  /** The same with shared pages divided among those who share them. */
  readonly proportional: number;
}

/** Reads the memory of processes and their descendants. */
export function readMemory(roots: readonly number[]): Memory {
  let resident = 0;
  let proportional = 0;
  for (const pid of treeOf(roots)) {
    const text = read(`/proc/${pid}/smaps_rollup`) ?? "";
    const kibibytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0);
    resident += kibibytes("Rss") * 1_024;
    proportional += kibibytes("Pss") * 1_024;
  }
  return { resident, proportional };
}

/** Descriptors that processes and their descendants have open. */
export function countDescriptors(roots: readonly number[]): number {
  let count = 0;
  for (const pid of treeOf(roots)) count += list(`/proc/${pid}/fd`).length;
  return count;
}

/** How many processes were ready to run or running of late: the load average of the last minute. */
export function loadAverage(): number {
  return Number(read("/proc/loadavg")?.split(" ")[0] ?? NaN);
}
