// One client among a hundred opens 10,000 connections and asks as fast as it can: nobody else notices.

import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import {
  close,
  connectTcp,
  type Descriptor,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  settle,
} from "../../ffi/mod.ts";
import { startFront, startUp, TemporaryDirectory } from "../support/processes.ts";
import { freePort } from "../support/ports.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const APP = `export default { fetch: () => new Response("here\\n") };`;
const REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
/** Connections that it keeps open at a time. */
const HELD = 500;

/** Statuses of requests on one connection; 0 for one that was not answered. */
async function ask(port: number, localAddress: string, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statuses: number[] = [];
  for (let number = 0; number < count; number++) {
    statuses.push(
      await new Promise((resolve) => {
        get({ host: "127.0.0.1", port, agent, localAddress }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode ?? 0));
        }).on("error", () => resolve(0));
      }),
    );
  }
  agent.destroy();
  return statuses;
}

/** Opens so many connections, and asks on each; how many answers with 200 have come. */
async function flood(port: number, count: number): Promise<number> {
  const open: Descriptor[] = [];
  const scratch = new Uint8Array(4_096);
  let answered = 0;
  const end = (fd: Descriptor) => {
    const length = settle(libc.recv(fd, scratch, BigInt(scratch.length), MSG_DONTWAIT));
    if (length > 0 && new TextDecoder().decode(scratch.subarray(0, length)).startsWith("HTTP/1.1 200")) {
      answered++;
    }
    close(fd);
  };
  for (let number = 0; number < count; number++) {
    const fd = connectTcp("127.0.0.1", port);
    settle(libc.send(fd, REQUEST, BigInt(REQUEST.length), MSG_DONTWAIT | MSG_NOSIGNAL));
    open.push(fd);
    if (open.length > HELD) end(open.shift()!);
    if (number % 20 === 0) await setImmediate();
  }
  for (const fd of open) end(fd);
  return answered;
}

Deno.test("99 clients lose nothing while one opens 10,000 connections and asks on each", async () => {
  using directory = new TemporaryDirectory();
  await using up = await startUp({
    listen: "127.0.0.1:0",
    maxConnectionsPerClient: 50,
    maxConnectionRatePerClient: 5,
    maxConnectionBurstPerClient: 10,
    maxRequestRatePerClient: 5,
    maxRequestBurstPerClient: 10,
    sites: [{ to: "app" }],
    backends: { app: { socket: directory.join("app.sock"), fetch: directory.write("app.ts", APP) } },
  });
  const port = up.ports[0]!;
  const begun = performance.now();
  const others = Promise.all(Array.from({ length: 99 }, (_, index) => ask(port, `127.0.1.${index + 1}`, 5)));
  const answered = await flood(port, 10_000);
  const most = 10 + 5 * (performance.now() - begun) / 1_000 + 1;
  assert.deepEqual((await others).flat().filter((status) => status !== 200), []);
  assert.ok(answered > 0 && answered <= most, `${answered} of at most ${most}`);
});

/** Whether a new connection gets an answer, or is closed at once. */
async function isLetIn(port: number, localAddress: string): Promise<boolean> {
  return (await ask(port, localAddress, 1))[0] === 200;
}

Deno.test("a client has no more connections than it may, whoever has them, until one ends", async () => {
  using directory = new TemporaryDirectory();
  const app = directory.write("app.ts", APP.replace("here\\n", "${Deno.pid}").replaceAll('"', "`"));
  directory.write("index.html", "page");
  const admin = freePort();
  await using up = await startUp({
    listen: "127.0.0.1:0",
    admin: `127.0.0.1:${admin}`,
    maxConnectionsPerClient: 4,
    sites: [{
      routes: [{ path: "/", to: "app" }, { path: "/files/", to: "files" }, { path: "/shell/", to: "shell" }],
    }],
    backends: {
      app: { socket: directory.join("app.sock"), fetch: app },
      files: { socket: directory.join("files.sock"), static: directory.path },
      shell: {
        socket: directory.join("shell.sock"),
        exec: [
          "/bin/sh",
          "-c",
          "read line; printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n'; cat",
        ],
      },
    },
  });
  const port = up.ports[0]!;
  const refused = async () => {
    const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    return Number(
      /^fdpass_answers_total\{status="0",reason="[^"]*PerClient\)"\} (\d+)$/m.exec(text)?.[1] ?? 0,
    );
  };
  const clients: RawClient[] = [];
  try {
    for (const path of ["/", "/files/", "/shell/"]) {
      clients.push(await RawClient.connect(port));
      assert.equal((await clients.at(-1)!.get(path)).status, 200, path);
    }
    // They go back to the front and to another backend, each still one connection and no more.
    for (let times = 0; times < 20; times++) {
      for (const [index, client] of clients.slice(0, 2).entries()) {
        assert.equal((await client.get((times + index) % 2 === 0 ? "/files/" : "/")).status, 200);
      }
    }
    assert.equal(await refused() > 0, false, "none of them was too much");
    clients.push(await RawClient.connect(port));
    assert.equal((await clients[3]!.get("/")).status, 200);
    assert.equal(await isLetIn(port, "127.0.0.1"), false, "a fifth");
    // It is closed a moment before the Worker has said what for.
    await until(async () => await refused() === 1 || undefined, "one refusal in the figures");
    assert.ok(await isLetIn(port, "127.0.0.2"), "another client");

    // Each kind says that one has ended.
    for (const [index, path] of ["/", "/files/", "/shell/"].entries()) {
      clients[index]!.close();
      clients[index] = await until(async () => {
        const client = await RawClient.connect(port);
        const answered = await client.get(path).then(({ status }) => status === 200, () => false);
        if (!answered) client.close();
        return answered ? client : undefined;
      }, `another one in place of that of ${path}`);
      assert.equal(await isLetIn(port, "127.0.0.1"), false, `a fifth after ${path}`);
    }
    // And so does the end of a process that says nothing.
    const { text } = await clients[0]!.get("/");
    Deno.kill(Number(text), "SIGKILL");
    await until(() => isLetIn(port, "127.0.0.1"), "another one after its backend was killed");
  } finally {
    for (const client of clients) client.close();
  }
});

Deno.test("on kept connections, backends count the requests of a client together with the front", async () => {
  using directory = new TemporaryDirectory();
  const admin = freePort();
  await using up = await startUp({
    listen: "127.0.0.1:0",
    admin: `127.0.0.1:${admin}`,
    maxRequestRatePerClient: 0.01,
    maxRequestBurstPerClient: 3,
    sites: [{ routes: [{ path: "/", to: "app" }, { path: "/other/", to: "other" }] }],
    backends: {
      app: { socket: directory.join("app.sock"), fetch: directory.write("app.ts", APP) },
      other: { socket: directory.join("other.sock"), fetch: directory.join("app.ts") },
    },
  });
  using one = await RawClient.connect(up.ports[0]!);
  using other = await RawClient.connect(up.ports[0]!);
  // The first of each connection are the front's to count, the others those of two processes: all in one table.
  for (const [client, path] of [[one, "/"], [other, "/other/"], [other, "/other/"]] as const) {
    assert.equal((await client.get(path)).status, 200);
  }
  const { status, fields } = await one.get("/");
  assert.deepEqual([status, fields.get("retry-after")], [429, "1"]);
  await one.assertEnded();
  // Each 429 is counted by whoever has said it, and once.
  const figure = async (start: string) => {
    const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    return Number(text.split("\n").find((line) => line.startsWith(start))?.slice(start.length));
  };
  const limited = 'fdpass_backend_limited_total{backend="app",what="requests"} ';
  await until(async () => await figure(limited) === 1 || undefined, "the backend's 429 in the figures");
  const classes = 'fdpass_requests_total{backend="app",kind="fetch",site="",route="/",code="4xx"} ';
  assert.equal(await figure(classes), 1);
});

Deno.test("a front's Workers count a client's connections and requests together", async () => {
  const rates = { maxConnectionRatePerClient: 0.01, maxConnectionBurstPerClient: 20 };
  const requests = { maxRequestRatePerClient: 0.01, maxRequestBurstPerClient: 7 };
  const [port, admin] = [freePort(), freePort()];
  await using front = await startFront(
    {
      listen: `127.0.0.1:${port}`,
      admin: `127.0.0.1:${admin}`,
      ...rates,
      ...requests,
      maxConnectionsPerClient: 12,
      sites: [{ routes: [{ path: "/x/", to: "fd:///nowhere.sock" }] }],
    },
    { args: ["--workers", "4"] },
  );
  const statuses: number[] = [];
  for (let number = 0; number < 60; number++) {
    using client = await RawClient.connect(port);
    statuses.push(await client.get("/").then(({ status }) => status, () => 0));
  }
  const count = (wanted: number) => statuses.filter((status) => status === wanted).length;
  assert.deepEqual([count(404), count(429), count(0)], [7, 13, 40]);
  const { workers } = await (await fetch(`http://127.0.0.1:${admin}/status.json`)).json();
  const busy = workers.filter(({ accepted }: { accepted: number }) => accepted > 0).length;
  assert.ok(busy > 1, "connections went to several Workers");
  // Another one has connections at a time, at all of them.
  const sockets = Array.from(
    { length: 20 },
    () => connect({ host: "127.0.0.1", port, localAddress: "127.0.0.9" }).on("error", () => {}).resume(),
  );
  try {
    await until(async () => {
      const { counters } = await (await fetch(`http://127.0.0.1:${admin}/status.json`)).json();
      return counters.accepted >= 80 && counters.open === 12 || undefined;
    }, "twelve of twenty to stay");
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await front.stopCleanly();
});
