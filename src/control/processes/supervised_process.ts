/** A child process that is kept running: started, watched, started again, and ended in good order. */

import { closeOnExec, type Descriptor, expect, keepOnExec, libc, settle } from "../../../ffi/mod.ts";
import { reasonOf } from "../failure.ts";
import { type Log, passOn } from "../log/log.ts";
import { readAnswer } from "../tls/instructions.ts";
import { WITHOUT_MANAGER } from "./notify.ts";

/** Milliseconds that a process is given beyond its own limit for draining before it is killed. */
export const GRACE = 1_000;
/** Milliseconds before a child that ended is started again; each time twice as long, up to the last. */
const RESTART_FIRST = 100;
const RESTART_LAST = 5_000;
/** Milliseconds after which a child counts as one that had started well. */
const STARTED_WELL = 10_000;
const SIGKILL = 9;
/** The line in which our commands say that they are ready. What a handler prints is not taken for it. */
const READY = /^fdpass (?:front|backend .+) ready on /;

/** How a child is started. */
export interface SupervisedProcessOptions {
  /** What messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Written to its standard input, which is closed then; without it there is none. */
  readonly input?: string;
  /** Its instructions at each start: a line on its standard input, which stays open for {@linkcode SupervisedProcess.instruct}. */
  readonly instructions?: () => string;
  /** Stays open in it, under its number. Lent; it closes on exec otherwise. */
  readonly inherits?: Descriptor;
  readonly log: Log;
  /** Keeps the line to itself in which the child says that it is ready. */
  readonly hidesReady?: boolean;
  /**
   * Starts it as the leader of a session, and so of a process group, of its own. Signals to this process's group (Ctrl+C,
   * `kill %1`, timeout(1)) do not reach it then: it ends when this process says so, in the order that this process knows.
   * And {@linkcode SupervisedProcess.kill} can end all that it has started along with it.
   */
  readonly ownGroup?: boolean;
  /** Milliseconds from SIGTERM to SIGKILL. */
  readonly killAfter: number;
  /** One that ends before it is ready, however that may be, is not started again. */
  readonly attempt?: boolean;
}

/** One child process. Its lines on standard output are passed on; its standard error is ours. */
export class SupervisedProcess {
  /** Settles when the child has said that it is ready, for the first time; rejects when it ends before that. */
  readonly ready: Promise<void>;
  /** Milliseconds from SIGTERM to SIGKILL. */
  killAfter: number;
  readonly #ready = Promise.withResolvers<void>();
  #instructions: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;
  /** Who waits for answers to instructions, in order. */
  #answers: ((refusal: string | undefined) => void)[] = [];
  #process: Deno.ChildProcess | undefined;
  #stopping = false;
  /** Another process is to take over from it: it may end by itself. */
  #leaves = false;
  #delay = RESTART_FIRST;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #ended: Promise<void> = Promise.resolve();
  #wasReady = false;
  /** Whether the process that runs now has said that it is ready: before that it knows no signals, and would end by one. */
  #isReady = false;
  /** It was to open its logs anew before it was ready: it may have opened what has been moved away since. */
  #reopens = false;

  constructor(readonly options: SupervisedProcessOptions) {
    this.killAfter = options.killAfter;
    this.ready = this.#ready.promise;
    // Whoever does not wait for it must not be told of its failure as unhandled.
    this.ready.catch(() => {});
    this.#start();
  }

  /** The process number, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  #start(): void {
    const { command, args, input, instructions, inherits, ownGroup = false } = this.options;
    const started = performance.now();
    if (inherits !== undefined) expect(keepOnExec(inherits), "Cannot pass a descriptor on");
    let process: Deno.ChildProcess;
    try {
      // Nothing else is started in between.
      process = new Deno.Command(command, {
        args: [...args],
        env: WITHOUT_MANAGER,
        detached: ownGroup,
        stdin: input === undefined && instructions === undefined ? "null" : "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
    } finally {
      if (inherits !== undefined) closeOnExec(inherits);
    }
    this.#process = process;
    this.#isReady = this.#reopens = false;
    if (input !== undefined) void this.#feed(process, input);
    if (instructions !== undefined) {
      this.#instructions = process.stdin.getWriter();
      this.#say(instructions());
    }
    this.#ended = Promise.all([this.#readLines(process), process.status]).then(([, status]) => {
      this.#process = undefined;
      // Whoever comes after it begins with what it was told last.
      for (const answer of this.#answers.splice(0)) answer(undefined);
      this.#endedWith(status, performance.now() - started);
    });
  }

  #say(line: string): void {
    // It ended before it read everything: its exit says so.
    this.#instructions?.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  }

  /**
   * Gives it new instructions. One that does not run begins with them.
   *
   * @returns when it goes by them
   * @throws {Error} when it refuses: why
   */
  async instruct(line: string): Promise<void> {
    if (this.#process === undefined) return;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#answers.push(resolve);
    this.#say(line);
    const refusal = await promise;
    if (refusal !== undefined) throw new Error(refusal);
  }

  async #feed(process: Deno.ChildProcess, input: string): Promise<void> {
    const writer = process.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode(input));
      await writer.close();
    } catch {
      // It ended before it read everything: its exit says so.
    }
  }

  /** Passes on what it prints, line by line. */
  async #readLines(process: Deno.ChildProcess): Promise<void> {
    let rest = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (READY.test(line)) {
          this.#wasReady = this.#isReady = true;
          if (this.#reopens) this.signal("SIGUSR2");
          this.#ready.resolve();
          if (this.options.hidesReady) continue;
        }
        const answer = this.#answers.length > 0 ? readAnswer(line) : undefined;
        if (answer === undefined) passOn(line);
        else this.#answers.shift()!(answer.refusal);
      }
    }
    if (rest !== "") passOn(rest);
  }

  #endedWith(status: Deno.CommandStatus, lived: number): void {
    const { name } = this.options;
    if (this.#stopping) {
      this.#ready.reject(new Error(`${name} was stopped before it was ready`));
      return;
    }
    if (this.#leaves) return;
    if (!this.#wasReady && (status.signal === null || this.options.attempt)) {
      // It cannot start as it is configured, and has said why: better seen now than tried for ever.
      this.#ready.reject(new Error(`${name} cannot start`));
      return;
    }
    // Not for its exit code alone: one that ends at once, and well, would be started without end.
    if (lived > STARTED_WELL) this.#delay = RESTART_FIRST;
    this.#startAgain(status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`);
  }

  #startAgain(how: string): void {
    const { name, log } = this.options;
    log.warn("process-ended", "{name} ended ({how}); starting it again in {delay} ms", {
      name,
      how,
      delay: this.#delay,
    });
    this.#restart = setTimeout(() => {
      try {
        this.#start();
      } catch (error) {
        // No process or descriptor to be had at the moment: not a reason to end what else runs.
        this.#startAgain(reasonOf(error));
      }
    }, this.#delay);
    this.#delay = Math.min(this.#delay * 2, RESTART_LAST);
  }

  /** Whether it may end by itself, since another process takes over. Where that comes to nothing, it is to run again. */
  set leaves(on: boolean) {
    this.#leaves = on;
    if (!on && this.#process === undefined && !this.#stopping) this.#startAgain("it had made room");
  }

  /** Sends a signal, if it runs. */
  signal(signal: Deno.Signal): void {
    try {
      this.#process?.kill(signal);
    } catch (error) {
      // Between its end and our hearing of it there is nobody to signal.
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
    }
  }

  /** Has it open its logs anew, now or when it is ready. The signal is that of signals.ts. */
  reopen(): void {
    if (this.#isReady) this.signal("SIGUSR2");
    else this.#reopens = true;
  }

  /** Ends it at once and by force; with a group of its own, everything in that. It is not started again. */
  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#restart);
    // Deno.kill() would take the permission to run every program there is.
    if (this.options.ownGroup && this.pid !== undefined) settle(libc.kill(-this.pid, SIGKILL));
    else this.signal("SIGKILL");
  }

  /** Asks it to end, and makes it end when it takes too long. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    this.signal("SIGTERM");
    const late = setTimeout(() => {
      this.options.log.warn("process-killed", "{name} does not end; killing it", { name: this.options.name });
      this.kill();
    }, this.killAfter);
    await this.#ended;
    clearTimeout(late);
  }
}
