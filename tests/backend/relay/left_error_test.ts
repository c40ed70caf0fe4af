// Errors whose page is at a path of the site: the connection goes back to the front, with the request and what it has come to.

import assert from "node:assert/strict";
import { encodeNack } from "../../../src/protocol/replies.ts";
import { ack } from "../../front/raw_channel.ts";
import { NACK_FULL } from "../../../src/protocol/messages.ts";
import { head, type RelayRig, testRelay } from "./rig.ts";

const PAGES = {
  errorPages: { 503: { path: "/down" }, 404: { path: "/lost" } },
  errorOverride: "all",
} as const;
const LOST = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nlost";

/** The RETURN, and what of it counts. */
async function back(it: RelayRig) {
  const [returned] = await it.rig.until(() => it.front.returned.length > 0 && it.front.returned, "a RETURN");
  const { transfer: { id, error, requests, preread } } = returned!;
  return { id, error, requests, preread: new TextDecoder().decode(preread) };
}

testRelay("what nobody has taken comes back as it was, with what follows it", async (it) => {
  it.upstream.stopListening();
  const post = head("POST /a?b HTTP/1.1", "Content-Length: 3") + "abc";
  const client = it.give(post + head("GET /next HTTP/1.1"), { requests: 2 });
  const { id, ...rest } = await back(it);
  const error = { status: 503, fields: [["Retry-After", "1"]] };
  assert.deepEqual(rest, { error, requests: 2, preread: post + head("GET /next HTTP/1.1") });
  it.front.channel.say(ack([id]));
  await it.rig.settle();
  // Another process answers.
  assert.deepEqual([client.received, client.ended], ["", false]);
}, PAGES);

for (
  const [how, ...framing] of [
    ["counted", "Content-Length: 3", "abc"],
    ["chunked", "Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"],
  ] as const
) {
  testRelay(`${how} content that was read does not come back, nor is it spoken of`, async (it) => {
    const fields = ["A: b", framing[0], "Content-Type: text/plain", "Expect: 100-continue"];
    it.give(head("POST /a HTTP/1.1", ...fields) + framing[1] + head("GET /next HTTP/1.1"));
    const peer = await it.request();
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    await it.hears(peer, "abc");
    peer.send(LOST);
    const { id: _, ...rest } = await back(it);
    const preread = head("POST /a HTTP/1.1", "A: b") + head("GET /next HTTP/1.1");
    assert.deepEqual(rest, { error: { status: 404, fields: [] }, requests: 0, preread });
  }, PAGES);
}

for (const how of ["refuses it", "ends"] as const) {
  testRelay(`a front that ${how} leaves the error to the relay, without a page`, async (it) => {
    const client = it.give(head("GET / HTTP/1.1"));
    (await it.request()).send(LOST);
    const { id } = await back(it);
    if (how === "ends") it.front.channel.close();
    else it.front.channel.say(encodeNack({ id, reason: NACK_FULL, text: "" }));
    assert.match(await it.gets(client, "\r\n\r\n"), /^HTTP\/1\.1 404 Not Found\r\n/);
    client.end();
    await it.rig.rest(client);
  }, PAGES);
}

testRelay("the page of an error is asked for by GET, has its status, and no page of its own", async (it) => {
  const variables = JSON.stringify({ ":status": "503" });
  const fields = ["Content-Length: 0", "If-None-Match: *", "Range: bytes=0-1", "Connection: close"];
  const page = it.give(head("DELETE /a HTTP/1.1", ...fields), { variables, target: "/down?x" });
  const peer = await it.request();
  assert.match(peer.received, /^GET \/down\?x HTTP\/1\.1\r\n/);
  assert.doesNotMatch(peer.received, /^(if-|range)/im);
  peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ndown");
  assert.match(await it.rig.rest(page), /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*down$/);
  const none = it.give(head("GET /b HTTP/1.1", "Connection: close"), { variables, target: "/down" });
  const next = await it.request(1);
  next.send(LOST);
  assert.match(await it.rig.rest(none), /^HTTP\/1\.1 503 Service Unavailable\r\n/);
  assert.equal(it.front.returned.length, 0);
}, PAGES);

testRelay("what is too long for a message is answered here", async (it) => {
  const client = it.give(head("GET / HTTP/1.1"));
  (await it.request()).send(
    `HTTP/1.1 404 Not Found\r\nWWW-Authenticate: ${"x".repeat(5_000)}\r\nContent-Length: 0\r\n\r\n`,
  );
  assert.match(await it.gets(client, "\r\n\r\n"), /^HTTP\/1\.1 404 /);
  assert.equal(it.front.returned.length, 0);
}, PAGES);
