/** Clients that do something unusual, or wrong: each gets a clear answer, and the front goes on as if nothing had been. */

import assert from "node:assert/strict";
import { get, RawClient } from "../support/raw_client.ts";
import { pause } from "../support/waiting.ts";
import { assertRefusal, HEAD_TIMEOUT, QUEUE_TIMEOUT, withAwkwardClients } from "./awkward_rig.ts";

Deno.test("awkward clients", (t) =>
  withAwkwardClients(t, async ({ directory, socket, port, hasty, lonely, tables, begin, step, refused }) => {
    // --- unusual, and right -----------------------------------------------------------------------------------------

    await step("a request that comes three bytes at a time is answered", async (client) => {
      const request = "GET /pieces?a=b HTTP/1.1\r\nHost: test\r\n\r\n";
      client.connection.setNoDelay();
      for (let at = 0; at < request.length; at += 3) {
        await client.write(request.slice(at, at + 3));
        await pause(1);
      }
      assert.equal(JSON.parse((await client.response()).text).path, "/pieces?a=b");
    });

    await step("two requests in one write are answered in their order", async (client) => {
      await client.write("GET /1 HTTP/1.1\r\nHost: test\r\n\r\nGET /2 HTTP/1.1\r\nHost: test\r\n\r\n");
      assert.equal(JSON.parse((await client.response()).text).path, "/1");
      assert.equal(JSON.parse((await client.response()).text).path, "/2");
    });

    await step("five hundred requests in one write are answered in their order", async (client) => {
      const paths = Array.from({ length: 500 }, (_, number) => `/${number}`);
      const written = client.write(
        paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`).join(""),
      );
      for (const path of paths) assert.equal(JSON.parse((await client.response()).text).path, path);
      await written;
    });

    await step("an HTTP/1.0 request is answered, and the connection ends", async (client) => {
      await client.write("GET /old HTTP/1.0\r\n\r\n");
      const { fields, text } = await client.response();
      assert.equal(JSON.parse(text).path, "/old");
      assert.equal(fields.get("connection"), "close");
      await client.assertEnded();
    });

    await step("an HTTP/1.0 client that asks to keep the connection may", async (client) => {
      for (const path of ["/old/1", "/old/2"]) {
        await client.write(`GET ${path} HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n`);
        const { fields, text } = await client.response();
        assert.equal(JSON.parse(text).path, path);
        assert.equal(fields.get("connection"), "keep-alive");
      }
    });

    await step(
      "an HTTP/1.0 client gets a stream without chunks, up to the end of the connection",
      async (client) => {
        await client.write("GET /stepwise HTTP/1.0\r\n\r\n");
        const head = await client.through("\r\n\r\n");
        assert.doesNotMatch(head, /transfer-encoding/i);
        assert.equal(await client.through("one"), "one");
        for (let step = 0; step < 2; step++) await get(port, "/step");
        assert.equal(new TextDecoder().decode(await client.rest()), "twothree");
      },
    );

    await step("a HEAD request is answered without content, and the next request follows", async (client) => {
      await client.write("HEAD /head HTTP/1.1\r\nHost: test\r\n\r\n");
      const { status, fields } = await client.response("HEAD");
      assert.equal(status, 200);
      assert.ok(Number(fields.get("content-length")) > 0);
      assert.equal((await client.get("/next")).status, 200);
    });

    await step("a client that ends its side after the request is answered", async (client) => {
      await client.write("GET /ended HTTP/1.1\r\nHost: test\r\n\r\n");
      await client.end();
      assert.equal(JSON.parse((await client.response()).text).path, "/ended");
      await client.assertEnded();
    });

    await step("a request for an absolute URL goes by the host in it", async (client) => {
      await client.write("GET http://part.test/part/x HTTP/1.1\r\nHost: test\r\n\r\n");
      assert.equal(JSON.parse((await client.response()).text).site, "part.test");
    });

    // --- nothing, or half of it -------------------------------------------------------------------------------------

    await step("a client that connects and goes costs nothing", async (client) => {
      client.close();
      await tables.untilRestored();
    });

    await step("a client that says nothing is let go in time, without an answer", async () => {
      const start = performance.now();
      using client = await RawClient.connect(hasty.port);
      await client.assertEnded();
      const waited = performance.now() - start;
      assert.ok(waited >= HEAD_TIMEOUT, `after ${waited} ms`);
    });

    await step("half a head, then silence, is answered with 408 in time", async () => {
      const start = performance.now();
      using client = await begin("GET / HTTP/1.1\r\nHost:");
      await assertRefusal(client, 408, /not complete in time/);
      const waited = performance.now() - start;
      assert.ok(waited >= HEAD_TIMEOUT, `after ${waited} ms`);
    });

    await step("a head that goes on and on does not outlast the deadline", async () => {
      using client = await begin("GET / HTTP/1.1\r\n");
      let sending = true;
      const sender = (async () => {
        while (sending) {
          await client.write("a: b\r\n").catch(() => sending = false);
          await pause(20);
        }
      })();
      assert.equal((await client.response()).status, 408);
      sending = false;
      await sender;
    });

    await step("half a head, then the end, is answered with 400", async (client) => {
      await client.write("GET / HTTP/1.1\r\nHost:");
      await client.end();
      await assertRefusal(client, 400, /ends in its head/);
    });

    await step("a client that goes in the middle of a head costs nothing", async (client) => {
      await client.write("GET / HTTP/1.1\r\nHost:");
      await pause(20);
      client.close();
      await tables.untilRestored();
    });

    // --- nobody there -----------------------------------------------------------------------------------------------

    await refused(
      "no route is answered with 404",
      "GET / HTTP/1.1\r\nHost: part.test\r\n\r\n",
      404,
      /no route/,
    );

    await step("HEAD of what no route covers is answered with a head alone", async (client) => {
      await client.write("HEAD / HTTP/1.1\r\nHost: part.test\r\n\r\n");
      assert.equal((await client.response("HEAD")).status, 404);
      await client.assertEnded();
    });

    await step("without a backend the answer is 503 in time, and says when to try again", async () => {
      const start = performance.now();
      using client = await RawClient.connect(lonely.port);
      const { status, fields } = await client.get("/", "nobody.test");
      const waited = performance.now() - start;
      assert.equal(status, 503);
      assert.match(fields.get("retry-after")!, /^\d+$/);
      assert.ok(waited >= QUEUE_TIMEOUT, `after ${waited} ms`);
      await client.assertEnded();
    });

    await step(
      "clients that go while they wait for a backend cost nothing once their time is over",
      async (client) => {
        client.close();
        for (let count = 0; count < 5; count++) {
          using waiting = await RawClient.connect(lonely.port);
          await waiting.write("GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n");
        }
        await pause(20);
        await tables.untilRestored();
      },
    );

    await t.step("clients that wait get the backend that appears", async () => {
      const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(port)));
      try {
        for (const client of clients) await client.write("GET /late HTTP/1.1\r\nHost: later.test\r\n\r\n");
        await pause(100);
        Deno.symlinkSync(socket, directory.join("later.sock"));
        for (const client of clients) {
          const { status, text } = await client.response();
          assert.equal(status, 200, text);
          assert.equal(JSON.parse(text).path, "/late");
        }
      } finally {
        clients.forEach((client) => client.close());
      }
      assert.equal((await get(port, "/after")).status, 200);
    });
  }));
