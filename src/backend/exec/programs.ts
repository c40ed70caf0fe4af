/** Programs that were started and have not ended. Knows nothing of hand-offs: any descriptors will do. */

import {
  adopt,
  close,
  type Descriptor,
  ErrnoError,
  openProcess,
  pipe,
  setNonblocking,
  spawn,
  StringArray,
} from "../../../ffi/mod.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Command } from "./command.ts";
import { endAtOnce, Program, type ProgramEnd } from "./program.ts";
import { StandardError } from "./standard_error.ts";
import type { AboutSite } from "../../logs/rules.ts";

/** What people should know of programs. */
export type ProgramEvent =
  | { readonly type: "said"; readonly process: number; readonly line: string }
  | { readonly type: "unsaid"; readonly process: number; readonly bytes: number }
  | { readonly type: "ended"; readonly process: number; readonly how: string }
  | { readonly type: "late"; readonly process: number; readonly milliseconds: number }
  | { readonly type: "failed"; readonly reason: string };

/** How programs are run. */
export interface ProgramsOptions {
  /** Unless each time another one is named. */
  readonly command?: Command;
  /** What every one of them finds in its environment: `NAME=value`, each character one byte. */
  readonly environment: readonly string[];
  /** Milliseconds that one may run; without it there is no limit. */
  readonly timeout?: number;
  /** Descriptors that one may open; what this process may unless given. */
  readonly descriptors?: number;
  /** Takes what people should know. */
  readonly report?: (event: ProgramEvent, about: AboutSite | undefined) => void;
}

/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE = 2_000;
/** Milliseconds that a program has to end after the end of its output, before it is taken for whole all the same. */
const LEAVING = 1_000;

/** One run of a program. */
export interface Run {
  /** Lent, as the next one is: the caller closes its own copies. Both above 2. */
  readonly stdin: Descriptor;
  /** May be the same. */
  readonly stdout: Descriptor;
  /** In addition to what all have; `NAME=value`, each character one byte. */
  readonly environment: readonly string[];
  /** The site that it is run for. */
  readonly about: AboutSite;
  /** Another command than that of all. */
  readonly command?: Command | undefined;
}

/** Runs a command again and again, each time for somebody else. */
export class Programs {
  readonly #running = new Set<Program>();
  readonly #environment: StringArray;
  readonly #timeouts: Deadlines | undefined;
  readonly #graces: Deadlines;
  readonly #moments: Deadlines;

  constructor(readonly loop: Loop, readonly options: ProgramsOptions) {
    this.#environment = new StringArray(options.environment);
    this.#timeouts = options.timeout === undefined ? undefined : loop.deadlines.list(options.timeout);
    this.#graces = loop.deadlines.list(GRACE);
    this.#moments = loop.deadlines.list(LEAVING);
  }

  /** How many run. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Starts the program.
   *
   * @param onEnd called once, when the program has ended. Its descendants may go on
   * @returns `-errno` when it cannot be started; that is reported too
   */
  start(run: Run, onEnd?: (end: ProgramEnd) => void): Program | number {
    const { command = this.options.command, about } = run;
    if (command === undefined) throw new TypeError("Cannot run a program that nobody names");
    const started = this.#start(run, command, onEnd);
    if (typeof started === "number") {
      const { message } = new ErrnoError(`Cannot run "${command.name}"`, -started);
      this.options.report?.({ type: "failed", reason: message }, about);
    }
    return started;
  }

  #start(
    { stdin, stdout, environment, about }: Run,
    { path, argv, directory }: Command,
    onEnd: ((end: ProgramEnd) => void) | undefined,
  ): Program | number {
    const { descriptors } = this.options;
    let ends: [Descriptor, Descriptor];
    try {
      ends = pipe();
    } catch (error) {
      if (error instanceof ErrnoError) return -error.errno;
      throw error;
    }
    const [errors, stderr] = ends;
    const envp = new StringArray(environment, this.#environment);
    const process = spawn({
      path,
      argv,
      envp,
      stdin,
      stdout,
      stderr,
      ...directory === undefined ? {} : { directory },
      ...descriptors === undefined ? {} : { descriptors },
    });
    // Frees a number, so that there is one for the descriptor that the process is watched by.
    close(stderr);
    const pidfd = process < 0 ? process : openProcess(process);
    if (pidfd < 0) {
      if (process > 0) endAtOnce(process);
      close(errors);
      return pidfd;
    }
    setNonblocking(errors, true);
    const { report, timeout } = this.options;
    const program = new Program(process, adopt(pidfd), {
      loop: this.loop,
      graces: this.#graces,
      moments: this.#moments,
      standardError: new StandardError(this.loop, errors, {
        said: (line) => report?.({ type: "said", process, line }, about),
        unsaid: (bytes) => report?.({ type: "unsaid", process, bytes }, about),
      }),
      onLate: () => report?.({ type: "late", process, milliseconds: timeout! }, about),
      onEnd: (end) => {
        this.#running.delete(program);
        if (end.how !== undefined && !end.asked) report?.({ type: "ended", process, how: end.how }, about);
        onEnd?.(end);
      },
    });
    this.#running.add(program);
    this.#timeouts?.start(program);
    return program;
  }

  /** Asks all of them to end, and everything in their groups: SIGTERM, and SIGKILL after a while. */
  terminate(): void {
    for (const program of this.#running) program.terminate();
  }

  /** Ends all of them by force. */
  kill(): void {
    for (const program of this.#running) program.kill();
  }

  /** Forgets all of them: nothing watches them, they go on. For the end of a process, and of a test. */
  forget(): void {
    for (const program of this.#running) program.forget();
    this.#running.clear();
  }
}

/** Milliseconds that programs have for their end when this process ends: less than a supervisor waits for it. */
const LAST_GRACE = 500;

/** Ends all programs. @param force without asking first @returns when they are gone, or nothing more can be done */
export async function endOf(programs: Programs, force: boolean): Promise<void> {
  if (force) programs.kill();
  else programs.terminate();
  const start = programs.loop.clock();
  for (let killed = force; programs.running > 0;) {
    const passed = programs.loop.clock() - start;
    if (!killed && passed > LAST_GRACE) {
      killed = true;
      programs.kill();
    }
    // A process that the kernel does not let go of (in an uninterruptible sleep) is not waited for.
    if (passed > 2 * LAST_GRACE) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
