/** A client that closes while the server behind a relay is at its request takes that with it. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startUp, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

Deno.test("a relay asks no further for a client that has closed while the server is at it", async () => {
  using directory = new TemporaryDirectory();
  let asked = 0;
  let left = 0;
  const server = createServer((_, response) => {
    asked++;
    response.on("close", () => left++);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const app = { socket: directory.join("app.sock"), upstream: `http://127.0.0.1:${port}` };
  await using front = await startUp({ listen: "127.0.0.1:0", sites: [{ to: "app" }], backends: { app } });
  const client = await RawClient.connect(front.port);
  await client.write("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
  await until(() => asked > 0, "the request at the server");
  assert.equal(left, 0);
  client.close();
  await until(() => left > 0, "the end of the request at the server");
  assert.equal(asked, 1);
  await front.stopCleanly();
  await new Promise((resolve) => server.close(resolve));
});
