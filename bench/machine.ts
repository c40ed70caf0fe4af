/** The machine in general terms, without names and paths. */

import { loadAverage } from "./cpu.ts";

/** What a reader has to know to place the figures. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** The load average of the minute before the run. */
  readonly loadBefore: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Describes this machine. @param versions of the programs that take part */
export function describeMachine(versions: Readonly<Record<string, string>>): Machine {
  const cpu = Deno.readTextFileSync("/proc/cpuinfo");
  // Two words: the vendor and the family, without the model that would tell one machine from others.
  const model = /^model name\s*:\s*(.+)$/m.exec(cpu)?.[1] ?? "unknown";
  return {
    processor: `${model.split(/\s+/).slice(0, 2).join(" ")}, ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    memoryGiB: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    system: `Linux ${Deno.osRelease().split(/[-+]/)[0]}`,
    loadBefore: loadAverage(),
    versions: { deno: Deno.version.deno, v8: Deno.version.v8, ...versions },
  };
}

/** The same as a sentence. */
export function describe({ processor, cores, memoryGiB, system, loadBefore, versions }: Machine): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return `${processor}, ${cores} cores, ${memoryGiB} GiB of memory, ${system}; ${programs}. ` +
    `Load average before the run: ${loadBefore}.`;
}
