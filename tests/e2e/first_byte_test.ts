/** The backend reads the request from its first byte, and all of it. */

import assert from "node:assert/strict";
import { DescriptorTables } from "../support/proc.ts";
import { fixture, startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, join, RawClient, seededBytes, sha256 } from "../support/raw_client.ts";
import { pause } from "../support/waiting.ts";

const SIZE = 100 * 1024;

Deno.test("content of requests", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using backend = await startBackend(socket, { fetch: fixture("app.ts") });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  await get(front.port, "/");
  const tables = await DescriptorTables.of(front.pid, backend.pid);
  const body = seededBytes(SIZE, 99);
  const expected = { length: SIZE, hash: await sha256(body) };
  const counted = `POST /digest HTTP/1.1\r\nHost: test\r\nContent-Length: ${SIZE}\r\n`;
  const chunked = "POST /digest HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n";

  await t.step("in the same write as the head arrives whole", async () => {
    using client = await RawClient.connect(front.port);
    await client.write(join(counted, "\r\n", body));
    assert.deepEqual(JSON.parse((await client.response()).text), expected);
  });

  await t.step("after the connection was handed over arrives whole", async () => {
    using client = await RawClient.connect(front.port);
    await client.write(`${counted}\r\n`);
    await pause(50);
    for (let at = 0; at < SIZE; at += 7_777) await client.write(body.subarray(at, at + 7_777));
    assert.deepEqual(JSON.parse((await client.response()).text), expected);
  });

  await t.step("of which a part comes with the head arrives whole, and a request behind it too", async () => {
    using client = await RawClient.connect(front.port);
    await client.write(join(counted, "\r\n", body.subarray(0, 1)));
    await pause(20);
    await client.write(join(body.subarray(1), "GET /next HTTP/1.1\r\nHost: test\r\n\r\n"));
    assert.deepEqual(JSON.parse((await client.response()).text), expected);
    assert.equal(JSON.parse((await client.response()).text).path, "/next");
  });

  await t.step("in chunks arrives whole, and a request behind it too", async () => {
    using client = await RawClient.connect(front.port);
    const pieces: Uint8Array[] = [];
    for (let at = 0, size = 1; at < SIZE; at += size, size = (size * 3) % 9_001 + 1) {
      const piece = body.subarray(at, at + size);
      pieces.push(join(`${piece.length.toString(16)};name=value\r\n`, piece, "\r\n"));
    }
    const next = "GET /next HTTP/1.1\r\nHost: test\r\n\r\n";
    await client.write(join(chunked, "\r\n", ...pieces, "0\r\nTrailer: 1\r\n\r\n", next));
    assert.deepEqual(JSON.parse((await client.response()).text), expected);
    assert.equal(JSON.parse((await client.response()).text).path, "/next");
  });

  await t.step("whose chunks are broken is answered with 400", async () => {
    using client = await RawClient.connect(front.port);
    await client.write(`${chunked}\r\n5\r\nhello\r\nnonsense\r\n`);
    const { status, fields } = await client.response();
    assert.equal(status, 400);
    assert.equal(fields.get("connection"), "close");
    await client.assertEnded();
  });

  await t.step("that the client holds back until it is asked for is asked for", async () => {
    using client = await RawClient.connect(front.port);
    await client.write(`${counted}Expect: 100-continue\r\n\r\n`);
    assert.equal((await client.response()).status, 100);
    await client.write(body);
    assert.deepEqual(JSON.parse((await client.response()).text), expected);
    assert.equal((await client.get("/")).status, 200);
  });

  await t.step(
    "that the client holds back, and nobody wants, is not asked for; the connection ends",
    async () => {
      using client = await RawClient.connect(front.port);
      await client.write(
        `POST /unread HTTP/1.1\r\nHost: test\r\nContent-Length: ${SIZE}\r\nExpect: 100-continue\r\n\r\n`,
      );
      const { status, fields } = await client.response();
      assert.equal(status, 200);
      assert.equal(fields.get("connection"), "close");
      await client.assertEnded();
    },
  );

  await t.step("that nobody reads does not pass for the next request", async () => {
    using client = await RawClient.connect(front.port);
    const content = "GET /wrong HTTP/1.1\r\nHost: test\r\n\r\n";
    const head = `POST /unread HTTP/1.1\r\nHost: test\r\nContent-Length: ${content.length}\r\n\r\n`;
    await client.write(`${head}${content}GET /right HTTP/1.1\r\nHost: test\r\n\r\n`);
    assert.equal(JSON.parse((await client.response()).text).path, "/unread");
    assert.equal(JSON.parse((await client.response()).text).path, "/right");
  });

  await t.step("that ends too soon ends the connection without an answer", async () => {
    using client = await RawClient.connect(front.port);
    await client.write(join(counted, "\r\n", body.subarray(0, 1_000)));
    await client.end();
    await client.assertEnded();
  });

  await t.step("from curl, with and without a length, arrives whole", async () => {
    const file = directory.write("body.bin", body);
    for (const length of [[], ["-H", "Transfer-Encoding: chunked"]]) {
      const url = `http://127.0.0.1:${front.port}/digest`;
      const args = ["-sS", "-m", "20", "--data-binary", `@${file}`, ...length, url];
      const { code, stdout } = await new Deno.Command("curl", { args }).output();
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), expected);
    }
  });

  await tables.untilRestored();
  await backend.stopCleanly();
  await front.stopCleanly();
});
