/** The backend sees the client itself: its address, not the front's. */

import assert from "node:assert/strict";
import { DescriptorTables } from "../support/proc.ts";
import { fixture, startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";

/** A listener, and how a client reaches it. */
const CASES = [
  { name: "IPv4", listen: "127.0.0.1:0", to: "127.0.0.1", seen: "127.0.0.1" },
  { name: "another IPv4 address of the host", listen: "127.0.0.2:0", to: "127.0.0.2", seen: "127.0.0.2" },
  { name: "every IPv4 address", listen: "0.0.0.0:0", to: "127.0.0.3", seen: "127.0.0.3" },
  { name: "IPv6", listen: "[::1]:0", to: "::1", seen: "::1" },
  { name: "IPv4 and IPv6 together, by IPv4", listen: "0", to: "127.0.0.4", seen: "127.0.0.4" },
  { name: "IPv4 and IPv6 together, by IPv6", listen: "0", to: "::1", seen: "::1" },
] as const;

Deno.test("addresses", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  const listen = [...new Set(CASES.map((one) => one.listen))];
  await using backend = await startBackend(socket, { fetch: fixture("app.ts") });
  await using front = await startFront({ listen, sites: [{ to: `fd://${socket}` }] });
  await get(front.port, "/");
  const tables = await DescriptorTables.of(front.pid, backend.pid);

  await t.step("every listener has a port of its own, which the ready line names", () => {
    assert.equal(front.ports.length, listen.length);
    assert.ok(front.ports.every((port) => port > 0));
    assert.equal(new Set(front.ports).size, listen.length);
    assert.match(
      front.stdout,
      /ready on 127\.0\.0\.1:\d+, 127\.0\.0\.2:\d+, 0\.0\.0\.0:\d+, \[::1\]:\d+, \[::\]:\d+\n/,
    );
  });

  for (const { name, listen: listener, to, seen } of CASES) {
    await t.step(
      `over ${name} the handler sees the client's address and the one it connected to`,
      async () => {
        const port = front.ports[listen.indexOf(listener)]!;
        using client = await RawClient.connect(port, to);
        const answer = JSON.parse((await client.get("/address")).text);
        assert.deepEqual(answer.remote, [client.address.hostname, client.address.port]);
        assert.deepEqual(answer.local, [seen, port]);
        assert.equal(answer.front, front.pid);
      },
    );
  }

  await t.step("clients that are connected at the same time are told apart", async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(front.port)));
    try {
      const answers = await Promise.all(clients.map((client) => client.get("/address")));
      answers.forEach(({ text }, index) => {
        assert.equal(JSON.parse(text).remote[1], clients[index]!.address.port);
      });
    } finally {
      clients.forEach((client) => client.close());
    }
  });

  await tables.untilRestored();
  await backend.stopCleanly();
  await front.stopCleanly();
});

Deno.test("several Workers serve one address, and every client reaches a backend", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using backend = await startBackend(socket, { fetch: fixture("app.ts") });
  const configuration = { listen: ["127.0.0.1:0", "[::]:0"], sites: [{ to: `fd://${socket}` }] };
  await using front = await startFront(configuration, { args: ["--workers", "3"] });
  await get(front.port, "/");
  await backend.message(/front \d+\.1 connected/);
  await backend.message(/front \d+\.2 connected/);
  await backend.message(/front \d+\.3 connected/);
  const tables = await DescriptorTables.of(front.pid, backend.pid);
  for (const port of front.ports) {
    const answers = await Promise.all(Array.from({ length: 60 }, () => get(port, "/address")));
    for (const { status, text } of answers) {
      assert.equal(status, 200);
      assert.deepEqual(JSON.parse(text).local, ["127.0.0.1", port]);
    }
  }
  await tables.untilRestored();
  await backend.stopCleanly();
  await front.stopCleanly();
});
