/**
 * What passes through leaves nothing behind: while far more goes through a connection than memory may grow by, the backend
 * and the front stay as large as they are.
 */

import assert from "node:assert/strict";
import { residentMemory } from "../support/proc.ts";
import {
  fixture,
  type FrontProgram,
  type Program,
  startBackend,
  startFront,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const MIB = 1 << 20;
/** How much a backend may grow by, in bytes: what the runtime does not give back at once is in it. */
const ROOM = 32 * MIB;
/**
 * The same for a handler that reads piece by piece. Each piece has memory of its own, as the Fetch standard has it, and V8
 * collects what lies outside its heap after some 64 MiB in each of its generations; `Deno.serve` shows the same.
 */
const GARBAGE = 256 * MIB;
/** The same for a front, which has no part in any of it: its own work for a handful of connections, and statistics. */
const FRONT_ROOM = 2 * MIB;
const VOLUME = 1024 * MIB;

/** A backend and its front, and how far they have grown since. */
class Watch {
  readonly #before: readonly number[];
  readonly #most: number[];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(readonly backend: Program, readonly front: Program) {
    this.#before = this.#look();
    this.#most = [...this.#before];
    this.#timer = setInterval(() => this.#note(), 10);
  }

  #look(): number[] {
    return [residentMemory(this.backend.pid), residentMemory(this.front.pid)];
  }

  #note(): void {
    for (const [index, now] of this.#look().entries()) this.#most[index] = Math.max(this.#most[index]!, now);
  }

  /** Nobody has grown too far at any moment that was looked at. */
  assertFlat(room = ROOM): void {
    this.#note();
    const [backend, front] = this.#most.map((most, index) => most - this.#before[index]!);
    const said = `the backend has grown by ${backend! / MIB} MiB, the front by ${front! / MIB} MiB`;
    assert.ok(backend! < room && front! < FRONT_ROOM, said);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

async function curl(...args: readonly string[]): Promise<string> {
  const command = new Deno.Command("curl", { args: ["-sS", "-m", "60", ...args], stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

async function withVolumes(
  body: (backend: Program, front: FrontProgram, directory: TemporaryDirectory) => Promise<void>,
): Promise<void> {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using backend = await startBackend(socket, { fetch: fixture("volumes.ts") });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  for (let count = 0; count < 20; count++) await get(front.port, "/");
  await body(backend, front, directory);
  await backend.stopCleanly();
  await front.stopCleanly();
}

/** A file of so many zeros that occupies nothing. */
function sparse(directory: TemporaryDirectory, size: number): string {
  const path = directory.write(`zeros-${size}`, "");
  Deno.truncateSync(path, size);
  return path;
}

const UPLOADS = [
  ["1 GiB of counted", VOLUME, []],
  ["512 MiB of chunked", VOLUME / 2, ["-H", "Transfer-Encoding: chunked"]],
] as const;

for (const [what, size, args] of UPLOADS) {
  Deno.test(`${what} content, read slowly into memory of the handler's, leaves memory flat`, () =>
    withVolumes(async (backend, front, directory) => {
      const file = sparse(directory, size);
      using watch = new Watch(backend, front);
      const length = await curl(...args, "-T", file, `http://127.0.0.1:${front.port}/upload`);
      assert.equal(length, String(size));
      watch.assertFlat();
    }));
}

Deno.test("content read in pieces leaves what the runtime collects late, and that has an end", () =>
  withVolumes(async (backend, front, directory) => {
    using watch = new Watch(backend, front);
    const url = `http://127.0.0.1:${front.port}/pieces`;
    assert.equal(await curl("-T", sparse(directory, VOLUME / 2), url), String(VOLUME / 2));
    watch.assertFlat(GARBAGE);
  }));

Deno.test("1 GiB that a handler streams leaves memory flat", () =>
  withVolumes(async (backend, front) => {
    using watch = new Watch(backend, front);
    const url = `http://127.0.0.1:${front.port}/download?amount=${VOLUME}`;
    const format = ["-o", "/dev/null", "-w", "%{size_download}"];
    assert.equal(await curl(...format, url), String(VOLUME));
    watch.assertFlat();
  }));

Deno.test("10,000 events at a slow reader: they are made as they are read, and memory stays flat", () =>
  withVolumes(async (backend, front) => {
    const count = 10_000;
    using watch = new Watch(backend, front);
    using client = await RawClient.connect(front.port);
    await client.write(`GET /events?amount=${count} HTTP/1.1\r\nHost: test\r\n\r\n`);
    await client.through("\r\n\r\n");
    const asked = async () => Number((await get(front.port, "/asked")).text);
    let read = 0;
    const readOne = async () => {
      const text = new TextDecoder().decode(await client.chunk());
      assert.match(text, new RegExp(`^id: ${read}\ndata: x{2000}\n\n$`));
      read++;
    };
    for (const pause of [0, 1_000, 4_000]) {
      while (read < pause) await readOne();
      // The reader stands still, and so do the events, as soon as what lies between is full.
      let before = -1;
      await until(async () => {
        const now = await asked();
        const same = now === before;
        before = now;
        return same;
      }, "the events to stand still");
      assert.ok(before < count, `${before} were made when ${read} had been read`);
    }
    while (read < count) await readOne();
    assert.equal((await client.chunk()).length, 0);
    watch.assertFlat();
  }));
