/** What a configuration keeps from a backend, no spelling of host or path gets past. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startUp, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";

/** Says where it is, by what it was told. */
const MODULE = `export default { fetch(request) {
  const { host, pathname } = new URL(request.url);
  return new Response(["at", "", host, pathname, request.headers.get("host")].join(" "));
} };`;
const PROGRAM = `printf 'Content-Type: text/plain\\n\\nat  %s %s%s %s' ` +
  `"$SERVER_NAME" "$SCRIPT_NAME" "$PATH_INFO" "$HTTP_HOST"`;

/** Ways to ask for what nobody serves. */
const SECRETS = [
  "/admin/secret",
  "/x/..\\admin/secret",
  "/x\\..\\admin/secret",
  "\\admin/secret",
  "/x/../admin/secret",
  "/x/%2e%2e/admin/secret",
  "/x/%2E./admin/secret",
  "/%61dmin/secret",
  "//admin/secret",
  "/x//..//admin/secret",
  "/./admin/secret",
  "/{hidden}/a",
  "/%7bhidden%7D/a",
];

/** Ways to ask for what is open, whose paths other readers would read as a secret. */
const OPEN = ["/admin//../a", "/admin//..//a", "/admin/x/..//../a"];

Deno.test("host and path are one for routes, handlers, programs and servers behind relays", async () => {
  using directory = new TemporaryDirectory();
  await using server = await startServer();
  const kinds: Record<string, object> = {
    web: { fetch: directory.write("app.ts", MODULE) },
    program: { exec: ["/bin/sh", "-c", PROGRAM], cgi: true },
    relay: { upstream: `http://127.0.0.1:${server.port}`, preserveHost: true },
  };
  const backends = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, { socket: directory.join(`${name}.sock`), ...kind }]),
  );
  for (const to of Object.keys(kinds)) {
    const routes = [{ path: "/admin/", to: null }, { path: "/%7Bhidden%7D/", to: null }, { path: "/", to }];
    await using up = await startUp({
      listen: "127.0.0.1:0",
      sites: [
        { names: "a.example", routes },
        ...["b.example", "127.0.0.1", "[::1]"].map((names) => ({ names, routes: [{ path: "/", to: null }] })),
      ],
      backends: { [to]: backends[to] },
    });
    const ask = async (target: string, ...hosts: string[]) => {
      using client = await RawClient.connect(up.port);
      const fields = hosts.map((host) => `Host: ${host}\r\n`).join("");
      await client.write(
        `GET ${target} HTTP/1.${hosts.length > 0 ? 1 : 0}\r\n${fields}Connection: close\r\n\r\n`,
      );
      return await client.response();
    };
    for (const secret of SECRETS) {
      const { status, text } = await ask(secret, "a.example");
      assert.ok(status === 400 || status === 404, `${to}: ${secret}: ${status} ${text}`);
    }
    for (const open of OPEN) {
      const { status, text } = await ask(open, "a.example");
      assert.deepEqual([status, text.split(" ")[3]], [200, "/a"], `${to}: ${open}: ${text}`);
    }
    // What would be read as one of the sites that nobody serves.
    for (
      const host of ["%62.example", "b%2eexample", "0x7f.1", "127.1", "2130706433", "[0:0::1]", "[::0001]"]
    ) {
      const { status, text } = await ask("/", host);
      assert.ok(status === 400 || status === 404, `${to}: ${host}: ${status} ${text}`);
    }
    assert.equal((await ask("http://b.example/", "a.example")).status, 404);
    const { text } = await ask("http://a.example/a", "b.example");
    assert.equal(text, "at  a.example /a a.example", to);
    if (to !== "relay") assert.match((await ask("/a")).text, /^at {2}a\.example(:\d+)? \/a $/, to);
    await up.stopCleanly();
  }
});

/** Says what it was asked. */
async function startServer(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const { host } = request.headers;
    const { pathname } = new URL(request.url!, "http://server");
    response.end(["at", "", host, pathname, host].join(" "));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
