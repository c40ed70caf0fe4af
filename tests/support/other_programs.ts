/** Programs that nobody here wrote: started for a test, and gone at the end of its block. */

import { PATIENCE, until, within } from "./waiting.ts";

/** A program and what it writes. Killed at the end of its block, and waited for. */
export class OtherProgram {
  output = "";
  readonly #process: Deno.ChildProcess;
  readonly #over: Promise<unknown>;
  #ended = false;
  /** It has ended, and everything that it has written is here. */
  #said = false;

  constructor(command: string, args: readonly string[]) {
    this.#process = new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const outputs = [this.#process.stdout, this.#process.stderr].map((stream) => this.#collect(stream));
    this.#over = this.#process.status.then(() => this.#ended = true).then(() => Promise.all(outputs))
      .then(() => this.#said = true);
  }

  get pid(): number {
    return this.#process.pid;
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (
      const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    ) {
      this.output += text;
    }
  }

  /** Waits until it has written something, or until something else is to be seen. */
  async until(look: RegExp | (() => boolean | Promise<boolean>), what: string): Promise<void> {
    await until(async () => {
      if (look instanceof RegExp ? look.test(this.output) : await look()) return true;
      if (this.#said) throw new Error(`It ended while ${what} was waited for:\n${this.output}`);
      return false;
    }, () => `${what}:\n${this.output}`);
  }

  /** Ends it, and waits until it has ended. */
  async kill(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    if (!this.#ended) {
      try {
        this.#process.kill(signal);
      } catch {
        // It has just ended by itself.
      }
    }
    await within(this.#over, "the end of a program", PATIENCE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Whether a program is installed: whether it can be started with these arguments, and ends well. */
export function isInstalled(command: string, ...args: readonly string[]): boolean {
  try {
    return new Deno.Command(command, { args: [...args], stdin: "null", stdout: "null", stderr: "null" })
      .outputSync()
      .success;
  } catch {
    return false;
  }
}
