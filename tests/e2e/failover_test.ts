/** Backends that hang, die, or are replaced: every connection has exactly one owner, and its client an answer. */

import assert from "node:assert/strict";
import { heldBy } from "../support/lossless.ts";
import { atRest, DescriptorTables, isRunning, signalAll, untilStopped } from "../support/proc.ts";
import { fixture, startBackend, startFront, startUp, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { pause, until } from "../support/waiting.ts";

/** Opens connections that ask for `/0`, `/1` …, lets something happen, and reads all answers. */
async function askMany(port: number, count: number, meanwhile: () => Promise<void>): Promise<number[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(port)));
  try {
    await Promise.all(clients.map((client, index) => client.write(`GET /${index} HTTP/1.0\r\n\r\n`)));
    await meanwhile();
    return await Promise.all(clients.map(async (client, index) => {
      const { status, text } = await client.response();
      assert.equal(status, 200, text);
      const { path, process } = JSON.parse(text);
      assert.equal(path, `/${index}`);
      await client.assertEnded();
      return process;
    }));
  } finally {
    clients.forEach((client) => client.close());
  }
}

Deno.test("a backend that pauses for a moment answers all who came meanwhile", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using backend = await startBackend(socket, { fetch: fixture("app.ts") });
  await using front = await startFront({
    listen: "127.0.0.1:0",
    maxUnacknowledged: 16,
    sites: [{ to: `fd://${socket}` }],
  });
  await get(front.port, "/");
  const tables = await DescriptorTables.of(front.pid, backend.pid);
  backend.signal("SIGSTOP");
  const processes = await askMany(front.port, 300, async () => {
    await pause(100);
    backend.signal("SIGCONT");
  });
  assert.deepEqual(new Set(processes), new Set([backend.pid]));
  await tables.untilRestored();
  assert.doesNotMatch(front.stderr, /lost/);
  await backend.stopCleanly();
  await front.stopCleanly();
});

Deno.test("two backends of one route", async (t) => {
  using directory = new TemporaryDirectory();
  const sockets = [directory.join("first.sock"), directory.join("second.sock")] as const;
  await using first = await startBackend(sockets[0], { fetch: fixture("app.ts") });
  await using second = await startBackend(sockets[1], { fetch: fixture("app.ts") });
  const configuration = {
    listen: "127.0.0.1:0",
    sites: [{ to: sockets.map((socket) => `fd://${socket}`) }],
  };
  await using front = await startFront(configuration);
  const { port } = front;
  for (const backend of [first, second]) {
    await backend.message(new RegExp(`front ${front.pid}\\.1 connected`));
  }
  await get(port, "/");
  const tables = await DescriptorTables.of(front.pid, first.pid, second.pid);

  await t.step("share the work", async () => {
    // Nobody answers before all have been handed over: the front alone decides, however fast each of them is.
    const both = [first.pid, second.pid];
    signalAll(both, "SIGSTOP");
    for (const pid of both) await untilStopped(pid);
    const idle = heldBy(front.pid, port);
    const processes = await askMany(port, 100, async () => {
      await until(() => heldBy(front.pid, port) === idle + 100, "the front to have them all");
      await atRest([front.pid], () => heldBy(front.pid, port));
      signalAll(both, "SIGCONT");
    });
    for (const { pid } of [first, second]) {
      const share = processes.filter((process) => process === pid).length;
      assert.ok(share >= 49, `one of them has served ${share} of 100`);
    }
    await tables.untilRestored();
  });

  await t.step(
    "when one hangs, the other answers, and the first answers nothing twice when it goes on",
    async () => {
      await using hasty = await startFront({ ...configuration, acknowledgeTimeout: "400ms" });
      const connected = new RegExp(`front ${hasty.pid}\\.1 connected`);
      for (const backend of [first, second]) await backend.message(connected);
      const tables = await DescriptorTables.of(hasty.pid, first.pid, second.pid);
      first.signal("SIGSTOP");
      await untilStopped(first.pid);
      const processes = await askMany(hasty.port, 60, async () => {
        await hasty.message(/backend first lost/);
      });
      assert.deepEqual(new Set(processes), new Set([second.pid]));
      first.signal("SIGCONT");
      await until(
        async () => JSON.parse((await get(hasty.port, "/")).text).process === first.pid,
        "the first to be back",
      );
      await tables.untilRestored(undefined, { alike: true });
      await hasty.stopCleanly();
    },
  );

  await t.step("when one is killed with connections in its queue, the other answers those", async () => {
    first.signal("SIGSTOP");
    await untilStopped(first.pid);
    const processes = await askMany(port, 60, async () => {
      await pause(50);
      first.signal("SIGKILL");
    });
    assert.deepEqual(new Set(processes), new Set([second.pid]));
    assert.equal((await first.end()).signal, "SIGKILL");
  });

  await t.step("when one is stopped in good order, nobody notices", async () => {
    await using third = await startBackend(sockets[0], { fetch: fixture("app.ts") });
    await until(
      async () => JSON.parse((await get(port, "/")).text).process === third.pid,
      "the third to serve",
    );
    let stopped: Promise<void> | undefined;
    for (let round = 0; round < 6; round++) {
      await askMany(port, 30, async () => {});
      if (round === 2) stopped = third.stopCleanly();
    }
    await stopped;
  });

  await second.stopCleanly();
  await front.stopCleanly();
});

Deno.test("a backend that is replaced hands its idle connections to the next one", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  await using old = await startBackend(socket, { fetch: fixture("app.ts") });
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(front.port)));
  try {
    for (const client of clients) assert.equal(JSON.parse((await client.get("/1")).text).process, old.pid);
    const busy = clients[0]!;
    await busy.write("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
    await using next = await startBackend(socket, { fetch: fixture("app.ts") }, ["--take-over"]);
    const { code, stderr } = await old.stop();
    assert.equal(code, 0, stderr);
    assert.equal((await busy.response()).text, "slow");
    for (const client of clients.slice(1)) {
      const { status, text } = await client.get("/2");
      assert.equal(status, 200, text);
      const { process, path } = JSON.parse(text);
      assert.equal(process, next.pid);
      assert.equal(path, "/2");
    }
    clients.forEach((client) => client.close());
    await next.stopCleanly();
    await front.stopCleanly();
  } finally {
    clients.forEach((client) => client.close());
  }
});

Deno.test("several processes behind one path share the work, and one that dies is replaced", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using up = await startUp({
    listen: "127.0.0.1:0",
    sites: [{ to: "app" }],
    backends: { app: { socket, fetch: fixture("app.ts"), workers: 3 } },
  });
  // The front learns from the first of them that there are more.
  const processes = await until(async () => {
    const seen = new Set(await askMany(up.port, 60, async () => {}));
    return seen.size === 3 && seen;
  }, "three processes to serve");
  const [victim] = processes;
  Deno.kill(victim!, "SIGKILL");
  await until(() => !isRunning(victim!), "its end");
  await askMany(up.port, 100, async () => {});
  await until(
    async () => new Set(await askMany(up.port, 60, async () => {})).difference(processes).size === 1,
    "the new process to serve",
  );
  await up.stopCleanly();
});
