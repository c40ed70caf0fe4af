/** A front may be told to take longer requests. What it hands over then, no backend refuses for its length. */

import assert from "node:assert/strict";
import { MAX_HEAD } from "../../src/config/json/limits.ts";
import { LIBRARY, ReceiverProcess } from "../examples/receivers.ts";
import { fixture, startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";

/** A request whose head is as long as any front may be told to take, nearly all of it in the request line. */
function longest(path: string): string {
  const [before, after] = [`GET ${path}?`, " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"];
  return before + "q".repeat(MAX_HEAD - before.length - after.length) + after;
}

Deno.test("the longest head that a front may be told to take", async (t) => {
  using directory = new TemporaryDirectory();
  directory.write("a.txt", "hello");
  const [app, files, library] = ["app", "files", "receiver"].map((name) => directory.join(`${name}.sock`));
  await using backend = await startBackend(app!, { fetch: fixture("app.ts") });
  await using fileBackend = await startBackend(files!, { static: directory.path });
  await using _program = await ReceiverProcess.start(LIBRARY, directory.path);
  await using front = await startFront({
    listen: "127.0.0.1:0",
    maxHead: MAX_HEAD,
    maxRequestLine: MAX_HEAD,
    sites: [{
      routes: [
        { path: "/", to: `fd://${app}` },
        { path: "/files/", to: `fd://${files}` },
        { path: "/library/", to: `fd://${library}` },
      ],
    }],
  });
  const ask = async (path: string) => {
    using client = await RawClient.connect(front.port);
    await client.write(longest(path));
    return await client.response();
  };

  await t.step("is served by a fetch backend", async () => {
    assert.equal((await ask("/address")).status, 200);
  });

  await t.step("is served by a static backend", async () => {
    const { status, text } = await ask("/files/a.txt");
    assert.deepEqual([status, text], [200, "hello"]);
  });

  await t.step("is served by a program of one's own, with serve()", async () => {
    const { status, text } = await ask("/library/");
    assert.equal(status, 200);
    assert.match(text, /You asked for \/library\/\?q{60000}/);
  });

  await backend.stopCleanly();
  await fileBackend.stopCleanly();
  await front.stopCleanly();
});
