/** Threads of other processes that hang. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const HOLD = fileURLToPath(new URL("./hold_thread.py", import.meta.url));

/** Holds a thread until the end of its block, as if it hung. */
export class Held implements AsyncDisposable {
  private constructor(readonly child: Deno.ChildProcess) {}

  static async hold(thread: number): Promise<Held> {
    const child = new Deno.Command("python3", {
      args: [HOLD, String(thread)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const held = new Held(child);
    const reader = child.stdout.getReader();
    const said = new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    if (said === "held\n") return held;
    // Nobody else would let the thread go, and a process of which one is held never ends.
    await held[Symbol.asyncDispose]();
    return assert.fail(`said ${JSON.stringify(said)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stdin.close();
    await this.child.status;
  }
}
