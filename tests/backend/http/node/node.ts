/** Node's HTTP server in a process of its own, asked what it makes of bytes. */

import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { within } from "../../../support/waiting.ts";

/** A request as Node has read it. */
export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, as `rawHeaders` has them. */
  readonly fields: readonly string[];
  readonly content: string;
}

/** What Node has made of a connection's bytes. */
export interface NodeOutcome {
  /** The requests that were whole. */
  readonly requests: readonly NodeRequest[];
  /** Its code for what was wrong behind them; empty if nothing was. */
  readonly error: string;
}

/** The major version of the Node that is installed; 0 where none is. */
export const NODE_VERSION: number = versionOfNode();

function versionOfNode(): number {
  const { status, stdout } = spawnSync("node", ["--version"], { encoding: "utf8" });
  return status === 0 ? Number(/^v(\d+)/.exec(stdout)?.[1]) : 0;
}

/** Why there is no comparing with Node here, if there is not. */
export function noNode(): string | undefined {
  if (NODE_VERSION === 0) return "node is not installed";
  return NODE_VERSION >= 20 ? undefined : "node is older than 20";
}

/** The server. Ended, and waited for, at the end of its block. */
export class Node {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #outcomes = new Map<number, PromiseWithResolvers<NodeOutcome>>();
  readonly #listening = Promise.withResolvers<number>();
  readonly #ended: Promise<unknown>;

  constructor() {
    const program = fileURLToPath(import.meta.resolve("./server.mjs"));
    this.#process = spawn("node", [program], { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = new Promise((resolve) => this.#process.on("exit", resolve));
    createInterface({ input: this.#process.stdout }).on("line", (line) => {
      const { listening, port, ...outcome } = JSON.parse(line);
      if (listening !== undefined) this.#listening.resolve(listening);
      else this.#of(port).resolve(outcome);
    });
  }

  #of(port: number): PromiseWithResolvers<NodeOutcome> {
    let outcome = this.#outcomes.get(port);
    if (outcome === undefined) this.#outcomes.set(port, outcome = Promise.withResolvers());
    return outcome;
  }

  /** Sends the bytes on a connection of their own, and ends it. */
  async read(bytes: Uint8Array): Promise<NodeOutcome> {
    const port = await within(this.#listening.promise, "Node's server");
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const { port: own } = connection.localAddr as Deno.NetAddr;
    try {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      await connection.closeWrite();
      const drain = new Uint8Array(65_536);
      while (await connection.read(drain) !== null);
    } catch {
      // It has closed without reading all of it.
    }
    const outcome = await within(this.#of(own).promise, "what Node has read");
    this.#outcomes.delete(own);
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    await within(this.#ended, "Node's end");
  }
}
