/** What a configuration says of a static backend reaches the process that `up` starts for it. */

import assert from "node:assert/strict";
import { brotliCompressSync } from "node:zlib";
import { startUp, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";

Deno.test("static: up passes on what the configuration says", async () => {
  using directory = new TemporaryDirectory();
  const root = directory.join("public");
  Deno.mkdirSync(root);
  directory.write("public/index.html", "<p>the page");
  directory.write("public/app.js", "the script");
  directory.write("public/app.js.br", brotliCompressSync("the script"));
  Deno.symlinkSync("app.js", `${root}/link.js`);
  await using up = await startUp({
    listen: "127.0.0.1:0",
    sites: [{ to: "app" }],
    backends: {
      app: {
        socket: directory.join("app.sock"),
        static: root,
        precompressed: true,
        symlinks: "never",
        spa: true,
        maxAge: 60,
        workers: 2,
      },
    },
  });
  using client = await RawClient.connect(up.port);
  const ask = async (target: string, ...fields: string[]) => {
    await client.write([`GET ${target} HTTP/1.1`, "Host: test", ...fields, "", ""].join("\r\n"));
    return await client.response();
  };
  assert.equal((await ask("/users/1")).text, "<p>the page");
  assert.equal((await ask("/link.js")).status, 404);
  const script = await ask("/app.js", "Accept-Encoding: br");
  assert.equal(script.fields.get("content-encoding"), "br");
  assert.equal(script.fields.get("cache-control"), "max-age=60");
  await up.stopCleanly();
});
