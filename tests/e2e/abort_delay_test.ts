/** How long a client that has ended its side still counts as there, by a configuration and by an option. */

import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  ALLOW_LIBC,
  type FrontProgram,
  runProgram,
  startUp,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

/** Answers /wait when its client has left, or when /go is asked for, which tells how many that lets go. */
const APP = `
const waiting = new Set();
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/go")) {
      const many = waiting.size;
      for (const go of waiting) go("answered");
      waiting.clear();
      return new Response(String(many));
    }
    const { promise, resolve } = Promise.withResolvers();
    waiting.add(resolve);
    request.signal.addEventListener("abort", () => {
      waiting.delete(resolve);
      resolve("aborted");
    });
    return new Response(await promise);
  },
};`;

/** A client that ends its side behind a request that waits. */
async function halfClosed(up: FrontProgram, path: string): Promise<RawClient> {
  const client = await RawClient.connect(up.port);
  await client.write(`GET ${path}/wait HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`);
  await client.end();
  return client;
}

Deno.test("a handler is told of a client that has ended its side at once, or as late as said", async () => {
  using directory = new TemporaryDirectory();
  const fetch = directory.write("app.ts", APP);
  const kinds = {
    unsaid: {},
    soon: { abortDelay: 0 },
    soons: { abortDelay: "0s", workers: 2 },
    late: { abortDelay: "10m" },
    lates: { abortDelay: 600, workers: 2 },
  };
  const entries = Object.entries(kinds);
  await using up = await startUp({
    listen: "127.0.0.1:0",
    sites: [{ routes: entries.map(([name]) => ({ path: `/${name}`, to: name })) }],
    backends: Object.fromEntries(
      entries.map(([name, keys]) => [name, { socket: directory.join(`${name}.sock`), fetch, ...keys }]),
    ),
  });
  using late = await halfClosed(up, "/late");
  using lates = await halfClosed(up, "/lates");
  // What begins after those, and goes by the default, is aborted before they are.
  for (const path of ["/unsaid", "/soon", "/soons", "/unsaid"]) {
    using client = await halfClosed(up, path);
    assert.equal((await client.response()).text, "aborted", path);
  }
  for (const [path, client] of [["/late", late], ["/lates", lates]] as const) {
    // Of several processes each knows only who waits with it.
    await until(async () => (await get(up.port, `${path}/go`)).text === "1", "the handler that waits");
    assert.equal((await client.response()).text, "answered", path);
  }
  await up.stopCleanly();
});

Deno.test("a relay waits as long as said for the response to a client that has ended its side", async () => {
  using directory = new TemporaryDirectory();
  const asked: ServerResponse[] = [];
  const server = createServer((_, response) => asked.push(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using up = await startUp({
    listen: "127.0.0.1:0",
    sites: [{ routes: ["unsaid", "soon", "late"].map((name) => ({ path: `/${name}`, to: name })) }],
    backends: {
      unsaid: { socket: directory.join("unsaid.sock"), upstream },
      soon: { socket: directory.join("soon.sock"), upstream, abortDelay: 0 },
      late: { socket: directory.join("late.sock"), upstream, abortDelay: "10m" },
    },
  });
  using late = await halfClosed(up, "/late");
  await until(() => asked.length === 1, "the request at the server");
  for (const path of ["/soon", "/unsaid"]) {
    using client = await halfClosed(up, path);
    await client.assertEnded();
  }
  asked[0]!.end("answered");
  assert.equal((await late.response()).text, "answered");
  await up.stopCleanly();
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("a delay that cannot be read is told of", async () => {
  using directory = new TemporaryDirectory();
  const cases: [unknown, RegExp][] = [
    ["never", /backends\.web\.abortDelay: Cannot read the duration "never"/],
    [-1, /backends\.web\.abortDelay: Cannot wait for -1; write a duration from 0 to "1440m"/],
    ["2000m", /backends\.web\.abortDelay: Cannot wait for "2000m"/],
    [true, /abortDelay: Found true; write seconds, or "250ms"/],
  ];
  for (const [abortDelay, words] of cases) {
    const path = directory.write(
      "fdpass.json",
      JSON.stringify({
        listen: "8080",
        sites: [{ to: "web" }],
        backends: { web: { socket: "/run/w.sock", fetch: "./a.ts", abortDelay } },
      }),
    );
    const { code, stderr } = await runProgram(["check", path], { permissions: [ALLOW_LIBC, "--allow-read"] });
    assert.equal(code, 2);
    assert.match(stderr, words);
  }
  for (const text of ["x", "-1", "1441m"]) {
    const args = ["backend", "--socket", "/x", "--fetch", "a.ts", `--abort-delay=${text}`];
    const { code, stderr } = await runProgram(args, {});
    assert.equal(code, 2);
    assert.match(stderr, /--abort-delay/);
  }
});
