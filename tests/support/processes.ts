/**
 * The program as its users run it: `cli.ts` in processes of its own, with the permissions that the documentation
 * names and no more. Every wait here ends, and every process that was started is gone at the end of its block.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { libcPath } from "../../ffi/mod.ts";
import { Output } from "./output.ts";
import { PATIENCE, until, within } from "./waiting.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = `${ROOT}cli.ts`;

/** The one permission that everything needs. */
export const ALLOW_LIBC: string = `--allow-ffi=${libcPath}`;
/** What a front needs: its Worker reads its modules with its own permissions. */
export const FRONT_PERMISSIONS: readonly string[] = [ALLOW_LIBC, `--allow-read=${ROOT}src,${ROOT}ffi`];
/** What a static backend needs: its files are opened by libc. */
export const STATIC_PERMISSIONS: readonly string[] = [ALLOW_LIBC];

/**
 * For processes of Deno that are looked at: half a second after its start it would ask the network for a newer version, and
 * have a socket open for as long as nobody answers.
 */
export const QUIET: Readonly<Record<string, string>> = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

/** What is said by a process that ends because its time for draining is over, or by one that ends another for that. */
export const OVERDUE = /to an end in time|does not end; killing it/;

/** The path of a file in tests/e2e/fixtures. */
export function fixture(name: string): string {
  return `${ROOT}tests/e2e/fixtures/${name}`;
}

/** A directory that is removed at the end of its block: `using directory = new TemporaryDirectory()`. */
export class TemporaryDirectory {
  readonly path: string = Deno.makeTempDirSync({ prefix: "fdpass-e2e-" });

  /** The path of something in it. */
  join(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Writes a file into it; returns its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = this.join(name);
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** How a program is started. */
export interface StartOptions {
  /** Permission flags of `deno run`. */
  readonly permissions: readonly string[];
  /** Written to its standard input, which ends then; without it there is none. */
  readonly input?: string;
  readonly directory?: string;
  /** A command that runs the program instead of being it: `["prlimit", "--nofile=64"]`. */
  readonly through?: readonly string[];
  /** Besides this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Another module than `cli.ts`. */
  readonly program?: string;
  /** Another Deno and another copy of this project, which arguments that lie in this one mean then. */
  readonly installation?: { readonly deno: string; readonly root: string };
}

/** How a program ended. */
export interface Ending {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from the request to end, or from the start, to the end. */
  readonly milliseconds: number;
}

/** A running `fdpass`. Killed at the end of its block if it has not ended by then. */
export class Program {
  stdout = "";
  stderr = "";
  /** Settles at its end. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #process: Deno.ChildProcess;
  readonly #started = performance.now();
  /** It has ended. */
  #over = false;
  /** And everything that it has written is here. */
  #said = false;

  constructor(args: readonly string[], options: StartOptions) {
    const { input, directory, program = PROGRAM, through = [] } = options;
    const { deno, root } = options.installation ?? { deno: Deno.execPath(), root: ROOT };
    const [command, ...rest] = [...through, deno];
    const words = ["run", "--quiet", "--no-prompt", ...options.permissions, program, ...args];
    this.#process = new Deno.Command(command!, {
      args: [...rest, ...words.map((word) => word.replaceAll(ROOT, root))],
      env: { ...QUIET, ...options.environment },
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      ...directory === undefined ? {} : { cwd: directory },
    }).spawn();
    if (input !== undefined) void this.#feed(input);
    const outputs = [
      new Output(this.#process.stdout, (text) => this.stdout += text),
      new Output(this.#process.stderr, (text) => this.stderr += text),
    ];
    this.ended = this.#process.status.then(async (status) => {
      this.#over = true;
      await Promise.all(outputs.map((output) => output.end()));
      this.#said = true;
      return status;
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  async #feed(text: string): Promise<void> {
    try {
      const writer = this.#process.stdin.getWriter();
      await writer.write(new TextEncoder().encode(text));
      await writer.close();
    } catch {
      // It ended without reading it; its exit code tells.
    }
  }

  /** Waits for a line on standard output. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#appears(() => this.stdout, pattern, "standard output");
  }

  /** Waits for a message on standard error. */
  message(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#appears(() => this.stderr, pattern, "standard error");
  }

  #appears(text: () => string, pattern: RegExp, where: string): Promise<RegExpExecArray> {
    return until(() => {
      const found = pattern.exec(text());
      if (found !== null) return found;
      if (this.#said) throw new Error(`It ended before it wrote ${pattern} to ${where}:\n${this.#output()}`);
      return undefined;
    }, () => `${pattern} on ${where}:\n${this.#output()}`);
  }

  #output(): string {
    return `${this.stdout}${this.stderr}`;
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits for its end. @param since the moment that its time is counted from; its start unless given */
  async end(since = this.#started, milliseconds = PATIENCE): Promise<Ending> {
    const status = await within(this.ended, "the end of a process", milliseconds).catch((error) => {
      throw new Error(`${error.message}\n${this.#output()}`);
    });
    const { stdout, stderr } = this;
    const { code, signal } = status;
    return { code, signal, stdout, stderr, milliseconds: performance.now() - since };
  }

  /** Asks it to end, and waits until it has. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Ending> {
    const asked = performance.now();
    this.signal(signal);
    return await this.end(asked);
  }

  /**
   * The same for a program that has nothing under way: it ends with exit code 0 and no complaint, and by itself, not
   * because its time for draining is over.
   */
  async stopCleanly(): Promise<void> {
    const { code, stderr } = await this.stop();
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /\b(fatal|panicked|Uncaught)\b/);
    assert.doesNotMatch(stderr, OVERDUE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) {
      try {
        this.signal("SIGKILL");
      } catch {
        // It has just ended by itself.
      }
    }
    await this.ended;
  }
}

/** Runs a command that ends by itself. */
export async function runProgram(
  args: readonly string[],
  options: Partial<StartOptions> = {},
): Promise<Ending> {
  await using program = new Program(args, { permissions: FRONT_PERMISSIONS, ...options });
  return await program.end();
}

/** A front, and the ports that it listens on in the order of its configuration. */
export class FrontProgram extends Program {
  ports: number[] = [];

  /** The first of them. */
  get port(): number {
    return this.ports[0]!;
  }
}

/**
 * Limits beyond the patience of a test: a process that has to wait for its turn on a busy machine is not taken for one that
 * hangs, or for a client or a backend that is away. A test that is about one of them says another.
 */
export const PATIENT = {
  headTimeout: "2m",
  acknowledgeTimeout: "2m",
  queueTimeout: "2m",
  keepAliveTimeout: "10m",
  drainTimeout: "2m",
} as const;

function configurationText(configuration: object | string): string {
  return typeof configuration === "string" ? configuration : JSON.stringify({ ...PATIENT, ...configuration });
}

const READY = /^fdpass front ready on (.+)$/m;

function portsIn(addresses: string): number[] {
  return addresses.split(", ").map((address) => Number(address.slice(address.lastIndexOf(":") + 1)));
}

/** Starts a front with a configuration on its standard input, {@linkcode PATIENT} if not text, and waits until it is ready. */
export async function startFront(
  configuration: object | string,
  options: { readonly args?: readonly string[] } = {},
): Promise<FrontProgram> {
  const input = configurationText(configuration);
  const front = new FrontProgram(["front", "-", ...options.args ?? []], {
    permissions: FRONT_PERMISSIONS,
    input,
  });
  return await whenReady(front);
}

/** Starts a front with the path of a configuration, which it may read, and waits until it is ready. */
export async function startFrontFrom(path: string): Promise<FrontProgram> {
  const permissions = [ALLOW_LIBC, `--allow-read=${ROOT}src,${ROOT}ffi,${path}`];
  return await whenReady(new FrontProgram(["front", path], { permissions }));
}

/** Starts everything that a configuration declares, and waits until the front is ready. */
export async function startUp(configuration: object | string): Promise<FrontProgram> {
  const input = configurationText(configuration);
  return await whenReady(new FrontProgram(["up", "-"], { permissions: ["--allow-all"], input }));
}

/** The same with the path of a configuration. */
export async function startUpFrom(path: string): Promise<FrontProgram> {
  return await whenReady(new FrontProgram(["up", path], { permissions: ["--allow-all"] }));
}

/** Waits until a front is ready; it is ended if it does not get so far. */
export async function whenReady(front: FrontProgram): Promise<FrontProgram> {
  try {
    front.ports = portsIn((await front.line(READY))[1]!);
    return front;
  } catch (error) {
    await front[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts a backend at a socket, and waits until it is ready. */
export async function startBackend(
  socket: string,
  kind: { readonly static: string } | { readonly fetch: string },
  args: readonly string[] = [],
): Promise<Program> {
  const common = ["backend", "--socket", socket, "--drain-timeout", PATIENT.drainTimeout, ...args];
  const backend = "static" in kind
    ? new Program([...common, "--static", kind.static], { permissions: STATIC_PERMISSIONS })
    : new Program([...common, "--fetch", kind.fetch], {
      permissions: [ALLOW_LIBC, `--allow-read=${kind.fetch}`],
    });
  try {
    await backend.line(/^fdpass backend \S+ ready on /m);
    return backend;
  } catch (error) {
    await backend[Symbol.asyncDispose]();
    throw error;
  }
}
