/** The processes of a run: started, watched, and gone at its end, however it ends. */

import { treeOf } from "./cpu.ts";

/** Milliseconds from SIGTERM to SIGKILL. */
const KILL_AFTER = 2_000;
/** Milliseconds that a service may take until it serves. */
const READY_WITHIN = 30_000;
/** Characters of its output that are kept, for the case that something goes wrong. */
const OUTPUT_KEPT = 4_000;

/** A command line. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process of a run. */
class Process {
  output = "";
  readonly pid: number;
  /** Settles when it has ended and its output has been read. */
  readonly ended: Promise<Deno.CommandStatus>;
  over = false;
  readonly #child: Deno.ChildProcess;

  constructor(readonly name: string, { command, args, environment = {} }: Command, readonly keep: number) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      env: { NO_COLOR: "1", ...environment },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    const outputs = [this.#child.stdout, this.#child.stderr].map((stream) => this.#collect(stream));
    this.ended = this.#child.status.then(async (status) => {
      this.over = true;
      await Promise.all(outputs);
      return status;
    });
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.output = (this.output + text).slice(-this.keep);
    }
  }

  signal(signal: Deno.Signal): void {
    try {
      if (!this.over) this.#child.kill(signal);
    } catch {
      // It has just ended by itself.
    }
  }

  /** Asks it to end, and makes it and what it has started end when it takes too long. */
  async stop(patience = KILL_AFTER): Promise<void> {
    const tree = treeOf([this.pid]);
    this.signal("SIGTERM");
    const late = setTimeout(() => this.signal("SIGKILL"), patience);
    await this.#child.status;
    clearTimeout(late);
    // Children of one that had to be killed do not hear of it.
    for (const pid of tree.slice(1)) kill(pid, patience === 0 ? "SIGKILL" : "SIGTERM");
    await gone(tree.slice(1));
    await this.ended;
  }
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  for (let waited = 0; waited < KILL_AFTER; waited += 10) {
    if (treeOf(pids).length === 0) return;
    await pause(10);
  }
  for (const pid of treeOf(pids)) kill(pid, "SIGKILL");
}

/** A short pause. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A program that serves until it is stopped. */
export interface Service {
  readonly name: string;
  readonly pid: number;
  /** What it has written lately. */
  readonly output: string;
  /** Milliseconds from its start until it was ready. */
  readonly readyAfter: number;
  stop(): Promise<void>;
}

/** How one finds out that a service is ready: it listens on a port, or it has written something. */
export type Readiness = { readonly port: number } | { readonly line: RegExp };

/** All processes of a run. */
export class Processes {
  readonly #running = new Set<Process>();
  #ending = false;

  #spawn(name: string, command: Command, keep: number): Process {
    if (this.#ending) throw new Error("The run is being ended");
    const process = new Process(name, command, keep);
    this.#running.add(process);
    void process.ended.then(() => this.#running.delete(process));
    return process;
  }

  /** Starts a service and waits until it is ready. */
  async serve(name: string, command: Command, readiness: Readiness): Promise<Service> {
    const started = performance.now();
    const process = this.#spawn(name, command, OUTPUT_KEPT);
    while (!await isReady(process, readiness)) {
      if (process.over || performance.now() - started > READY_WITHIN) {
        await process.stop();
        throw new Error(`Cannot start ${name}: ${process.output.trim() || "it says nothing"}`);
      }
      await pause(1);
    }
    const readyAfter = performance.now() - started;
    return {
      name,
      pid: process.pid,
      get output() {
        return process.output;
      },
      readyAfter,
      stop: () => process.stop(),
    };
  }

  /**
   * Runs a program that ends by itself.
   *
   * @param options `anyExit`: its exit code says nothing
   * @returns what it wrote
   * @throws {Error} when it fails, or takes too long
   */
  async run(name: string, command: Command, seconds: number, { anyExit = false } = {}): Promise<string> {
    const process = this.#spawn(name, command, Infinity);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.signal("SIGKILL");
    }, seconds * 1_000);
    const status = await process.ended;
    clearTimeout(timer);
    if (late) throw new Error(`${name} took more than ${seconds} s`);
    if (!status.success && !anyExit) {
      const last = process.output.trim().split("\n").slice(-2).join(" ");
      throw new Error(`${name} failed (${status.signal ?? status.code}): ${last}`);
    }
    return process.output;
  }

  /** Ends everything that runs. @param patience milliseconds before it is made to end */
  async stopRunning(patience?: number): Promise<void> {
    await Promise.all([...this.#running].map((process) => process.stop(patience)));
  }

  /** The same for good: nothing can be started any more. */
  async stopAll(patience?: number): Promise<void> {
    this.#ending = true;
    await this.stopRunning(patience);
  }

  /** Whether the run is being ended. */
  get ending(): boolean {
    return this.#ending;
  }
}

async function isReady(process: Process, readiness: Readiness): Promise<boolean> {
  if ("line" in readiness) return readiness.line.test(process.output);
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port: readiness.port })).close();
    return true;
  } catch {
    return false;
  }
}

/** Below the range from which the kernel takes the ports of clients, of which there are many here. */
const FIRST_PORT = 18_000;
const LAST_PORT = 30_000;
let nextPort = FIRST_PORT;

/** A port of this host that nothing listens on. */
export function freePort(): number {
  while (nextPort < LAST_PORT) {
    const port = nextPort++;
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`Cannot find a free port from ${FIRST_PORT} to ${LAST_PORT}`);
}
