/** What every workload works with: the programs, the processes, and a directory for everything that they write. */

import { raiseDescriptorLimit } from "./descriptors.ts";
import type { Amounts, Options } from "./options.ts";
import { Processes } from "./processes.ts";
import { Programs } from "./programs.ts";

/** Descriptors that everybody has open besides those that are counted. */
const SPARE = 256;

/** One run's surroundings. */
export class Stage {
  readonly processes: Processes = new Processes();
  readonly directory: string;
  #programs: Programs | undefined;
  #descriptors = 0;
  #count = 0;

  constructor(readonly options: Options) {
    this.directory = Deno.makeTempDirSync({ prefix: "fdpass-bench-" });
    // Peers that give up root have to get into it.
    Deno.chmodSync(this.directory, 0o755);
  }

  /** Finds programs, compiles the floor, and sees to it that descriptors suffice. */
  async prepare(): Promise<void> {
    this.#programs = await Programs.find(this.processes, this.directory);
    // A proxy has two for every stream.
    this.#descriptors = await raiseDescriptorLimit(this.processes, 2 * this.amounts.streams + SPARE);
  }

  get programs(): Programs {
    return this.#programs!;
  }

  get amounts(): Amounts {
    return this.options.amounts;
  }

  /** How many descriptors a process may have. */
  get descriptors(): number {
    return this.#descriptors;
  }

  /** As many of some connections as a process can have open that needs so many descriptors for each. */
  affordable(connections: number, each: number): number {
    return Math.min(connections, Math.floor((this.#descriptors - SPARE) / each));
  }

  /** Makes a directory of its own for somebody. */
  room(name: string): string {
    const path = `${this.directory}/${name}-${++this.#count}`;
    Deno.mkdirSync(path, { mode: 0o755 });
    Deno.chmodSync(path, 0o755);
    return path;
  }

  /** Says on standard error what is going on. */
  say(text: string): void {
    try {
      Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
    } catch {
      // Nobody reads any more. That must not get in the way of cleaning up.
    }
  }

  /** Ends every process and removes every file. @param patience milliseconds for processes to end by themselves */
  async clear(patience?: number): Promise<void> {
    await this.processes.stopAll(patience);
    try {
      Deno.removeSync(this.directory, { recursive: true });
    } catch (error) {
      // A signal may have come while this was under way.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
