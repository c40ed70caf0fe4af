/** The receivers in examples/ as programs: what each needs, how it is made and run, and what it answers. */

import { fileURLToPath } from "node:url";
import { close, connectUnix, encodeUnixAddress, SOCK_SEQPACKET, unixSocket } from "../../ffi/mod.ts";
import { childrenOf, isRunning, threadStates } from "../support/proc.ts";
import { ALLOW_LIBC, QUIET } from "../support/processes.ts";
import { PATIENCE, until, within } from "../support/waiting.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

/** One of the examples. */
export interface Receiver {
  readonly name: string;
  /** What it calls itself in its answers. */
  readonly calls: string;
  /** Programs that have to be there, each as a command that succeeds then. */
  readonly needs: readonly (readonly string[])[];
  /** Makes the program, where it has to be made. */
  readonly make?: (program: string) => readonly string[];
  /** Runs it; the socket's path is added. */
  readonly run: (program: string) => readonly string[];
  /** What stands behind the socket's path. */
  readonly more?: readonly string[];
  /** It answers what the front has seen, and waits for no client. */
  readonly neverWaits?: true;
  /** It keeps a connection for further requests, where the hand-off's scope allows that. */
  readonly keeps?: true;
}

const PYTHON = ["python3", "--version"];

/** The one that has fdpass as a library. */
export const LIBRARY: Receiver = {
  name: "Deno, with the library",
  calls: "Deno",
  needs: [],
  run: () => [Deno.execPath(), "run", "--quiet", "--no-prompt", ALLOW_LIBC, `${EXAMPLES}deno/backend.ts`],
  keeps: true,
};

/** Every receiver. */
export const RECEIVERS: readonly Receiver[] = [
  {
    name: "Python with threads",
    calls: "Python",
    needs: [PYTHON],
    run: () => ["python3", `${EXAMPLES}python/threaded_backend.py`],
  },
  {
    name: "Python with asyncio",
    calls: "asyncio",
    needs: [PYTHON],
    run: () => ["python3", `${EXAMPLES}python/asyncio_backend.py`],
  },
  {
    name: "Node, through Python",
    calls: "Node",
    needs: [PYTHON, ["node", "--version"]],
    run: () => ["python3", `${EXAMPLES}python/node_backend.py`],
    more: [`${EXAMPLES}node/backend.mjs`],
  },
  {
    name: "Go",
    calls: "Go",
    needs: [["go", "version"]],
    make: (program) => ["go", "build", "-o", program, `${EXAMPLES}go/backend.go`],
    run: (program) => [program],
  },
  {
    name: "C",
    calls: "C",
    needs: [["cc", "--version"]],
    make: (program) => ["cc", "-o", program, `${EXAMPLES}c/backend.c`],
    run: (program) => [program],
    neverWaits: true,
  },
  LIBRARY,
];

/** What a receiver needs and this machine lacks; undefined when it has everything. */
export function missing({ needs }: Receiver): string | undefined {
  for (const [program, ...args] of needs) {
    try {
      const { success } = new Deno.Command(program!, { args, stdout: "null", stderr: "null" }).outputSync();
      if (!success) return `${program} does not work`;
    } catch {
      return `there is no ${program}`;
    }
  }
  return undefined;
}

function programIn(directory: string): string {
  return `${directory}/receiver`;
}

/** Makes a receiver's program, where it has to be made. @param directory for the program */
export async function make(receiver: Receiver, directory: string): Promise<void> {
  if (receiver.make === undefined) return;
  const [command, ...args] = receiver.make(programIn(directory));
  const { success, stderr } = await new Deno.Command(command!, { args, stdout: "null" }).output();
  if (!success) throw new Error(`Cannot make it: ${new TextDecoder().decode(stderr)}`);
}

/** A running receiver. Killed at the end of its block if it has not ended by then. */
export class ReceiverProcess {
  readonly #process: Deno.ChildProcess;
  readonly #said: Promise<string>;

  private constructor(command: readonly string[]) {
    const [program, ...args] = command;
    this.#process = new Deno.Command(program!, {
      args,
      env: { ...QUIET },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#said = new Response(this.#process.stderr).text();
  }

  /** Starts a receiver that has been made, and waits until it listens. @param directory for its socket */
  static async start(receiver: Receiver, directory: string): Promise<ReceiverProcess> {
    const socket = `${directory}/receiver.sock`;
    const started = new ReceiverProcess([
      ...receiver.run(programIn(directory)),
      socket,
      ...receiver.more ?? [],
    ]);
    try {
      await until(() => isListening(socket), "the receiver to listen");
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw new Error(`It does not start: ${await started.#said}`, { cause: error });
    }
  }

  /** The process that receives. */
  get pid(): number {
    return this.#process.pid;
  }

  /** That one, and those that it has started. */
  get pids(): number[] {
    return [this.pid, ...childrenOf(this.pid)];
  }

  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Stops all of its threads; `signal("SIGCONT")` lets them go on. */
  async halt(): Promise<void> {
    this.signal("SIGSTOP");
    await until(() => threadStates(this.pid).every((state) => state === "T"), "the receiver to stand still");
  }

  /** Waits for its end. */
  async end(): Promise<{ readonly code: number; readonly said: string }> {
    const { code } = await within(this.#process.status, "the end of the receiver", PATIENCE);
    return { code, said: await this.#said };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isRunning(this.pid)) this.signal("SIGKILL");
    await this.#process.status;
    await this.#said;
  }
}

/** Whether somebody listens at a path. Who does sees a front that comes and goes. */
export function isListening(path: string): boolean {
  const fd = unixSocket(SOCK_SEQPACKET);
  try {
    return connectUnix(fd, encodeUnixAddress(path)) === 0;
  } finally {
    close(fd);
  }
}
