/** Compression as a configuration asks for it, in the processes that `up` starts, and as curl decodes it. */

import assert from "node:assert/strict";
import { startUp, TemporaryDirectory } from "../support/processes.ts";

const LONG = JSON.stringify(Array.from({ length: 2_000 }, (_, id) => ({ id, name: `item ${id}` })));

/** What curl gets, decoded by itself, and the fields of the response. */
async function curl(url: string, ...args: readonly string[]): Promise<{ head: string; text: string }> {
  const { stdout } = await new Deno.Command("curl", {
    args: ["--silent", "--show-error", "--max-time", "60", "--include", ...args, url],
  }).output();
  const output = new TextDecoder().decode(stdout);
  const end = output.indexOf("\r\n\r\n") + 4;
  return { head: output.slice(0, end).toLowerCase(), text: output.slice(end) };
}

Deno.test("compress: up passes on what the configuration says, for each kind that answers requests", async () => {
  using directory = new TemporaryDirectory();
  Deno.mkdirSync(directory.join("public"));
  directory.write("public/long.json", LONG);
  directory.write("public/short.json", "{}");
  const module = directory.write(
    "app.ts",
    `export default () => new Response(${
      JSON.stringify(LONG)
    }, { headers: { "content-type": "application/json" } });`,
  );
  const script = directory.write(
    "cgi.sh",
    `#!/bin/sh\nprintf 'Content-Type: text/x-own\\n\\n'\ncat "$0.out"\n`,
  );
  directory.write("cgi.sh.out", LONG);
  Deno.chmodSync(script, 0o755);
  const upstream = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
    return new Response(LONG, { headers: { "content-type": "application/json", etag: '"v"' } });
  });
  const backend = (name: string, kind: object) => [name, { socket: directory.join(`${name}.sock`), ...kind }];
  try {
    await using up = await startUp({
      listen: "127.0.0.1:0",
      sites: [{ routes: ["files", "app", "cgi", "relay"].map((name) => ({ path: `/${name}/`, to: name })) }],
      backends: Object.fromEntries([
        backend("files", { static: directory.join("public"), workers: 2, compress: { codings: ["br"] } }),
        backend("app", { fetch: module, compress: true }),
        backend("cgi", {
          exec: [script],
          cgi: true,
          compress: { types: ["text/x-own"], levels: { gzip: 1 } },
        }),
        backend("relay", {
          upstream: `http://127.0.0.1:${upstream.addr.port}`,
          compress: { codings: ["gzip"] },
        }),
      ]),
    });
    const at = `http://127.0.0.1:${up.port}`;
    const gzip = ["--compressed", "--header", "Accept-Encoding: gzip"];
    for (const path of ["/app/", "/cgi/", "/relay/"]) {
      const { head, text } = await curl(`${at}${path}`, ...gzip);
      assert.match(head, /\r\ncontent-encoding: gzip\r\n/, path);
      assert.match(head, /\r\nvary: accept-encoding\r\n/, path);
      assert.equal(text, LONG, path);
    }
    assert.match((await curl(`${at}/relay/`, ...gzip)).head, /\r\netag: w\/"v"\r\n/);
    const brotli = await curl(
      `${at}/files/long.json`,
      "--compressed",
      "--header",
      "Accept-Encoding: gzip, br",
    );
    assert.match(brotli.head, /\r\ncontent-encoding: br\r\n/);
    assert.equal(brotli.text, LONG);
    // Only what is configured, and only what is worth it.
    const plain = await curl(`${at}/files/long.json`, ...gzip);
    assert.doesNotMatch(plain.head, /content-encoding/);
    assert.match(plain.head, /\r\nvary: accept-encoding\r\n/);
    assert.equal(plain.text, LONG);
    assert.doesNotMatch((await curl(`${at}/files/short.json`, "--compressed")).head, /content-encoding|vary/);
    const part = await curl(`${at}/files/long.json`, "--header", "Accept-Encoding: br", "--range", "10-19");
    assert.match(part.head, /^http\/1.1 206 /);
    assert.equal(part.text, LONG.slice(10, 20));
    await up.stopCleanly();
  } finally {
    await upstream.shutdown();
  }
});
