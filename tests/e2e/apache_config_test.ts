/** A configuration for httpd, piped in as it stands: in front of an HTTP server that knows nothing of hand-offs. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  FrontProgram,
  startBackend,
  startFrontFrom,
  TemporaryDirectory,
  whenReady,
} from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

/** A server that says what it was asked, and redirects what is under /old/ to itself. */
async function withServer(use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    if (request.url!.startsWith("/old/")) {
      response.writeHead(302, { Location: `http://127.0.0.1:${port}/new/`, "Set-Cookie": "a=b; Path=/" })
        .end();
    } else response.end(`${request.headers.host} ${request.url}`);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

for (const command of ["front", "up"]) {
  Deno.test(`${command} -: mod_proxy's configuration runs as it stands, its relay included`, () =>
    withServer(async (port) => {
      using directory = new TemporaryDirectory();
      const input = `# What stood in front of the application before.
LoadModule proxy_fdpass_module modules/mod_proxy_fdpass.so
Define SERVER 127.0.0.1:${port}
DefaultRuntimeDir ${directory.path}/run
Listen 127.0.0.1:0
<VirtualHost *>
    ServerName example.com
    ProxyPass /private !
    ProxyPass /app/ http://\${SERVER}/base/
    ProxyPass / http://\${SERVER}/
    ProxyPassReverse / http://\${SERVER}/
    ErrorDocument 404 "Nobody here"
    CustomLog ${directory.path}/access.log "%r %>s"
    ErrorLogFormat "%M"
</VirtualHost>
`;
      const program = new FrontProgram([command, "-"], { permissions: ["--allow-all"], input });
      await using front = await whenReady(program);
      assert.equal((await get(front.port, "/a?b")).text, `127.0.0.1:${port} /a?b`);
      assert.equal((await get(front.port, "/app/a")).text, `127.0.0.1:${port} /base/a`);
      const refused = await get(front.port, "/private/a");
      assert.deepEqual([refused.status, refused.text], [404, "Nobody here"]);
      const redirect = await get(front.port, "/old/a");
      assert.equal(redirect.status, 302);
      assert.equal(redirect.fields.get("location"), "http://test/new/");
      await front.message(/no effect here: ErrorLogFormat \(line 14\)/);
      await front.stopCleanly();
      const lines = Deno.readTextFileSync(directory.join("access.log")).trimEnd().split("\n");
      const paths = [["/a?b", 200], ["/app/a", 200], ["/private/a", 404], ["/old/a", 302]];
      assert.deepEqual(lines.sort(), paths.map(([path, status]) => `GET ${path} HTTP/1.1 ${status}`).sort());
      assert.deepEqual([...Deno.readDirSync(`${directory.path}/run`)], []);
    }));
}

Deno.test("front -: a server whose name has a socket in the run directory is a backend", async () => {
  using directory = new TemporaryDirectory();
  directory.write("hello.txt", "hello");
  const socket = `${directory.path}/backend-server.sock`;
  await using _backend = await startBackend(socket, { static: directory.path });
  const input = "Listen 127.0.0.1:0\nProxyPass / http://backend-server/\n";
  const args = ["front", "-", "--run-dir", directory.path];
  await using front = await whenReady(new FrontProgram(args, { permissions: ["--allow-all"], input }));
  assert.equal((await get(front.port, "/hello.txt")).text, "hello");
  await front.stopCleanly();
});

Deno.test("front -: without ProxyPassReverse a relay passes references on as they are", () =>
  withServer(async (port) => {
    using directory = new TemporaryDirectory();
    const input = `Listen 127.0.0.1:0\nProxyPass /app/ http://127.0.0.1:${port}/\n`;
    const args = ["front", "-", "--run-dir", `${directory.path}/run`];
    await using front = await whenReady(new FrontProgram(args, { permissions: ["--allow-all"], input }));
    const { fields } = await get(front.port, "/app/old/");
    assert.equal(fields.get("location"), `http://127.0.0.1:${port}/new/`);
    await front.stopCleanly();
  }));

Deno.test("front: a new configuration is followed, but for relays in a front that has started without any", async () => {
  using directory = new TemporaryDirectory();
  const write = (url: string) =>
    directory.write("site.conf", `Listen 127.0.0.1:0\nErrorLogFormat "%M"\nProxyPass /a ${url}\n`);
  const path = write(`fd://${directory.path}/a.sock`);
  await using front = await startFrontFrom(path);
  write("http://127.0.0.1:9/");
  front.signal("SIGHUP");
  await front.message(
    /the old one stays: \S+site\.conf: Cannot start relays, or processes for handshakes, beside a front that runs without any/,
  );
  write(`fd://${directory.path}/b.sock`);
  front.signal("SIGHUP");
  await front.message(/configuration read again/);
  // Each time it is read, it is said what has no effect.
  assert.equal(front.stderr.match(/no effect here: ErrorLogFormat/g)?.length, 3);
  await front.stopCleanly();
});
