/** Access logs whose readers do not read: that costs lines, and no client anything. */

import assert from "node:assert/strict";
import { adopt, close, expect, makeFifo, openFifo } from "../../ffi/mod.ts";
import { freePort } from "../support/ports.ts";
import { FrontProgram, PATIENT, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

/** Together with their lines more than a pipe takes (64 KiB, pipe(7)), several times over. */
const REQUESTS = 300;
const LONG = "x".repeat(1_500);

Deno.test("access log: a FIFO, a program and standard output that nobody reads keep no client waiting", async () => {
  using directory = new TemporaryDirectory();
  directory.write("app.ts", `export default () => new Response("ok");\n`);
  const [fifo, output] = [directory.join("fifo"), directory.join("output")];
  for (const path of [fifo, output]) expect(makeFifo(path, 0o600), "mkfifo");
  const reader = adopt(expect(openFifo(fifo), "open"));
  const port = freePort();
  const configuration = directory.write(
    "fdpass.json",
    JSON.stringify({
      ...PATIENT,
      listen: `127.0.0.1:${port}`,
      accessLog: [fifo, "-", "|sleep 600", "|false"].map((file) => ({ file })),
      sites: [{ to: "app" }],
      backends: { app: { socket: "app.sock", fetch: "app.ts" } },
    }),
  );
  try {
    await using up = new FrontProgram(["up", configuration], {
      permissions: ["--allow-all"],
      // Opened for reading as well, so that it has a reader for as long as it has a writer.
      through: ["sh", "-c", `exec "$@" 1<>"$0"`, output],
    });
    const client = await until(() => RawClient.connect(port).catch(() => undefined), "the front to listen");
    using _client = client;
    for (let times = 0; times < REQUESTS; times++) {
      assert.equal((await client.get(`/${LONG}`)).text, "ok");
    }
    const told = () => up.stderr.split("\n").filter((line) => line.includes("does not keep up"));
    await until(() => told().length === 4, () => `four logs that cannot be written:\n${up.stderr}`);
    for (let times = 0; times < REQUESTS; times++) await client.get(`/${LONG}`);
    await up.stop();
    assert.equal(new Set(told()).size, 4, "each is told by its name");
    assert.equal(told().length, 4, "and once");
    assert.equal(told().filter((line) => line.includes("the access log |sleep 600 cannot")).length, 1);
    assert.equal(up.stderr.split("the log program false ended").length - 1, 1, "however often it ends");
  } finally {
    close(reader);
  }
});
