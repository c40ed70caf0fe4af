/** Clients that are refused, and can read why. */

import assert from "node:assert/strict";
import { join, seededBytes } from "../support/raw_client.ts";
import { pause } from "../support/waiting.ts";
import { assertRefusal, withAwkwardClients } from "./awkward_rig.ts";

Deno.test("clients that send too much, or something wrong", (t) =>
  withAwkwardClients(t, async ({ port, step, refused }) => {
    // --- too much ---------------------------------------------------------------------------------------------------

    await step(
      "1 MiB of head is answered with 431, which the client can read while it sends",
      async (client) => {
        const head = join("GET / HTTP/1.1\r\nHost: test\r\n", `Long: ${"x".repeat(1 << 20)}\r\n\r\n`);
        const written = client.write(head);
        const { status, fields } = await client.response();
        assert.equal(status, 431);
        assert.equal(fields.get("connection"), "close");
        await client.assertEnded();
        await written;
      },
    );

    await step(
      "1 MiB of head that is sent before anything is read leaves the answer readable",
      async (client) => {
        const head = join("GET / HTTP/1.1\r\n", "a: b\r\n".repeat(180_000), "\r\n");
        await client.write(head);
        await pause(50);
        await assertRefusal(client, 431, /./);
      },
    );

    await step("content behind a refused head leaves the answer readable", async (client) => {
      await client.write(join("POST / HTTP/1.1\r\nContent-Length: 500000\r\n\r\n", seededBytes(500_000, 7)));
      await pause(50);
      await assertRefusal(client, 400, /./);
    });

    await refused("a long request line is answered with 414", `GET /${"x".repeat(9_000)}`, 414, /too long/);

    await step("a client that never reads and never stops is let go of", async (client) => {
      const data = new Uint8Array(64 << 20).fill(0x61);
      assert.ok(await client.writeUntilEnded(data), "the front still waits for it to stop");
    });

    // --- wrong ------------------------------------------------------------------------------------------------------

    await refused("bytes that are no request are answered with 400", seededBytes(3_000, 5), 400, /./);
    await refused("NUL bytes are answered with 400", new Uint8Array(100), 400, /method/);
    await step("a TLS ClientHello is not answered: its client would not understand", async (client) => {
      const begun = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03];
      await client.write(new Uint8Array([...begun, ...seededBytes(500, 3)]));
      const heard = await client.rest().catch((error) => {
        // What it has sent is not read to its end, so the end is a reset.
        if (error instanceof Deno.errors.ConnectionReset) return new Uint8Array(0);
        throw error;
      });
      assert.equal(heard.length, 0);
    });
    await refused("HTTP/1.1 without Host is answered with 400", "GET / HTTP/1.1\r\n\r\n", 400, /Host/);
    await refused(
      "two Hosts are answered with 400",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      400,
      /Host/,
    );
    await refused(
      "Content-Length beside chunks is answered with 400",
      "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
      /./,
    );
    await refused("a bare LF is answered with 400", "GET / HTTP/1.1\nHost: test\n\n", 400, /./);
    await refused(
      "a path that leads out is answered with 400",
      "GET /../x HTTP/1.1\r\nHost: test\r\n\r\n",
      400,
      /path/,
    );

    await step("a client that speaks TLS is told at once", async () => {
      const args = ["-skS", "-m", "20", `https://127.0.0.1:${port}/`];
      const { code } = await new Deno.Command("curl", { args, stderr: "null" }).output();
      assert.equal(code, 35, "curl calls it an error of the TLS handshake, not a time that ran out");
    });
  }));
