/** The fetch backend: what handlers return, and what they do wrong. */

import assert from "node:assert/strict";
import { DescriptorTables } from "../support/proc.ts";
import { fixture, startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const decoder = new TextDecoder();

Deno.test("fetch handlers", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using backend = await startBackend(socket, { fetch: fixture("app.ts") });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  const { port } = front;
  await get(port, "/");
  const tables = await DescriptorTables.of(front.pid, backend.pid);

  const step = (name: string, body: (client: RawClient) => Promise<void>) =>
    t.step(name, async () => {
      {
        using client = await RawClient.connect(port);
        await body(client);
      }
      assert.equal((await get(port, "/after")).status, 200);
      await tables.untilRestored();
    });

  await step("a stream arrives piece by piece, as soon as the handler makes it", async (client) => {
    // The kernel keeps what is said to be followed by more for 200 ms: then that piece would never come sooner.
    const best = [Infinity, Infinity, Infinity];
    for (let round = 0; round < 20 && Math.max(...best) >= 200; round++) {
      let start = performance.now();
      const comes = async (number: number, piece: string) => {
        assert.equal(decoder.decode(await client.chunk()), piece);
        best[number] = Math.min(best[number]!, performance.now() - start);
        start = performance.now();
      };
      await client.write("GET /stepwise HTTP/1.1\r\nHost: test\r\n\r\n");
      const head = await client.through("\r\n\r\n");
      assert.match(head, /^transfer-encoding: chunked\r$/m);
      await comes(0, "one");
      assert.equal((await get(port, "/step")).text, "stepped");
      await comes(1, "two");
      assert.equal((await get(port, "/step")).text, "stepped");
      await comes(2, "three");
      assert.equal((await client.chunk()).length, 0);
    }
    assert.ok(Math.max(...best) < 200, `the pieces took ${best.join(", ")} ms at best`);
  });

  await step(
    "HEAD of a stream is answered with its head alone, and the next request follows",
    async (client) => {
      await client.write("HEAD /stepwise HTTP/1.1\r\nHost: test\r\n\r\n");
      const { status, fields } = await client.response("HEAD");
      assert.equal(status, 200);
      assert.equal(fields.get("content-type"), "text/plain");
      assert.equal((await client.get("/next")).status, 200);
    },
  );

  await step("HEAD of an endless stream ends it", async (client) => {
    const before = JSON.parse((await get(port, "/patient")).text);
    await client.write("HEAD /endless HTTP/1.1\r\nHost: test\r\n\r\n");
    assert.equal((await client.response("HEAD")).status, 200);
    await until(
      async () => JSON.parse((await get(port, "/patient")).text).cancelled > before.cancelled,
      "the stream to be cancelled",
    );
  });

  await step("a stream whose length the handler says is sent with that length", async (client) => {
    const { head, fields, text } = await client.get("/counted");
    assert.equal(fields.get("content-length"), "5");
    assert.doesNotMatch(head, /transfer-encoding/i);
    assert.equal(text, "right");
    assert.equal((await client.get("/next")).status, 200);
  });

  await step("HEAD of a stream whose length the handler says has that length", async (client) => {
    await client.write("HEAD /counted HTTP/1.1\r\nHost: test\r\n\r\n");
    const { fields } = await client.response("HEAD");
    assert.equal(fields.get("content-length"), "5");
    assert.equal((await client.get("/next")).status, 200);
  });

  await step("content shorter than the handler said breaks off the connection", async (client) => {
    await client.write("GET /counted/short HTTP/1.1\r\nHost: test\r\n\r\n");
    assert.match(await client.through("\r\n\r\n"), /^content-length: 10\r$/m);
    assert.equal(decoder.decode(await client.rest()), "short");
  });

  await step("content longer than the handler said never passes for a response", async (client) => {
    await client.write(
      "GET /counted/long HTTP/1.1\r\nHost: test\r\n\r\nGET /next HTTP/1.1\r\nHost: test\r\n\r\n",
    );
    assert.match(await client.through("\r\n\r\n"), /^content-length: 3\r$/m);
    const rest = decoder.decode(await client.rest().catch(() => new Uint8Array(0)));
    assert.ok(rest.length <= 3, `more than 3 bytes: ${rest}`);
  });

  await step("a handler that throws is answered for with 500, and the connection goes on", async (client) => {
    const { status, text } = await client.get("/throw");
    assert.equal(status, 500);
    assert.equal(text, "Internal Server Error", "clients need not know more");
    assert.equal((await client.get("/next")).status, 200);
    await backend.message(/GET \/throw failed: .*the handler has failed/);
  });

  await step(
    "a handler that throws while the client still sends is answered for all the same",
    async (client) => {
      await client.write("POST /throw HTTP/1.1\r\nHost: test\r\nContent-Length: 300000\r\n\r\n");
      const written = client.write(new Uint8Array(300_000));
      assert.equal((await client.response()).status, 500);
      await client.assertEnded();
      await written;
    },
  );

  await step("a handler that returns no Response is answered for with 500", async (client) => {
    assert.equal((await client.get("/nothing")).status, 500);
    await backend.message(/GET \/nothing failed: .*returned no Response/);
  });

  await step("a stream that fails breaks off without an end that passes for whole", async (client) => {
    await client.write("GET /fails HTTP/1.1\r\nHost: test\r\n\r\n");
    await client.through("\r\n\r\n");
    assert.equal(decoder.decode(await client.chunk()), "piece");
    assert.equal(decoder.decode(await client.chunk()), "piece");
    assert.equal(decoder.decode(await client.rest()), "");
    await backend.message(/GET \/fails failed: .*the source has failed/);
  });

  await step("a stream that fails before its first piece breaks off behind the head", async (client) => {
    await client.write("GET /fails/at-once HTTP/1.1\r\nHost: test\r\n\r\n");
    assert.match(await client.through("\r\n\r\n"), /^HTTP\/1\.1 200 /);
    await client.assertEnded();
  });

  await step("curl calls a response that broke off incomplete", async () => {
    const args = ["-sS", "-m", "20", `http://127.0.0.1:${port}/fails`];
    const { code } = await new Deno.Command("curl", { args, stderr: "null", stdout: "null" }).output();
    assert.equal(code, 18);
  });

  await step(
    "a client that leaves aborts the request's signal, and its stream is cancelled",
    async (client) => {
      const before = JSON.parse((await get(port, "/patient")).text);
      await client.write("GET /endless HTTP/1.1\r\nHost: test\r\n\r\n");
      await client.bytes(100_000);
      client.close();
      await until(async () => {
        const { aborted, cancelled } = JSON.parse((await get(port, "/patient")).text);
        return aborted === before.aborted + 1 && cancelled === before.cancelled + 1;
      }, "the signal to be aborted");
    },
  );

  await step("a client that reads slowly slows the source down, and nothing piles up", async (client) => {
    await client.write("GET /endless HTTP/1.1\r\nHost: test\r\n\r\n");
    for (let count = 0; count < 20; count++) await client.bytes(50_000);
  });

  await step("methods that the Fetch standard forbids reach the handler", async (client) => {
    await client.write("TRACE / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert.equal((await client.response()).status, 200);
  });

  await step("a URL that cannot be one is answered with 400 or served, never with 500", async (client) => {
    for (const host of ["a..b", "test:0", "[::1]", "x_y"]) {
      const { status } = await client.get("/", host);
      assert.ok(status === 200 || status === 400, `${host}: ${status}`);
    }
  });

  await backend.stopCleanly();
  await front.stopCleanly();
});
