/** `fdpass demo` as a process, and what it says about a request. */

import type { Facts } from "../../src/demo/facts.ts";
import { Program } from "../support/processes.ts";
import { isRunning } from "../support/proc.ts";
import { PATIENCE, until } from "../support/waiting.ts";

/** A port that was free a moment ago. The demo takes the next one if it is not any more. */
export function portToTry(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A running demo. */
export class Demo extends Program {
  address = "";
  port = 0;

  constructor(port: number) {
    super(["demo", "--port", String(port)], { permissions: ["--allow-all"] });
  }

  /** Starts one and waits until it has said where to look. */
  static async start(port = portToTry()): Promise<Demo> {
    const demo = new Demo(port);
    try {
      const [, address, number] = await demo.line(/^Open (http:\/\/127\.0\.0\.1:(\d+)\/) /m);
      demo.address = address!;
      demo.port = Number(number);
      return demo;
    } catch (error) {
      await demo[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The directory of this run, as its first ready line shows it. */
  async directory(): Promise<string> {
    return (await this.line(/ ready on (\/.*)\/\w+\.sock$/m))[1]!;
  }

  /** Asks for a path; gives up in time. */
  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return await fetch(new URL(path, this.address), { headers, signal: AbortSignal.timeout(PATIENCE) });
  }

  /** What `/whoami` says. */
  async facts(headers: Record<string, string> = {}): Promise<Facts> {
    return await (await this.get("/whoami", headers)).json();
  }
}

/** Waits until none of the processes runs any more. */
export async function untilGone(...processes: readonly number[]): Promise<void> {
  await until(() => !processes.some(isRunning), () => `the end of ${processes.filter(isRunning).join(", ")}`);
}

/** Whether there is something at a path. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A connection to `/live`, whose events are read one by one. */
export class LiveConnection {
  #text = "";
  readonly #decoder = new TextDecoder();
  readonly #buffer = new Uint8Array(65_536);

  private constructor(readonly connection: Deno.TcpConn) {}

  static async open(port: number): Promise<LiveConnection> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const live = new LiveConnection(connection);
    await connection.write(new TextEncoder().encode("GET /live HTTP/1.1\r\nHost: demo\r\n\r\n"));
    return live;
  }

  /** The client's port. */
  get port(): number {
    return this.connection.localAddr.port;
  }

  /** The data of the next event of a name; undefined when the stream ends before that. */
  async next<T>(event: string): Promise<T | undefined> {
    for (;;) {
      const found = new RegExp(`event: ${event}\ndata: (.*)\n\n`).exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found.index + found[0].length);
        return JSON.parse(found[1]!);
      }
      const timer = setTimeout(() => this.connection.close(), PATIENCE);
      const count = await this.connection.read(this.#buffer).finally(() => clearTimeout(timer));
      if (count === null) return undefined;
      this.#text += this.#decoder.decode(this.#buffer.subarray(0, count), { stream: true });
    }
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }
}
