/** Paths that are mapped elsewhere, by prefix and by expression, for every request of a kept connection. */

import assert from "node:assert/strict";
import { DescriptorTables } from "../support/proc.ts";
import { fixture, runProgram, startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";

/** A request, and the route and path that the handler is told, or the status without one. */
type Case = readonly [path: string, expected: readonly [route: string, path: string] | number];

const PREFIXES: readonly Case[] = [
  ["/a/x", ["/a/", "/base/x"]],
  ["/a/y/../z?q", ["/a/", "/base/z"]],
  ["/a//%61", ["/a/", "/base/a"]],
  ["/b", ["/b", "/x"]],
  ["/b/c", ["/b", "/x/c"]],
  ["/a/deep/x", ["/a/deep/", "/x"]],
  ["/a/", ["/a/", "/base/"]],
  ["/a/secret/x", 404],
];

const ORDERED: readonly Case[] = [
  ["/img/%C3%A4/1", ["~ ^/img/(.*)/([0-9]+)$", "/1/%C3%A4"]],
  ["/img/a/2", ["~ ^/img/(.*)/([0-9]+)$", "/2/a"]],
  ["/img/a/b", ["/img/", "/pictures/a/b"]],
  ["/a", ["/", "/a"]],
  ["/a.php", 404],
];

Deno.test("mapped paths, on one connection", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using backend = await startBackend(socket, { fetch: fixture("mapped.ts") });
  const to = `fd://${socket}`;
  const configuration = {
    listen: "127.0.0.1:0",
    sites: [
      {
        names: "prefixes.test",
        routes: [
          { path: "/a/", to, mapTo: "/base/" },
          { path: "/a/secret/", to: null },
          { path: "/a/deep/", to },
          { path: "/b", to, mapTo: "/x" },
        ],
        errorDocuments: { "404": "<p>Nobody</p>" },
      },
      {
        names: "ordered.test",
        routes: [
          { match: "[.]php$", to: null },
          { match: "^/img/(.*)/([0-9]+)$", to, mapTo: "/$2/$1" },
          { path: "/img/", to, mapTo: "/pictures/" },
          { path: "/", to },
        ],
        errorDocuments: { "404": "<p>Nobody</p>" },
      },
      { names: "everything.test", routes: [{ path: "/", to, mapTo: "/all" }] },
    ],
  };
  await using front = await startFront(configuration);
  await get(front.port, "/a/", "prefixes.test");
  const tables = await DescriptorTables.of(front.pid, backend.pid);

  const check = (host: string, cases: readonly Case[]) =>
    t.step(host, async () => {
      using client = await RawClient.connect(front.port);
      for (const [path, expected] of cases) {
        const response = await client.get(path, host);
        if (typeof expected === "number") {
          assert.equal(response.status, expected, path);
          assert.equal(response.text, "<p>Nobody</p>");
        } else assert.deepEqual(JSON.parse(response.text), expected, path);
      }
      client.close();
      await tables.untilRestored();
    });
  // An answer of the front's own is the last one on a connection.
  await check("prefixes.test", PREFIXES);
  await check("ordered.test", ORDERED);
  await check("everything.test", [["/", ["/", "/all"]], ["/a", ["/", "/alla"]], ["/a/b", ["/", "/alla/b"]]]);

  await t.step("check says the same", async () => {
    const path = directory.write(
      "fdpass.json",
      JSON.stringify({ ...configuration, listen: "127.0.0.1:8080" }),
    );
    const route = async (url: string) => {
      const { code, stdout, stderr } = await runProgram(["check", path, "--route", url], {
        permissions: ["--allow-read"],
      });
      return code === 0 ? stdout : stderr;
    };
    assert.match(
      await route("http://ordered.test:8080/img/a/2"),
      /^route {5}~ "\^\/img\/\(\.\*\)\/\(\[0-9\]\+\)\$"\npath {6}\/2\/a$/m,
    );
    assert.match(await route("http://prefixes.test:8080/a/x"), /^path {6}\/base\/x$/m);
    assert.match(
      await route("http://prefixes.test:8080/a/secret/x"),
      /^fdpass: Nobody serves "\/a\/secret\/x"/,
    );
  });
  await front.stopCleanly();
  await backend.stopCleanly();
});
