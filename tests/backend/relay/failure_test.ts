import assert from "node:assert/strict";
import { UpstreamError } from "../../../src/backend/relay/upstream_error.ts";
import { head, testRelay, undated } from "./rig.ts";

const GET = head("GET / HTTP/1.1");
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

testRelay("an upstream that is away is 502, told once, and told when it is back", async (it) => {
  it.upstream.stopListening();
  const client = it.give(GET);
  await it.gets(client, "502 Bad Gateway\r\n");
  client.send(GET);
  await it.rig.until(() => client.received.split("502 Bad Gateway\r\n").length === 3, "a second answer");
  assert.deepEqual(it.events, [{
    type: "upstream-away",
    status: 502,
    reason: `it cannot be reached at 127.0.0.1:${it.upstream.port}: nobody listens there (ECONNREFUSED)`,
  }]);
});

testRelay("an upstream that is silent is 504", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  await it.rig.advance(59_000);
  assert.equal(client.received, "");
  await it.rig.advance(60_000);
  assert.match(
    undated(client.received),
    /^HTTP\/1\.1 504 Gateway Timeout\r\n[^]*\n\nThe server behind this one did not respond in time\.\n$/,
  );
  assert.equal(peer.ended, "end");
  assert.deepEqual(it.events, [{
    type: "upstream-failed",
    request: "GET /",
    reason: "it did not respond in time",
  }]);
});

testRelay("an upstream that does not take connections in time is 504", async (it) => {
  it.upstream.fill();
  const client = it.give(GET);
  await it.rig.settle();
  await it.rig.advance(1_500);
  assert.equal(client.received, "");
  await it.rig.advance(2_000);
  assert.match(await it.gets(client, "in time.\n"), /^HTTP\/1\.1 504 Gateway Timeout\r\n/);
  assert.deepEqual(it.events, [{
    type: "upstream-away",
    status: 504,
    reason: `it cannot be reached at 127.0.0.1:${it.upstream.port} in time`,
  }]);
}, { connectTimeout: 2_000 });

testRelay("the time for an upstream can be set", async (it) => {
  const client = it.give(GET);
  await it.request();
  await it.rig.advance(2_000);
  assert.match(client.received, /^HTTP\/1\.1 504 /);
}, { timeout: 2_000 });

for (
  const [what, response, client, how] of [
    [
      "before the end of its length",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
      "end",
    ],
    ["before the last chunk", `${CHUNKED}5\r\nhello\r\n`, `${CHUNKED}5\r\nhello\r\n`, "end"],
    ["in a chunk", `${CHUNKED}9\r\nhello`, `${CHUNKED}5\r\nhello\r\n`, "reset"],
    [
      "where only the end of the connection ends it",
      "HTTP/1.1 200 OK\r\n\r\nhello",
      `${CHUNKED}5\r\nhello\r\n`,
      "reset",
    ],
  ] as const
) {
  testRelay(`a response that breaks off ${what} has no good end`, async (it) => {
    const asking = it.give(GET);
    const peer = await it.request();
    peer.send(response);
    await it.gets(asking, "hello");
    if (how === "reset") peer.reset();
    else peer.close();
    assert.equal(undated(await it.rig.rest(asking)), client);
    assert.equal(it.errors.length, 1);
    assert.ok(it.errors[0] instanceof UpstreamError);
  });
}

testRelay("HTTP/1.0 clients, who know no other end, get a reset", async (it) => {
  const client = it.give("GET / HTTP/1.0\r\n\r\n");
  const peer = await it.request();
  peer.send(`${CHUNKED}5\r\nhello\r\n`);
  await it.gets(client, "hello");
  peer.close();
  await it.rig.rest(client);
  assert.equal(client.ended, "reset");
});

testRelay("chunks that are none break the response off", async (it) => {
  const client = it.give(GET);
  (await it.request()).send(`${CHUNKED}5\r\nhello\r\n5 hello`);
  assert.doesNotMatch(await it.rig.rest(client), /\r\n0\r\n\r\n$/);
  assert.match(String(it.errors[0]), /its response is malformed: there is whitespace after a chunk's size/);
});

testRelay("a client that leaves takes its request with it", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  client.reset();
  await it.rig.until(() => peer.ended, "the end of the upstream's connection");
  assert.deepEqual([it.events, it.errors], [[], []]);
});

testRelay("a client that leaves in the middle of a response does, too", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
  await it.gets(client, "hello");
  client.close();
  await it.rig.until(() => peer.send("more") < 0 || peer.ended, "the end of the upstream's connection");
  assert.equal(it.handler.idle, 0);
});

testRelay("a client that has ended its side gets a response that comes soon", async (it) => {
  const client = it.give(GET);
  client.end();
  const peer = await it.request();
  await it.rig.settle();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  assert.match(await it.rig.rest(client), /hello$/);
});

testRelay("one that has closed takes its request with it, after a moment", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  client.close();
  await it.rig.settle();
  await it.rig.advance(99);
  assert.equal(peer.ended, false);
  await it.rig.advance(1);
  await it.rig.until(() => peer.ended, "the end of the upstream's connection");
  await it.rig.until(() => it.rig.backend.active === 0, "the end of the client's");
  assert.deepEqual([it.events, it.errors, it.handler.idle], [[], [], 0]);
}, { backend: { abortDelay: 100 } });

testRelay("one that has ended its side gets all of a response that has begun", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  await it.gets(client, "hello");
  client.end();
  await it.rig.settle();
  await it.rig.advance(10_000);
  peer.send("world");
  assert.match(await it.rig.rest(client), /helloworld$/);
});

testRelay("one that ends its side behind content is not gone as long as that is not read", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 5"));
  const peer = await it.request();
  client.send("hello");
  client.end();
  await it.rig.settle();
  // What starts anew starts at the clock, so that has to go on.
  it.rig.clock.now += 150;
  await it.rig.settle();
  assert.equal(peer.ended, false);
  peer.send("HTTP/1.1 100 Continue\r\n\r\n");
  await it.hears(peer, "hello");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  assert.match(await it.rig.rest(client), /hi$/);
}, { backend: { abortDelay: 100 } });

testRelay("a client that closes while a stream is idle takes it with it, at once", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(`${CHUNKED}5\r\nhello\r\n`);
  await it.gets(client, "hello");
  client.close();
  await it.rig.until(() => peer.ended, "the end of the upstream's connection");
  assert.deepEqual([it.events, it.handler.idle], [[], 0]);
});

testRelay("one that has only ended its side while a stream is idle gets the rest of it", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(`${CHUNKED}5\r\nhello\r\n`);
  await it.gets(client, "hello");
  client.end();
  await it.gets(client, "hello\r\n0");
  peer.send("5\r\nworld\r\n0\r\n\r\n");
  assert.match(await it.rig.rest(client), /hello\r\n05\r\nworld\r\n0\r\n\r\n$/);
});

const asked: string[] = [];

testRelay("a name is looked up once in a while, and its addresses are tried in order", async (it) => {
  for (let count = 0; count < 2; count++) {
    const client = it.give(GET);
    const peer = await it.request(count);
    peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    await it.gets(client, "hi");
  }
  assert.deepEqual(asked, ["app.internal"]);
}, {
  host: "app.internal",
  // Nobody listens on the first one.
  lookup: (name) => {
    asked.push(name);
    return Promise.resolve(["127.0.0.9", "127.0.0.1"]);
  },
});

testRelay("a name that is not found is 502", async (it) => {
  await it.gets(it.give(GET), "502 Bad Gateway\r\n");
  assert.deepEqual(it.events, [{
    type: "upstream-away",
    status: 502,
    reason: 'the name "app.internal" was not found: no such name',
  }]);
}, { host: "app.internal", lookup: () => Promise.reject(new Error("no such name")) });
