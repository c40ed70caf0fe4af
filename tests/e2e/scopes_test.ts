/** What follows on a kept connection is answered by whom it is for, and by nobody else. */

import assert from "node:assert/strict";
import { DescriptorTables } from "../support/proc.ts";
import { fixture, type Program, startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, join, RawClient, type RawResponse, seededBytes, sha256 } from "../support/raw_client.ts";

Deno.test("scopes of hand-offs", async (t) => {
  using directory = new TemporaryDirectory();
  const sockets = ["first", "second"].map((name) => directory.join(`${name}.sock`));
  const [first, second] = sockets.map((socket) => `fd://${socket}`);
  await using firstBackend = await startBackend(sockets[0]!, { fetch: fixture("app.ts") });
  await using secondBackend = await startBackend(sockets[1]!, { fetch: fixture("app.ts") });
  await using front = await startFront({
    listen: "127.0.0.1:0",
    sites: [
      { names: ["one.test", "*.one.test"], to: first! },
      { names: "other.test", to: second! },
      { names: "deep.one.test", to: second! },
      { names: "two.test", routes: [{ path: "/a", to: first! }, { path: "/b", to: second! }] },
      { names: "nested.test", routes: [{ path: "/", to: first! }, { path: "/files/", to: second! }] },
      { names: "close.test", routes: [{ path: "/", to: first!, keepAlive: "close" }] },
      { names: "part.test", routes: [{ path: "/part/", to: first! }] },
    ],
  });
  const { port } = front;
  await get(port, "/", "one.test");
  await get(port, "/", "other.test");
  const tables = await DescriptorTables.of(front.pid, firstBackend.pid, secondBackend.pid);

  const step = (name: string, body: (client: RawClient) => Promise<void>) =>
    t.step(name, async () => {
      using client = await RawClient.connect(port);
      await body(client);
      client.close();
      await tables.untilRestored();
    });

  await step(
    "of a site with two routes: each request goes to its own, on the one connection",
    async (client) => {
      for (const [index, path] of ["/a/x", "/b", "/b/../a", "/a", "/b/y", "/a/../b"].entries()) {
        const response = await client.get(path, "two.test");
        assertServedBy([0, 2, 3].includes(index) ? firstBackend : secondBackend, response, path, "two.test");
        assert.equal(response.fields.get("connection"), undefined);
      }
      assert.equal((await client.get("/neither", "two.test")).status, 404);
      await client.assertEnded();
    },
  );

  await step(
    "of a site with two routes: requests in one write are each answered by their own",
    async (client) => {
      const wanted = Array.from({ length: 30 }, (_, index) => `/${index % 3 === 1 ? "b" : "a"}/${index}`);
      await client.write(wanted.map((path) => `GET ${path} HTTP/1.1\r\nHost: two.test\r\n\r\n`).join(""));
      for (const path of wanted) {
        assertServedBy(path.startsWith("/b") ? secondBackend : firstBackend, await client.response(), path);
      }
    },
  );

  await step("a route below another takes its part, and leaves the rest", async (client) => {
    for (const path of ["/", "/files/", "/files/a", "/filesx", "/", "/files/../x"]) {
      const isBelow = path === "/files/" || path === "/files/a";
      const response = await client.get(path, "nested.test");
      assertServedBy(isBelow ? secondBackend : firstBackend, response, path, "nested.test");
    }
    const { status, fields } = await client.get("/files?a=b", "nested.test");
    assert.deepEqual([status, fields.get("location")], [301, "http://nested.test/files/?a=b"]);
  });

  await step("of a site with one route: the connection is kept for the same Host", async (client) => {
    for (const path of ["/1", "/2", "/3"]) {
      const response = await client.get(path, "one.test");
      assertServedBy(firstBackend, response, path);
      assert.equal(response.fields.get("connection"), undefined);
    }
    assertServedBy(firstBackend, await client.get("/case", "ONE.test"), "/case");
  });

  await step("another Host on the same connection goes to its own site, and back", async (client) => {
    for (let round = 0; round < 3; round++) {
      const path = `/${round}`;
      assertServedBy(firstBackend, await client.get(path, "one.test"), path, "one.test");
      assertServedBy(secondBackend, await client.get(path, "other.test"), path, "other.test");
    }
  });

  await step("a name that a wildcard covers and another site has goes to that site", async (client) => {
    assertServedBy(firstBackend, await client.get("/", "x.one.test"), "/", "one.test");
    assertServedBy(secondBackend, await client.get("/", "deep.one.test"), "/", "deep.one.test");
  });

  await step(
    "requests for several sites in one write are each answered by their own, in order",
    async (client) => {
      const wanted = Array.from({ length: 30 }, (_, index) => index % 3 === 0 ? "other.test" : "one.test");
      await client.write(
        wanted.map((host, index) => `GET /${index} HTTP/1.1\r\nHost: ${host}\r\n\r\n`).join(""),
      );
      for (const [index, host] of wanted.entries()) {
        const backend = host === "one.test" ? firstBackend : secondBackend;
        assertServedBy(backend, await client.response(), `/${index}`, host);
      }
    },
  );

  await step("content travels with a request that is given back", async (client) => {
    const body = seededBytes(100_000, 21);
    const head = `POST /digest HTTP/1.1\r\nHost: other.test\r\nContent-Length: ${body.length}\r\n\r\n`;
    await client.write(join("GET /1 HTTP/1.1\r\nHost: one.test\r\n\r\n", head, body));
    assertServedBy(firstBackend, await client.response(), "/1");
    const { text } = await client.response();
    assert.deepEqual(JSON.parse(text), { length: body.length, hash: await sha256(body) });
    assertServedBy(firstBackend, await client.get("/2", "one.test"), "/2");
  });

  await step("a large head in the middle of much else is given back whole, or refused", async (client) => {
    // Read in pieces of some 60 KiB: the head for the other site straddles two of them.
    const small = Array.from(
      { length: 1_500 },
      (_, index) => `GET /${index} HTTP/1.1\r\nHost: one.test\r\n\r\n`,
    );
    const body = seededBytes(60_000, 22);
    const head = `POST /digest HTTP/1.1\r\nHost: other.test\r\nContent-Length: ${body.length}\r\n` +
      `Long: ${"x".repeat(30_000)}\r\n\r\n`;
    const start = small.join("").slice(0, 61_440 - 16_000).lastIndexOf("GET /");
    const filler = small.join("").slice(0, start);
    const written = client.write(join(filler, head, body));
    const count = filler.split("GET /").length - 1;
    for (let index = 0; index < count; index++) {
      assertServedBy(firstBackend, await client.response(), `/${index}`);
    }
    const { status, text } = await client.response();
    await written;
    assert.equal(status, 200, text);
    assert.deepEqual(JSON.parse(text), { length: body.length, hash: await sha256(body) });
  });

  await step(
    "a connection that went through several hands still shows the client's address",
    async (client) => {
      for (const host of ["one.test", "other.test", "one.test"]) {
        const { remote, local } = JSON.parse((await client.get("/address", host)).text);
        assert.deepEqual(remote, ["127.0.0.1", client.address.port]);
        assert.deepEqual(local, ["127.0.0.1", port]);
      }
    },
  );

  await step("a path outside the route is the front's to refuse", async (client) => {
    assertServedBy(firstBackend, await client.get("/part/1", "part.test"), "/part/1");
    assertServedBy(firstBackend, await client.get("/part/x/../2", "part.test"), "/part/2");
    const { status, fields } = await client.get("/part/../elsewhere", "part.test");
    assert.equal(status, 404);
    assert.equal(fields.get("connection"), "close");
    await client.assertEnded();
  });

  await step("a malformed request after a good one is answered with 400", async (client) => {
    assertServedBy(firstBackend, await client.get("/1", "one.test"), "/1");
    await client.write("GET / HTTP/1.1\r\n\r\n");
    assert.equal((await client.response()).status, 400);
    await client.assertEnded();
  });

  await step(
    "a client that ends its side gets the answer to what it asked last, wherever that is",
    async (client) => {
      assertServedBy(firstBackend, await client.get("/a", "two.test"), "/a");
      await client.write("GET /b HTTP/1.1\r\nHost: two.test\r\n\r\n");
      await client.end();
      assertServedBy(secondBackend, await client.response(), "/b");
      await client.assertEnded();
    },
  );

  await step("a route that keeps nothing closes after each answer", async (client) => {
    const response = await client.get("/", "close.test");
    assertServedBy(firstBackend, response, "/");
    assert.equal(response.fields.get("connection"), "close");
    await client.assertEnded();
  });

  assert.doesNotMatch(firstBackend.stderr + secondBackend.stderr + front.stderr, /error|fatal/);
  await firstBackend.stopCleanly();
  await secondBackend.stopCleanly();
  await front.stopCleanly();
});

function assertServedBy(backend: Program, response: RawResponse, path: string, site?: string): void {
  assert.equal(response.status, 200, `${response.head}${response.text}`);
  const answer = JSON.parse(response.text);
  assert.equal(answer.process, backend.pid, `${path} was answered by the wrong backend`);
  assert.equal(answer.path, new URL(path, "http://any").pathname);
  if (site !== undefined) assert.equal(answer.site, site);
}
