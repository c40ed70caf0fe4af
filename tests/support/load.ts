/** Load: thousands of clients, a given number at a time, in a process of their own (load_client.ts). */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { libcPath } from "../../ffi/mod.ts";
import type { LoadPlan, LoadResult } from "./load_plan.ts";
import { within } from "./waiting.ts";

const CLIENT = fileURLToPath(new URL("./load_client.ts", import.meta.url));

/** Load that is under way. Its process is gone at the end of its block. */
export class Load {
  /** Clients that have finished, to the nearest hundred, and exactly towards the end. */
  finished = 0;
  readonly #process: Deno.ChildProcess;
  readonly #result: Promise<LoadResult>;
  #over = false;
  readonly #enough = Promise.withResolvers<void>();
  #watchers: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(readonly plan: LoadPlan) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        `--allow-ffi=${libcPath}`,
        CLIENT,
        JSON.stringify({ ...plan, slow: Math.min(plan.slow, 2 ** 31) }),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#result = this.#read();
    this.#result.catch(() => {});
  }

  async #read(): Promise<LoadResult> {
    let result: LoadResult | undefined;
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith("result ")) result = JSON.parse(line.slice(7));
        else if (line === "enough") this.#enough.resolve();
        else this.finished = Number(line.slice(9));
      }
      this.#tell();
    }
    await this.#process.status;
    this.#enough.resolve();
    // It may have been closed before.
    await this.#process.stdin.close().catch(() => {});
    this.#over = true;
    this.finished = result?.total ?? this.finished;
    this.#tell();
    assert.ok(result !== undefined, "the load client ended without a result");
    return result;
  }

  #tell(): void {
    const due = this.#watchers.filter(({ count }) => count <= this.finished);
    this.#watchers = this.#watchers.filter(({ count }) => count > this.finished);
    for (const { resolve } of due) resolve();
  }

  /** The clients' process. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Whether all have finished. */
  get over(): boolean {
    return this.#over;
  }

  /** Lets no more clients come. @returns once there are none but those that have connected by then */
  async enough(): Promise<void> {
    await this.#process.stdin.close();
    await within(this.#enough.promise, "the clients to be told");
  }

  /** Waits until so many clients have finished. */
  async reaches(count: number, milliseconds = 30_000): Promise<void> {
    if (this.finished >= count) return;
    const reached = new Promise<void>((resolve) => this.#watchers.push({ count, resolve }));
    await within(reached, `${count} of ${this.plan.total} clients`, milliseconds);
  }

  /** Waits until all have finished. */
  async result(milliseconds = 60_000): Promise<LoadResult> {
    return await within(this.#result, `${this.plan.total} clients`, milliseconds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) {
      try {
        this.#process.kill("SIGKILL");
      } catch {
        // It has just ended by itself.
      }
    }
    await this.#result.catch(() => {});
  }
}

/** Starts load on a port of this host. */
export function startLoad(port: number, options: Partial<LoadPlan> = {}): Load {
  return new Load({
    port,
    total: 20_000,
    concurrency: 64,
    path: "/",
    host: "test",
    sources: [],
    patience: 20_000,
    firstId: 1,
    slow: Infinity,
    ...options,
  });
}

/** The counts of a load, in a line. */
export function describeLoad(result: LoadResult): string {
  const { total, answered, refused, closed, reset, broken, late, seconds, slowest } = result;
  const failed = Object.entries({ "503": refused, closed, reset, broken, late })
    .map(([name, count]) => `${name} ${count}`).join(", ");
  return `${total} connections, ${answered} answered; ${failed}; ${seconds} s, slowest answer ${slowest} ms`;
}

/** Fails unless every client was answered. */
export function assertAllAnswered(result: LoadResult): void {
  const some = result.unanswered.slice(0, 5).map((entry) => entry.join(" ")).join("; ");
  assert.equal(result.answered, result.total, `${describeLoad(result)}: ${some}`);
}

/** Shows a line of figures in the test's own output, as a step that succeeds. */
export async function tell(test: Deno.TestContext, line: string): Promise<void> {
  await test.step(line, () => {});
}
