/** A child process that is kept running: started, watched, started again, and ended in good order. */

import type { Logger } from "@logtape/logtape";
import { print } from "./log.ts";

/** Milliseconds before a child that ended is started again; each time twice as long, up to the last. */
const RESTART_FIRST = 100;
const RESTART_LAST = 5_000;
/** Milliseconds after which a child counts as one that had started well. */
const STARTED_WELL = 10_000;

/** How a child is started. */
export interface ChildOptions {
  /** What messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Written to its standard input, which is closed then; without it there is none. */
  readonly input?: string;
  readonly log: Logger;
  /** Keeps the line to itself in which the child says that it is ready. */
  readonly hidesReady?: boolean;
  /** Milliseconds from SIGTERM to SIGKILL. */
  readonly killAfter: number;
}

/** One child process. Its lines on standard output are passed on; its standard error is ours. */
export class Child {
  /** Settles when the child has said that it is ready, for the first time; rejects when it ends before that. */
  readonly ready: Promise<void>;
  readonly #ready = Promise.withResolvers<void>();
  #process: Deno.ChildProcess | undefined;
  #stopping = false;
  #delay = RESTART_FIRST;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #ended: Promise<void> = Promise.resolve();
  #wasReady = false;

  constructor(readonly options: ChildOptions) {
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
    const { command, args, input } = this.options;
    const started = performance.now();
    const process = new Deno.Command(command, {
      args: [...args],
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#process = process;
    if (input !== undefined) void this.#feed(process, input);
    this.#ended = Promise.all([this.#passOn(process), process.status]).then(([, status]) => {
      this.#process = undefined;
      this.#endedWith(status, performance.now() - started);
    });
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
  async #passOn(process: Deno.ChildProcess): Promise<void> {
    let rest = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (/ ready on /.test(line)) {
          this.#wasReady = true;
          this.#ready.resolve();
          if (this.options.hidesReady) continue;
        }
        print(line);
      }
    }
    if (rest !== "") print(rest);
  }

  #endedWith(status: Deno.CommandStatus, lived: number): void {
    const how = status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`;
    if (this.#stopping) return;
    if (!this.#wasReady && status.signal === null) {
      // It cannot start as it is configured, and has said why: better seen now than tried for ever.
      this.#ready.reject(new Error(`${this.options.name} cannot start`));
      return;
    }
    // One that was asked to end, by somebody else, has done nothing wrong.
    if (lived > STARTED_WELL || status.code === 0) this.#delay = RESTART_FIRST;
    this.options.log.warn("{name} ended ({how}); starting it again in {delay} ms", {
      name: this.options.name,
      how,
      delay: this.#delay,
    });
    this.#restart = setTimeout(() => this.#start(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, RESTART_LAST);
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

  /** Asks it to end, and makes it end when it takes too long. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    this.signal("SIGTERM");
    const late = setTimeout(() => {
      this.options.log.warn("{name} does not end; killing it", { name: this.options.name });
      this.signal("SIGKILL");
    }, this.options.killAfter);
    await this.#ended;
    clearTimeout(late);
  }
}
