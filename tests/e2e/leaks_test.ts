/** Thousands of hand-offs leave nothing behind. */

import assert from "node:assert/strict";
import { DescriptorTables, residentMemory } from "../support/proc.ts";
import { startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";
import { within } from "../support/waiting.ts";

const COUNT = 5_000;
const TOGETHER = 32;
const REQUEST = new TextEncoder().encode("GET /small.txt HTTP/1.0\r\n\r\n");

Deno.test("5,000 hand-offs leave the descriptors of both processes as they were", async () => {
  using directory = new TemporaryDirectory();
  directory.write("small.txt", "small\n");
  const socket = `${directory.path}.sock`;
  await using backend = await startBackend(socket, { static: directory.path });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  await get(front.port, "/small.txt");
  const tables = await DescriptorTables.of(front.pid, backend.pid);

  await many(front.port, COUNT / 5);
  const memory = { front: residentMemory(front.pid), backend: residentMemory(backend.pid) };
  await many(front.port, COUNT - COUNT / 5);

  await tables.untilRestored();
  const grown = (residentMemory(front.pid) - memory.front) >> 20;
  assert.ok(grown < 24, `the front has grown by ${grown} MiB`);
  const backendGrown = (residentMemory(backend.pid) - memory.backend) >> 20;
  assert.ok(backendGrown < 48, `the backend has grown by ${backendGrown} MiB`);
  await backend.stopCleanly();
  await front.stopCleanly();
});

async function many(port: number, count: number): Promise<void> {
  let left = count;
  const one = async () => {
    const bytes = new Uint8Array(1_024);
    while (left-- > 0) {
      using connection = await Deno.connect({ port, hostname: "127.0.0.1" });
      await connection.write(REQUEST);
      let length = 0;
      for (
        let read = await connection.read(bytes);
        read !== null;
        read = await connection.read(bytes.subarray(length))
      ) {
        length += read;
      }
      const text = new TextDecoder().decode(bytes.subarray(0, length));
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nsmall\n$/);
    }
  };
  await within(Promise.all(Array.from({ length: TOGETHER }, one)), `${count} answers`, 30_000);
}
