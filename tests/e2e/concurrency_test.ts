/** Many clients at a time: each gets its own answer, and its own only. */

import assert from "node:assert/strict";
import { DescriptorTables } from "../support/proc.ts";
import { fixture, startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, join, RawClient, seededBytes, sha256 } from "../support/raw_client.ts";

Deno.test("many clients at a time", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using backend = await startBackend(socket, { fetch: fixture("app.ts") });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  await get(front.port, "/");
  const tables = await DescriptorTables.of(front.pid, backend.pid);

  await t.step("kept connections that ask at the same moment each get their own answer", async () => {
    const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.connect(front.port)));
    try {
      for (let round = 0; round < 20; round++) {
        await Promise.all(clients.map((client, index) => client.write(request(index, round))));
        const answers = await Promise.all(clients.map((client) => client.response()));
        answers.forEach(({ text }, index) => {
          assert.equal(JSON.parse(text).path, `/${index}/${"x".repeat(index)}?${round}`);
        });
      }
    } finally {
      clients.forEach((client) => client.close());
    }
    await tables.untilRestored();
  });

  await t.step("contents that arrive at the same moment do not mix", async () => {
    await Promise.all(Array.from({ length: 24 }, async (_, index) => {
      const body = seededBytes(150_000 + 1_000 * index, index + 1);
      using client = await RawClient.connect(front.port);
      const head = `POST /digest HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n\r\n`;
      await client.write(head);
      for (let at = 0; at < body.length; at += 10_000) await client.write(body.subarray(at, at + 10_000));
      const { text } = await client.response();
      assert.deepEqual(JSON.parse(text), { length: body.length, hash: await sha256(body) });
    }));
    await tables.untilRestored();
  });

  await t.step("contents in small chunks that arrive at the same moment do not mix", async () => {
    await Promise.all(Array.from({ length: 24 }, async (_, index) => {
      const body = seededBytes(40_000 + 100 * index, index + 1);
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < body.length; at += 1_000) {
        const piece = body.subarray(at, at + 1_000);
        pieces.push(join(`${piece.length.toString(16)}\r\n`, piece, "\r\n"));
      }
      using client = await RawClient.connect(front.port);
      await client.write("POST /digest HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (let at = 0; at < pieces.length; at += 7) await client.write(join(...pieces.slice(at, at + 7)));
      await client.write("0\r\n\r\n");
      const { text } = await client.response();
      assert.deepEqual(JSON.parse(text), { length: body.length, hash: await sha256(body) });
    }));
    await tables.untilRestored();
  });

  await backend.stopCleanly();
  await front.stopCleanly();
});

function request(index: number, round: number): string {
  return `GET /${index}/${"x".repeat(index)}?${round} HTTP/1.1\r\nHost: test\r\n\r\n`;
}
