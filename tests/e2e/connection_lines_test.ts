/** Lines for connections whose requests nobody here looks at: programs that get the socket, and plain relays. */

import assert from "node:assert/strict";
import { freePort } from "../support/ports.ts";
import { startUp, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

/** Reads a request's head, answers with 20 bytes, and ends as it is asked to. */
const PROGRAM = `#!/bin/sh
read -r method target rest
while read -r line && [ "$line" != "$(printf '\\r')" ]; do :; done
printf 'HTTP/1.1 200 OK\\r\\n\\r\\n!'
case "$target" in *bad*) exit 3;; esac
`;

interface Line {
  readonly kind: string;
  readonly client_port: number;
  readonly [key: string]: unknown;
}

Deno.test("access log: a line for each connection of programs and plain relays", async () => {
  using directory = new TemporaryDirectory();
  directory.write("program", PROGRAM);
  Deno.chmodSync(directory.join("program"), 0o755);
  await using upstream = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("upstream"),
  );
  const [relay, away] = [freePort(), freePort()];
  await using up = await startUp({
    listen: "127.0.0.1:0",
    accessLog: { file: directory.join("log"), format: "json" },
    sites: [
      { routes: [{ path: "/", to: "program" }, { path: "/files/", to: "files" }] },
      { listen: `127.0.0.1:${relay}`, to: "relay" },
      { listen: `127.0.0.1:${away}`, to: "away" },
    ],
    backends: {
      program: { socket: directory.join("program.sock"), exec: [directory.join("program")] },
      files: { socket: directory.join("files.sock"), static: directory.path },
      relay: {
        socket: directory.join("relay.sock"),
        upstream: `http://127.0.0.1:${upstream.addr.port}`,
        plain: true,
      },
      away: { socket: directory.join("away.sock"), upstream: `http://127.0.0.1:${freePort()}`, plain: true },
    },
  });
  const port = up.ports[0]!;
  const lines = () =>
    Deno.readTextFileSync(directory.join("log")).split("\n").slice(0, -1).map((line) =>
      JSON.parse(line) as Line
    );
  const lineOf = (ofPort: number, kind: string) =>
    until(
      () => lines().find((line) => line.client_port === ofPort && line.kind === kind),
      () => `a line of ${kind} for ${ofPort} in ${JSON.stringify(lines())}`,
    );
  /** What all of them have and lack. */
  const check = (line: Line, more: Record<string, unknown>) => {
    const { method, target, status, request } = line;
    assert.deepEqual({ method, target, status, request }, {
      method: null,
      target: null,
      status: null,
      request: 0,
    });
    assert.match(String(line.id), /^[\da-f]{4}-[\da-f]+$/);
    for (const [key, value] of Object.entries(more)) assert.equal(line[key], value, `${key} of ${line.kind}`);
  };

  for (const [path, flags] of [["/well", null], ["/bad", "handler-failed"]] as const) {
    using client = await RawClient.connect(port);
    await client.write(`GET ${path} HTTP/1.0\r\n\r\n`);
    assert.equal((await client.rest()).length, 20);
    const line = await lineOf(client.address.port, "exec");
    check(line, { flags, connection: "closed", backend: "program", route: "/", received: 0, sent: 0 });
  }

  // One that has come back to the front brings what was read of it: the program gets it over a bridge.
  using kept = await RawClient.connect(port);
  const request = "GET /bridged HTTP/1.1\r\nHost: a\r\n\r\n";
  assert.equal((await kept.get("/files/none")).status, 404);
  await kept.write(`GET /files/none HTTP/1.1\r\nHost: a\r\n\r\n${request}`);
  assert.equal((await kept.response()).status, 404);
  assert.equal((await kept.rest()).length, 20);
  check(await lineOf(kept.address.port, "exec"), { flags: null, received: request.length, sent: 20 });

  const client = await RawClient.connect(relay);
  for (let times = 0; times < 3; times++) assert.equal((await client.get("/")).text, "upstream");
  const { port: clientPort } = client.address;
  client.close();
  const relayed = await lineOf(clientPort, "relay");
  const received = 3 * "GET / HTTP/1.1\r\nHost: test\r\n\r\n".length;
  check(relayed, { flags: null, connection: "closed", backend: "relay", received });
  assert.ok(Number(relayed.sent) > 3 * 100, JSON.stringify(relayed));

  const refused = await get(away, "/");
  assert.equal(refused.status, 502);
  const [line] = await until(() => {
    const found = lines().filter(({ backend }) => backend === "away");
    return found.length > 0 ? found : undefined;
  }, "the line of a refusal");
  assert.equal(line!.status, 502);
  assert.equal(line!.bytes, refused.body.length);
  assert.match(String(line!.why), /ECONNREFUSED/);

  await up.stopCleanly();
  assert.equal(lines().filter(({ kind }) => kind === "exec").length, 3);
});
