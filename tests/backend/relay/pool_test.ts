import assert from "node:assert/strict";
import { head, testRelay } from "./rig.ts";

const GET = head("GET / HTTP/1.1");
const NONE = "HTTP/1.1 204 No Content\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

testRelay("one connection to the upstream takes one request after another", async (it) => {
  for (let count = 0; count < 3; count++) {
    const client = it.give(GET);
    const peer = await it.request();
    peer.take();
    peer.send(`${OK}${count}.`);
    await it.gets(client, `${count}.`);
    await it.rig.settle();
    assert.equal(it.handler.idle, 1);
  }
  assert.equal(it.upstream.accept().length, 1);
});

testRelay("requests at the same time have connections of their own", async (it) => {
  const clients = [0, 1, 2].map(() => it.give(GET));
  for (let index = 0; index < 3; index++) (await it.request(index)).send(`${OK}${index}.`);
  for (const client of clients) await it.gets(client, ".");
  await it.rig.settle();
  assert.equal(it.handler.idle, 2);
}, { maxIdle: 2 });

testRelay("a kept connection that ends is noticed, and not used", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(`${OK}1.`);
  await it.gets(client, "1.");
  await it.rig.settle();
  assert.equal(it.handler.idle, 1);
  peer.close();
  await it.rig.until(() => it.handler.idle === 0, "the end of the kept connection");
  client.send(head("POST / HTTP/1.1", "Content-Length: 0"));
  (await it.request(1)).send(`${OK}2.`);
  await it.gets(client, "2.");
});

testRelay("a kept connection on which something comes unasked is not used", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(`${OK}1.`);
  await it.gets(client, "1.");
  await it.rig.settle();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  client.send(GET);
  (await it.request(1)).send(`${OK}2.`);
  assert.doesNotMatch(await it.gets(client, "2."), /evil/);
});

/** Gives a relay a kept connection that ends when it gets the next request, which is this one. */
function testStale(name: string, request: string, answer: RegExp, second: boolean): void {
  testRelay(name, async (it) => {
    const client = it.give(GET);
    const peer = await it.request();
    peer.send(`${OK}1.`);
    await it.gets(client, "1.");
    await it.rig.settle();
    peer.take();
    client.send(request);
    await it.request();
    peer.reset();
    if (second) (await it.request(1)).send(`${OK}2.`);
    const got = await it.gets(client, second ? "2." : "gave no valid response.\n");
    assert.match(got, answer);
    if (!second) assert.equal(it.upstream.accept().length, 1);
  });
}

testStale("a request that may be repeated is, when a kept connection has ended", GET, /200 OK/, true);
testStale(
  "one that has an effect each time is not",
  head("POST / HTTP/1.1", "Content-Length: 0"),
  /HTTP\/1\.1 502 /,
  false,
);
testStale(
  "one whose content is gone is not",
  head("PUT / HTTP/1.1", "Content-Length: 2") + "hi",
  /HTTP\/1\.1 502 /,
  false,
);

testRelay("a new connection that ends without a response is not tried again", async (it) => {
  const client = it.give(GET);
  (await it.request()).close();
  await it.gets(client, "gave no valid response.\n");
  assert.equal(it.upstream.accept().length, 1);
});

testRelay("a request whose response has begun is not repeated", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(`${OK}1.`);
  await it.gets(client, "1.");
  await it.rig.settle();
  peer.take();
  client.send(GET);
  await it.request();
  peer.send("HTTP/1.1 2");
  await it.rig.settle();
  peer.reset();
  await it.gets(client, "502");
  assert.equal(it.upstream.accept().length, 1);
});

for (
  const [what, response] of [
    ["Connection: close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n1."],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n1."],
    [
      "a time that is over at once",
      `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\n1.`,
    ],
  ] as const
) {
  testRelay(`a connection with ${what} is not kept`, async (it) => {
    const client = it.give(GET);
    const peer = await it.request();
    peer.send(response);
    await it.gets(client, "1.");
    await it.rig.until(() => peer.ended, "the end of the connection");
    assert.equal(it.handler.idle, 0);
  });
}

testRelay("a kept connection is closed before the upstream's own time for it is over", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=9\r\nContent-Length: 2\r\n\r\n1.");
  await it.gets(client, "1.");
  await it.rig.settle();
  await it.rig.advance(3_500);
  assert.equal(it.handler.idle, 1);
  await it.rig.advance(4_000);
  assert.equal(it.handler.idle, 0);
  assert.equal(peer.ended, "end");
});

testRelay("a kept connection is closed when nobody needs it", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(`${OK}1.`);
  await it.gets(client, "1.");
  await it.rig.settle();
  await it.rig.advance(15_000);
  assert.equal(peer.ended, "end");
});

testRelay("requests beyond the most connections wait in line, and take over what is free", async (it) => {
  const [first, second, third] = [1, 2, 3].map((n) => it.give(head(`GET /${n} HTTP/1.1`)));
  const peer = await it.request();
  await it.rig.settle();
  assert.equal(it.upstream.accept().length, 1);
  assert.equal(it.handler.waiting, 2);
  peer.take();
  peer.send(NONE);
  await it.gets(first!, "204");
  await it.hears(peer, "GET /2 ");
  peer.take();
  peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  await it.gets(second!, "204");
  const other = await it.request(1);
  assert.match(other.received, /^GET \/3 /);
  other.send(NONE);
  await it.gets(third!, "204");
  assert.deepEqual([it.handler.waiting, it.handler.idle], [0, 1]);
}, { maxUpstream: 1 });

testRelay("whoever waits for a connection too long gets 503", async (it) => {
  const first = it.give(GET);
  const peer = await it.request();
  const second = it.give(GET);
  await it.rig.settle();
  it.rig.clock.now += 1_000;
  // Behind something of its response the first one has all of its time again.
  peer.send("HTTP/1.1 ");
  await it.rig.settle();
  it.rig.clock.now += 1_000;
  const answer = await it.gets(second, "Please try again soon.\n");
  assert.match(answer, /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*\r\nRetry-After: 1\r\n/);
  it.rig.clock.now += 1_000;
  assert.match(await it.gets(first, "in time.\n"), /^HTTP\/1\.1 504 /);
  assert.equal(peer.ended, "end");
  assert.deepEqual(it.events.map((event) => "reason" in event && event.reason), [
    "all connections to it that there may be were in use for too long",
    "it did not respond in time",
  ]);
}, { maxUpstream: 1, timeout: 2_000 });

testRelay("a client that goes while it waits for a connection leaves the line", async (it) => {
  it.give(GET);
  await it.request();
  const second = it.give(GET);
  await it.rig.settle();
  second.reset();
  await it.rig.until(() => it.handler.waiting === 0, "the end of the wait");
  await it.rig.until(() => it.rig.backend.active === 1, "the end of the connection");
  assert.deepEqual(it.errors, []);
}, { maxUpstream: 1 });

testRelay("an idle connection that has ended makes room for a new one", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(NONE);
  await it.gets(client, "204");
  await it.rig.until(() => it.handler.idle === 1, "an idle connection");
  peer.take();
  client.send(GET);
  await it.request();
  peer.reset();
  const other = await it.request(1);
  other.send(NONE);
  await it.rig.until(() => client.received.split("204").length === 3, "the second answer");
  assert.equal(it.handler.idle, 1);
}, { maxUpstream: 1 });

testRelay("connections are made, and waited for, while no promise has its turn", async (it) => {
  const { rig, upstream } = it;
  const clients = [0, 1].map(() => it.give(head("GET / HTTP/1.1", "Connection: close")));
  for (const [index, client] of clients.entries()) {
    const peer = rig.untilBlocking(
      () => upstream.accept()[index]?.received.endsWith("\r\n\r\n") && upstream.accept()[index],
      `a request on connection ${index} of the upstream`,
    );
    assert.equal(it.handler.waiting, 1 - index);
    peer.send(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n${index}.`);
    rig.untilBlocking(() => client.received.endsWith(`${index}.`), "the response at the client");
  }
  await rig.settle();
}, { maxUpstream: 1 });
