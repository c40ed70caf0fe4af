/** Content that dribbles holds nothing that others need; what is asked of content comes from a configuration. */

import assert from "node:assert/strict";
import { ALLOW_LIBC, runProgram, startUp, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";

Deno.test("content that dribbles holds no program, and has a size and a rate by the configuration", async () => {
  using directory = new TemporaryDirectory();
  await using up = await startUp({
    listen: "127.0.0.1:0",
    sites: [{ routes: [{ path: "/cgi/", to: "cgi" }, { path: "/", to: "web" }] }],
    backends: {
      cgi: {
        socket: directory.join("cgi.sock"),
        exec: ["/bin/sh", "-c", "printf 'Content-Type: text/plain\\n\\n'; cat"],
        cgi: true,
        maxPrograms: 2,
        maxContent: "1k",
        maxConnections: 50,
      },
      web: {
        socket: directory.join("web.sock"),
        fetch: directory.write(
          "app.ts",
          "export default { fetch: async (r) => new Response(await r.text()) };",
        ),
        maxContent: 10,
        contentTimeout: "500ms",
        workers: 2,
      },
    },
  });
  const slow = await Promise.all(Array.from({ length: 4 }, async () => {
    const client = await RawClient.connect(up.port);
    await client.write("POST /cgi/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    return client;
  }));
  assert.equal((await get(up.port, "/cgi/")).status, 200);
  for (const client of slow) {
    await client.write("1\r\nb\r\n0\r\n\r\n");
    assert.equal((await client.response()).text, "ab");
    client.close();
  }
  const post = async (path: string, rest: string) => {
    using client = await RawClient.connect(up.port);
    await client.write(`POST ${path} HTTP/1.1\r\nHost: a\r\n${rest}`);
    return (await client.response()).status;
  };
  assert.equal(await post("/cgi/", `Content-Length: 1024\r\n\r\n${"a".repeat(1_024)}`), 200);
  assert.equal(await post("/cgi/", "Content-Length: 1025\r\n\r\n"), 413);
  assert.equal(await post("/", `Content-Length: 10\r\n\r\n${"a".repeat(10)}`), 200);
  assert.equal(await post("/", `Transfer-Encoding: chunked\r\n\r\nb\r\n${"a".repeat(11)}\r\n0\r\n\r\n`), 413);
  assert.equal(await post("/", "Content-Length: 10\r\n\r\na"), 408);
  await up.stopCleanly();
});

Deno.test("what is asked of content, wrongly written, is told of", async () => {
  using directory = new TemporaryDirectory();
  const faults = async (keys: Record<string, unknown>) => {
    const backends = { web: { socket: "/run/w.sock", fetch: "./a.ts", ...keys } };
    const path = directory.write(
      "fdpass.json",
      JSON.stringify({ listen: "8080", sites: [{ to: "web" }], backends }),
    );
    const { code, stderr } = await runProgram(["check", path], { permissions: [ALLOW_LIBC, "--allow-read"] });
    assert.equal(code, 2);
    return stderr;
  };
  assert.match(
    await faults({ maxContent: "lots" }),
    /backends\.web\.maxContent: Cannot read the size "lots"/,
  );
  assert.match(await faults({ contentTimeout: "never" }), /contentTimeout: Cannot read the duration "never"/);
  assert.match(await faults({ minContentRate: -1 }), /minContentRate/);
  assert.match(await faults({ maxConnections: 0 }), /maxConnections/);
  const { code, stderr } = await runProgram([
    "backend",
    "--socket",
    "/x",
    "--fetch",
    "a.ts",
    "--max-content",
    "x",
  ], {});
  assert.equal(code, 2);
  assert.match(stderr, /--max-content/);
});
