/** How many descriptors a process may have open here. Everything that a run starts inherits the limit. */

import type { Processes } from "./processes.ts";

/** The current limit, and what a process may raise it to. */
function limits(): { soft: number; hard: number } {
  const text = Deno.readTextFileSync("/proc/self/limits");
  const [, soft, hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(text) ?? [];
  const number = (value: string | undefined) => value === "unlimited" ? Infinity : Number(value ?? 0);
  return { soft: number(soft), hard: number(hard) };
}

/**
 * Raises the limit of this process as far as is wanted and allowed. To pass the hard limit takes privileges that even
 * root does not have in every container.
 *
 * @returns the limit that holds then
 */
export async function raiseDescriptorLimit(processes: Processes, wanted: number): Promise<number> {
  const { soft, hard } = limits();
  if (soft >= wanted) return soft;
  for (const limit of [wanted, hard]) {
    const args = ["--pid", String(Deno.pid), `--nofile=${limit}:${Math.max(limit, hard)}`];
    try {
      await processes.run("prlimit", { command: "prlimit", args }, 10);
      break;
    } catch {
      // Not allowed, or not there: what there is has to do.
    }
  }
  return limits().soft;
}
