/** `fdpass up` and everything below it, watched as processes; and downloads that are under way while it is signalled. */

import assert from "node:assert/strict";
import { childrenOf, commandLine, isRunning } from "../support/proc.ts";
import { fixture, TemporaryDirectory } from "../support/processes.ts";
import { RawClient, seededBytes, sha256 } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const SIZE = 16 << 20;
const CONTENT = seededBytes(SIZE, 8);

/** A directory with a file that is too large for the buffers between a backend and a client that does not read. */
export class Site extends TemporaryDirectory {
  constructor() {
    super();
    this.write("large.bin", CONTENT);
    this.write("small.txt", "small\n");
  }

  /** Where the static backend listens. */
  get socket(): string {
    return this.join("files.sock");
  }

  /** Files, from as many processes, and an app. */
  configuration(workers = 1): object {
    return {
      listen: "127.0.0.1:0",
      sites: [{ names: "files.test", to: "files" }, { to: "app" }],
      backends: {
        files: { socket: this.socket, static: this.path, workers },
        app: { socket: this.join("app.sock"), fetch: fixture("app.ts") },
      },
    };
  }
}

/** A download that is begun: its answer's head is read, and nothing else. */
export class Download {
  private constructor(readonly client: RawClient) {}

  static async begin(port: number): Promise<Download> {
    const client = await RawClient.connect(port);
    await client.write("GET /large.bin HTTP/1.1\r\nHost: files.test\r\nConnection: close\r\n\r\n");
    assert.match(await client.through("\r\n\r\n"), /^HTTP\/1\.1 200 OK/);
    return new Download(client);
  }

  #read: Uint8Array[] = [];

  /** Reads half of it: the backend has to go on for that. */
  async readHalf(): Promise<void> {
    this.#read.push(await this.client.bytes(SIZE / 2));
  }

  /** Reads the rest; it must all be there, and the connection end in good order. */
  async assertCompletes(): Promise<void> {
    this.#read.push(await this.client.rest());
    const received = new Uint8Array(await new Blob(this.#read as Uint8Array<ArrayBuffer>[]).arrayBuffer());
    assert.equal(received.length, SIZE);
    assert.equal(await sha256(received), await sha256(CONTENT));
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

/** All processes below one, children before grandchildren. */
export function descendantsOf(pid: number): number[] {
  const children = childrenOf(pid);
  return [...children, ...children.flatMap(descendantsOf)];
}

/** The child of a process that was started with these words. */
export function childWith(pid: number, ...words: readonly string[]): number {
  const child = childrenOf(pid).find((child) => words.every((word) => commandLine(child).includes(word)));
  assert.ok(child !== undefined, `no child with ${words.join(" ")}`);
  return child;
}

/** Asserts that these processes have ended, now. */
export function assertGone(pids: readonly number[]): void {
  assert.deepEqual(pids.filter(isRunning).map((pid) => commandLine(pid).slice(-8).join(" ")), []);
}

/** Waits until these processes have ended. What does not is killed, and fails the test. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  assert.ok(pids.length > 0);
  try {
    await until(() => pids.every((pid) => !isRunning(pid)), () => {
      return `the end of ${
        pids.filter(isRunning).map((pid) => commandLine(pid).slice(-8).join(" ")).join("; ")
      }`;
    });
  } catch (error) {
    for (const pid of pids.filter(isRunning)) Deno.kill(pid, "SIGKILL");
    throw error;
  }
}
