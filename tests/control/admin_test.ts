/** The admin address, from the outside. */

import assert from "node:assert/strict";
import { PATIENT, startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { freePort } from "../support/ports.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

/** What a front answers at its admin address. */
async function ask(port: number, path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** The words of one answer to this head, and whatever else comes before the connection ends. */
async function say(port: number, head: string): Promise<string> {
  using connection = await Deno.connect({ port, hostname: "127.0.0.1" });
  await connection.write(new TextEncoder().encode(head.replace(/\r\n$/, "Connection: close\r\n\r\n")));
  return await new Response(connection.readable).text();
}

Deno.test("admin: ready once every route has had a backend, and until the front drains", async () => {
  using directory = new TemporaryDirectory();
  directory.write("name", "here");
  const admin = freePort();
  const socket = directory.join("files.sock");
  await using front = await startFront({
    ...PATIENT,
    listen: "127.0.0.1:0",
    admin: `127.0.0.1:${admin}`,
    sites: [{ names: "example.com", to: `fd://${socket}` }],
  });
  assert.deepEqual((await ask(admin, "/healthz")).text, "ok\n");
  const early = await ask(admin, "/ready");
  assert.equal(early.status, 503);
  assert.equal(early.text, "these routes have had no backend yet: example.com/\n");
  {
    await using backend = await startBackend(socket, { static: directory.path });
    await until(async () => (await ask(admin, "/ready")).status === 200 || undefined, "ready");
    await backend.stopCleanly();
  }
  await front.message(/backend \S+ lost/);
  assert.equal((await ask(admin, "/ready")).status, 200, "it had a backend once");

  // Somebody has begun to ask: draining waits for the rest.
  const client = await RawClient.connect(front.port);
  try {
    await client.write("GET / HTTP/1.1\r\n");
    await until(
      async () => /state="owned"} 1$/m.test((await ask(admin, "/metrics")).text) || undefined,
      "the connection",
    );
    front.signal("SIGTERM");
    await until(async () => (await ask(admin, "/ready")).text === "draining\n" || undefined, "draining");
    assert.equal((await ask(admin, "/healthz")).status, 200);
  } finally {
    client.close();
  }
  assert.equal((await front.end()).code, 0);
});

Deno.test("admin: for reading alone, by hosts that no other page can have", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.join("admin.sock");
  const admin = freePort();
  await using front = await startFront({
    ...PATIENT,
    listen: "127.0.0.1:0",
    admin: { address: `127.0.0.1:${admin}`, names: ["front.internal"] },
    sites: [{ to: `fd://${directory.join("none.sock")}` }],
  }, { args: [] });
  for (const host of ["127.0.0.1", "localhost:9", "[::1]:80", "front.internal", "FRONT.internal:7"]) {
    assert.match(await say(admin, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`), /^HTTP\/1.1 200 /, host);
  }
  for (const host of ["evil.example", "front.internal.evil.example", "127.0.0.1.evil.example", "x[::1]"]) {
    const answer = await say(admin, `GET /metrics HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1.1 4(21|00) /, host);
    assert.doesNotMatch(answer, /fdpass_/);
  }
  assert.match(
    await say(admin, "POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    /^HTTP\/1.1 405 .*\r\n/,
  );
  assert.match(await say(admin, "GET /constructor HTTP/1.1\r\nHost: localhost\r\n\r\n"), /^HTTP\/1.1 404 /);
  assert.match(await say(admin, "nonsense\r\n\r\n"), /^HTTP\/1.1 400 /);
  assert.match(await say(admin, `GET /${"x".repeat(9_000)} HTTP/1.1\r\n\r\n`), /^HTTP\/1.1 414 /);
  const head = await say(admin, "HEAD /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assert.match(head, /Content-Length: [1-9]\d+\r\n[^]*\r\n\r\n$/);

  // More than there is room for: whoever came first and asks nothing gives way.
  const silent: Deno.TcpConn[] = [];
  try {
    for (let index = 0; index < 80; index++) {
      silent.push(await Deno.connect({ port: admin, hostname: "127.0.0.1" }));
    }
    assert.equal((await ask(admin, "/healthz")).status, 200);
    assert.equal(await silent[0]!.read(new Uint8Array(1)), null);
  } finally {
    for (const connection of silent) connection.close();
  }
  // Whoever asks again and again has no connection for each, whoever says more than a request has one for it alone.
  {
    using client = await RawClient.connect(admin);
    for (let times = 0; times < 3; times++) {
      const { status, fields } = await client.get("/healthz", "localhost");
      assert.deepEqual([status, fields.get("connection")], [200, "keep-alive"]);
    }
    // In pieces, as no request before.
    for (const piece of ["GET /healthz HTT", "P/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n", "\r\nx"]) {
      await client.write(piece);
    }
    const { status, fields } = await client.response();
    assert.deepEqual([status, fields.get("connection")], [200, "close"]);
    await client.assertEnded();
  }
  const page = await ask(admin, "/");
  assert.match(page.headers.get("content-type")!, /^text\/html/);
  assert.match(page.headers.get("content-security-policy")!, /^default-src 'none';/);
  assert.match(page.text, /<h1>The backend is down<\/h1>/);
  const open = await ask(admin, "/metrics", { headers: { accept: "application/openmetrics-text;q=0.8" } });
  assert.match(open.headers.get("content-type")!, /^application\/openmetrics-text; version=1.0.0/);
  assert.match(open.text, /\n# EOF\n$/);
  await front.stopCleanly();

  await using other = await startFront(
    { ...PATIENT, listen: "127.0.0.1:0", sites: [{ to: `fd://${directory.join("none.sock")}` }] },
    { args: ["--admin", `unix:${path}`] },
  );
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const answer = await fetch("http://localhost/metrics", { client });
  assert.match(await answer.text(), /^fdpass_connections_accepted_total 0$/m);
  await other.stopCleanly();
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
});
