import assert from "node:assert/strict";
import { head, testRelay, undated } from "./rig.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NEXT = head("GET /next HTTP/1.1");
const PIECE = "0123456789abcdef".repeat(4096); // 64 KiB

testRelay("content goes on as it comes, with its length", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Content-Length: 10"));
  const peer = await it.request();
  client.send("hello");
  await it.hears(peer, "\r\n\r\nhello");
  client.send("world");
  assert.match(await it.hears(peer, "helloworld"), /\r\nContent-Length: 10\r\n/);
  peer.send(OK);
  await it.gets(client, "ok");
  await it.rig.settle();
  assert.equal(it.handler.idle, 1);
});

testRelay("chunked content goes on as it comes, in chunks", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Transfer-Encoding: chunked"));
  const peer = await it.request();
  client.send("5\r\nhello\r\n");
  await it.hears(peer, "\r\n\r\n5\r\nhello\r\n");
  client.send("1\r\n!\r\n0\r\n\r\n");
  const got = await it.hears(peer, "0\r\n\r\n");
  assert.match(got, /5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n$/);
  assert.doesNotMatch(got, /Content-Length/);
  peer.send(OK);
  await it.gets(client, "ok");
});

testRelay("a request whose content has come leaves in one packet, whatever its framing", async (it) => {
  const requests = [
    head("POST / HTTP/1.1", "Content-Length: 5") + "hello",
    head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n",
  ];
  for (const [index, request] of requests.entries()) {
    const client = it.give(request);
    const peer = await it.request();
    await it.hears(peer, request.slice(request.indexOf("\r\n\r\n")));
    // The second comes on the same connection.
    assert.equal(peer.packets, index + 1);
    peer.take();
    peer.send(OK);
    await it.gets(client, "ok");
    await it.rig.settle();
  }
});

testRelay("the request behind content is another one", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Content-Length: 5") + "hello" + NEXT);
  const peer = await it.request();
  await it.hears(peer, "hello");
  await it.rig.settle();
  assert.doesNotMatch(peer.take(), /GET/);
  peer.send(OK);
  await it.hears(peer, "GET /next HTTP/1.1");
  peer.send(OK);
  await it.rig.until(() => client.received.split("\r\n\r\nok").length === 3, "two answers");
});

testRelay("100 (Continue) is the upstream's to say", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Content-Length: 5", "Expect: 100-continue"));
  const peer = await it.request();
  assert.match(peer.received, /\r\nExpect: 100-continue\r\n/);
  await it.rig.settle();
  assert.equal(client.received, "");
  peer.send("HTTP/1.1 100 Continue\r\n\r\n");
  await it.gets(client, "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  await it.hears(peer, "hello");
  peer.send(OK);
  assert.match(await it.gets(client, "ok"), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
});

testRelay("an upstream that refuses is not sent the content, and the client not asked for it", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Content-Length: 5", "Expect: 100-continue"));
  const peer = await it.request();
  peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  const answer = await it.gets(client, "no");
  assert.match(answer, /^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/);
  await it.rig.until(() => peer.ended, "the end of the upstream's connection");
  assert.doesNotMatch(peer.received, /hello/);
});

testRelay("an upstream that does not know of 100 gets the content after a second", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Content-Length: 5", "Expect: 100-continue"));
  const peer = await it.request();
  await it.rig.advance(1_000);
  await it.gets(client, "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  await it.hears(peer, "hello");
  peer.send(OK);
  await it.gets(client, "ok");
});

testRelay(
  "a response before the end of the content reaches the client, and the connection goes on",
  async (it) => {
    const client = it.give(head("POST / HTTP/1.1", "Content-Length: 10") + "hello");
    const peer = await it.request();
    await it.hears(peer, "hello");
    peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    await it.gets(client, "no");
    await it.rig.until(() => peer.ended, "the end of the upstream's connection");
    client.send("world" + NEXT);
    (await it.request(1)).send(OK);
    await it.gets(client, "ok");
  },
);

testRelay("an upstream that responds and closes before it has read all is heard", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", `Content-Length: ${1024 * PIECE.length}`));
  const peer = await it.request();
  let sent = 0;
  // Until neither the relay nor the sockets take more: the upload waits in the middle.
  for (let quiet = 0; quiet < 3;) {
    const length = client.send(PIECE);
    sent += Math.max(0, length);
    quiet = length < 0 ? quiet + 1 : 0;
    await it.rig.settle();
  }
  assert.ok(sent < 1024 * PIECE.length, "the relay takes no more than it can pass on");
  peer.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
  peer.close();
  assert.match(await it.gets(client, "\r\n\r\nno"), /^HTTP\/1\.1 413 /);
});

testRelay("a client that breaks off in its content leaves no half a request behind", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Content-Length: 10") + "hello");
  const peer = await it.request();
  await it.hears(peer, "hello");
  client.close();
  await it.rig.until(() => peer.ended, "the end of the upstream's connection");
  assert.deepEqual([it.events, it.errors, it.handler.idle], [[], [], 0]);
});

testRelay("chunks that are none are the client's fault", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + "5\r\nhello\r\nx\r\n");
  client.end();
  const peer = await it.request();
  assert.match(
    undated(await it.rig.rest(client)),
    /^HTTP\/1\.1 400 [^]*Because a chunk does not start with its size/,
  );
  await it.rig.until(() => peer.ended, "the end of the upstream's connection");
  assert.doesNotMatch(peer.received, /0\r\n\r\n/);
});

testRelay("a slow client is not the upstream's fault", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Content-Length: 10") + "hello");
  const peer = await it.request();
  await it.hears(peer, "hello");
  await it.rig.advance(2_000);
  client.send("world");
  await it.hears(peer, "helloworld");
  await it.rig.advance(500);
  assert.equal(client.received, "");
  await it.rig.advance(1_000);
  await it.gets(client, "504 Gateway Timeout");
}, { timeout: 1_000 });

testRelay("an upstream that breaks off while the client is still sending is 502 at once", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Content-Length: 10") + "hello");
  const peer = await it.request();
  await it.hears(peer, "hello");
  peer.reset();
  await it.gets(client, "HTTP/1.1 502 Bad Gateway\r\n");
  client.send("world" + NEXT);
  (await it.request(1)).send(OK);
  await it.gets(client, "ok");
});

testRelay("an upstream that breaks off before it has asked for the content is 502 at once", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", "Content-Length: 5", "Expect: 100-continue"));
  (await it.request()).close();
  const answer = await it.gets(client, "gave no valid response.\n");
  assert.match(answer, /^HTTP\/1\.1 502 [^]*\r\nConnection: close\r\n/, "and no 100 before it");
});
