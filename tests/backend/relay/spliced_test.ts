import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { UpstreamError } from "../../../src/backend/relay/upstream_error.ts";
import { descriptorFlags } from "../../support/descriptors.ts";
import { seededBytes } from "../../support/raw_client.ts";
import { head, type RelayRig, testRelay } from "./rig.ts";
import type { Peer } from "./scripted_upstream.ts";

const O_NONBLOCK = 0o4000;
const SIZE = 3 << 20;
const content = seededBytes(SIZE, 4713);
const text = Buffer.from(content).toString("latin1");
const GET = head("GET / HTTP/1.1");
const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`;

/** Sends what it can of some bytes, again and again, while the relay has its turns. */
async function pour(it: RelayRig, peer: Peer, from: number, to: number): Promise<void> {
  let at = from;
  await it.rig.until(() => {
    at += Math.max(0, peer.send(content.slice(at, Math.min(to, at + 500_000))));
    return at === to;
  }, "room for the content");
}

testRelay("long content passes whole, and what follows it passes too", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.take();
  peer.send(HEAD);
  const whole = it.rig.until(() => client.received.length >= SIZE, "the content");
  for (const [from, to] of [[0, 1], [1, 70_000], [70_000, SIZE]] as const) await pour(it, peer, from, to);
  await whole;
  const received = await it.rig.until(
    () => client.received.endsWith(text.slice(-100)) && client.received,
    "the end of the content",
  );
  assert.ok(received.endsWith(`\r\n\r\n${text}`));
  await it.rig.settle();
  assert.equal(it.handler.idle, 1);
  client.send(GET);
  await it.hears(peer, "\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await it.gets(client, "\r\n\r\nok");
});

testRelay("a connection that goes back to the front is in the mode in which it came", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(HEAD);
  const whole = it.rig.until(() => client.received.length >= SIZE, "the content");
  await pour(it, peer, 0, SIZE);
  await whole;
  await it.rig.settle();
  void it.rig.backend.drain();
  const [returned] = await it.rig.until(
    () => it.front.returned.length > 0 && it.front.returned,
    "the connection's return",
  );
  assert.equal(descriptorFlags(returned!.fd) & O_NONBLOCK, 0);
});

testRelay("long content that breaks off has no good end", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(HEAD);
  await pour(it, peer, 0, 1 << 20);
  peer.close();
  assert.ok((await it.rig.rest(client)).length < SIZE);
  assert.ok(it.errors[0] instanceof UpstreamError);
  assert.equal(it.handler.idle, 0);
});

testRelay("a client that stops reading long content is given up", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${1024 * SIZE}\r\n\r\n`);
  for (let quiet = 0, sent = 0; quiet < 3;) {
    const length = peer.send(content);
    sent += Math.max(0, length);
    quiet = length < 0 ? quiet + 1 : 0;
    await it.rig.settle();
    assert.ok(sent < 64 << 20, "somebody keeps what nobody reads");
  }
  await it.rig.advance(60_000);
  await it.rig.until(() => peer.ended, "the end of the upstream's connection");
  assert.equal(it.rig.backend.active, 0);
  client.close();
});
