/** A long response: the front has nothing to do with it. */

import assert from "node:assert/strict";
import {
  acceptedSocket,
  bytesMoved,
  DescriptorTables,
  processorTime,
  residentMemory,
  socketsOf,
  untilStopped,
} from "../support/proc.ts";
import { startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient, seededBytes, sha256 } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const MEBIBYTE = 1 << 20;
const SIZE = 64 * MEBIBYTE;

Deno.test("a download of 64 MiB", async (t) => {
  using directory = new TemporaryDirectory();
  const content = seededBytes(SIZE, 4711);
  const hash = await sha256(content);
  const file = directory.write("large.bin", content);
  const socket = `${directory.path}.sock`;
  await using backend = await startBackend(socket, { static: directory.path });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  assert.equal((await get(front.port, "/none")).status, 404);
  const tables = await DescriptorTables.of(front.pid, backend.pid);

  await t.step("arrives whole while the front holds nothing of it and is not even running", async () => {
    const moved = bytesMoved(front.pid);
    const memory = residentMemory(backend.pid);
    using client = await RawClient.connect(front.port);
    await client.write("GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    const head = await client.through("\r\n\r\n");
    assert.match(head, new RegExp(`^HTTP/1\\.1 200 OK\r\n[^]*Content-Length: ${SIZE}\r\n`));

    const look = () => acceptedSocket(front.port, client.address.port);
    const inode = await until(() => (look() ?? 0) > 0 && look(), "the kernel to know the connection");
    await until(() => !socketsOf(front.pid).has(inode), "the front to close its copy");
    assert.ok(socketsOf(backend.pid).has(inode), "the backend holds the client's own socket");

    front.signal("SIGSTOP");
    await untilStopped(front.pid);
    const ticks = processorTime(front.pid);
    try {
      const received = new Uint8Array(SIZE);
      for (let at = 0; at < SIZE; at += MEBIBYTE) received.set(await client.bytes(MEBIBYTE), at);
      assert.equal(await sha256(received), hash);
    } finally {
      front.signal("SIGCONT");
    }
    assert.ok(processorTime(front.pid) - ticks <= 1, "a stopped process uses no time");
    // What Deno itself reads and writes, for its caches, is a fraction of this.
    const after = bytesMoved(front.pid);
    assert.ok(after.read - moved.read < MEBIBYTE, `the front has read ${after.read - moved.read} bytes`);
    assert.ok(
      after.written - moved.written < MEBIBYTE,
      `the front wrote ${after.written - moved.written} bytes`,
    );
    const grown = residentMemory(backend.pid) - memory;
    assert.ok(grown < 16 * MEBIBYTE, `the backend has grown by ${grown} bytes`);
  });

  await t.step("leaves the connection open for the next request", async () => {
    directory.write("medium.bin", content.subarray(0, MEBIBYTE));
    using client = await RawClient.connect(front.port);
    for (let count = 0; count < 3; count++) {
      assert.equal((await client.get("/medium.bin")).body.length, MEBIBYTE);
    }
    assert.equal((await client.get("/none")).status, 404);
  });

  await t.step("that the client breaks off leaves nothing behind", async () => {
    using client = await RawClient.connect(front.port);
    await client.write("GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    await client.bytes(100_000);
    client.close();
    await tables.untilRestored();
  });

  await t.step("arrives whole at curl, two at a time", async () => {
    const url = `http://127.0.0.1:${front.port}/large.bin`;
    const outputs = await Promise.all([1, 2].map(async (number) => {
      const target = `${directory.path}/.${number}`;
      const curl = new Deno.Command("curl", {
        args: ["-sS", "-m", "20", "-o", target, url],
        stderr: "piped",
      });
      const { code, stderr } = await curl.output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      return await sha256(await Deno.readFile(target));
    }));
    assert.deepEqual(outputs, [hash, hash]);
  });

  await t.step("that becomes shorter on the way breaks off, and is not taken for whole", async () => {
    using client = await RawClient.connect(front.port);
    await client.write("GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    await client.bytes(100_000);
    Deno.truncateSync(file, 30 * MEBIBYTE);
    let length = 100_000;
    try {
      length += (await client.rest()).length;
    } catch (error) {
      assert.ok(error instanceof Deno.errors.ConnectionReset, String(error));
    }
    assert.ok(length <= 31 * MEBIBYTE);
  });

  await tables.untilRestored();
  await backend.stopCleanly();
  await front.stopCleanly();
});
