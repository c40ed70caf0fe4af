/** One connection, every request at its own route: three backends of three kinds behind four of them. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tell } from "../support/load.ts";
import { DescriptorTables } from "../support/proc.ts";
import { childNamed, frontBelow } from "../support/lossless.ts";
import { fixture, startUp, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";

const REQUESTS = 10_000;

/** A server that knows nothing of hand-offs; it says what it was asked for, and by whom. */
async function startUpstream(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ upstream: request.url, client: request.headers["x-forwarded-for"] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

Deno.test("10,000 requests at random over four routes of three backends, on one connection", async (t) => {
  using directory = new TemporaryDirectory();
  directory.write("one.txt", "a file\n");
  await using upstream = await startUpstream();
  await using up = await startUp({
    listen: "127.0.0.1:0",
    sites: [{
      routes: [
        { path: "/", to: "app" },
        { path: "/files/", to: "files" },
        { path: "/app/deep", to: "app" },
        { path: "/api/", to: "api" },
      ],
    }],
    backends: {
      app: { socket: directory.join("app.sock"), fetch: fixture("app.ts") },
      files: { socket: directory.join("files.sock"), static: directory.path },
      api: { socket: directory.join("api.sock"), upstream: `http://127.0.0.1:${upstream.port}` },
    },
  });
  const pids = ["app", "files", "api"].map((name) => childNamed(up.pid, name)!);
  const [app] = pids;
  /** A request for each route, and what has to come back. */
  const routes = [
    async (number: number) => {
      const answer = JSON.parse((await client.get(`/app/${number}`)).text);
      assert.deepEqual([answer.process, answer.route, answer.path], [app, "/", `/app/${number}`]);
    },
    async (number: number) => {
      const answer = JSON.parse((await client.get(`/app/deep/${number}`)).text);
      assert.deepEqual([answer.process, answer.route], [app, "/app/deep"]);
    },
    async () => assert.equal((await client.get("/files/one.txt")).text, "a file\n"),
    async (number: number) => {
      const answer = JSON.parse((await client.get(`/api/${number}`)).text);
      assert.deepEqual(answer, { upstream: `/${number}`, client: "127.0.0.1" });
    },
  ];
  let client = await RawClient.connect(up.port);
  for (const route of routes) await route(0);
  client.close();
  const tables = await DescriptorTables.of(frontBelow(up.pid), ...pids);

  client = await RawClient.connect(up.port);
  const { port } = client.address;
  let state = 20_241_124;
  let switches = 0;
  let last = -1;
  for (let number = 1; number <= REQUESTS; number++) {
    // A linear congruential generator: the same requests in every run.
    state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0;
    const next = state >>> 30;
    if (next !== last) switches++;
    last = next;
    await routes[next]!(number);
  }
  const answer = JSON.parse((await client.get("/address")).text);
  assert.deepEqual(answer.remote, ["127.0.0.1", port]);
  await tell(t, `${REQUESTS} requests on one connection, which went to another route ${switches} times`);
  client.close();
  // A connection to the server that idles may have been closed, and another one opened.
  await tables.untilRestored(undefined, { alike: true });
  assert.doesNotMatch(up.stderr, /error|fatal/);
  await up.stopCleanly();
});
