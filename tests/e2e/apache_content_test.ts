/** LimitRequestBody and RequestReadTimeout of an Apache configuration, in front of a server that knows of neither. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FrontProgram, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";

Deno.test("front -: content that is too much or too late for an Apache configuration is refused", async () => {
  using directory = new TemporaryDirectory();
  const server = createServer((request, response) => {
    let size = 0;
    request.on("data", (bytes) => size += bytes.length);
    request.on("end", () => response.end(`${request.url} ${size}`));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    const input = `DefaultRuntimeDir ${directory.path}/run
Listen 127.0.0.1:0
LimitRequestBody 1000
RequestReadTimeout header=20-40,MinRate=500 body=1
ProxyPass / http://127.0.0.1:${(server.address() as AddressInfo).port}/base/
<Location /upload>
    LimitRequestBody 2000
</Location>
`;
    const program = new FrontProgram(["front", "-"], { permissions: ["--allow-all"], input });
    await using front = await whenReady(program);
    const post = async (path: string, rest: string) => {
      using client = await RawClient.connect(front.port);
      await client.write(`POST ${path} HTTP/1.1\r\nHost: a\r\n${rest}`);
      const { status, text } = await client.response();
      return status === 200 ? text : status;
    };
    const sized = (size: number) => `Content-Length: ${size}\r\n\r\n${"a".repeat(size)}`;
    const chunked = (size: number) =>
      `Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${"a".repeat(size)}\r\n0\r\n\r\n`;
    for (const content of [sized, chunked]) {
      assert.equal(await post("/a", content(1_000)), "/base/a 1000");
      assert.equal(await post("/a", content(1_001)), 413);
      assert.equal(await post("/upload/a", content(2_000)), "/base/upload/a 2000");
      assert.equal(await post("/upload/a", content(2_001)), 413);
    }
    assert.equal(await post("/a", "Content-Length: 10\r\n\r\na"), 408);
    await front.stopCleanly();
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});
