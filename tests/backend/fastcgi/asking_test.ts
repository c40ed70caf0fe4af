/** Requests to a FastCGI application: both directions at once, what goes wrong, and what of it is a promise. */

import assert from "node:assert/strict";
import { asked, err, head, out, over, response, testFastCgi } from "./rig.ts";

const KEEPS = { maxIdle: 2 };
const LONG = 2_000_000;

testFastCgi("a request leaves in one packet with what has come of its content, and its end", async (it) => {
  for (const [index, content] of ["", "hello"].entries()) {
    const fields = content === "" ? [] : [`Content-Length: ${content.length}`];
    const client = it.give(head(content === "" ? "GET /a.php" : "POST /a.php", ...fields) + content);
    const peer = await it.request();
    assert.equal(asked(peer.take()).stdin, content);
    assert.equal(peer.packets, index + 1);
    peer.send(response("done"));
    await it.gets(client, "done");
    await it.rig.settle();
  }
}, KEEPS);

testFastCgi(
  "a request on a kept connection, content in pieces and a response in pieces need no promise",
  async (it) => {
    const first = it.give(head("GET /a.php"));
    (await it.request()).send(response("first"));
    await it.gets(first, "first");
    await it.rig.settle();
    const client = it.give("");
    await it.rig.settle();
    client.send(head("POST /a.php", "Content-Length: 10"));
    const [peer] = it.application.peers;
    peer!.take();
    const stdin = () => asked(peer!.received).stdin;
    it.rig.untilBlocking(() => asked(peer!.received).params !== "", "the request's beginning");
    for (const piece of ["hello", "world"]) {
      client.send(piece);
      it.rig.untilBlocking(() => stdin().endsWith(piece), `"${piece}" at the application`);
    }
    peer!.send(out("Content-Type: text/plain\r\n\r\none"));
    it.rig.untilBlocking(() => client.received.includes("one"), "the first piece of the response");
    peer!.send(out("two"));
    peer!.send(over());
    it.rig.untilBlocking(() => client.received.endsWith("0\r\n\r\n"), "the whole response");
    client.send(head("GET /b.php"));
    it.rig.untilBlocking(() => asked(peer!.received).params.includes("/srv/b.php"), "the next request");
    peer!.send(response("next"));
    it.rig.untilBlocking(() => client.received.endsWith("next"), "the next response");
    assert.equal(it.application.accept().length, 1);
  },
  KEEPS,
);

testFastCgi("content that was collected is told with its length", async (it) => {
  const client = it.give(head("POST /a.php", "Transfer-Encoding: chunked"));
  client.send("5\r\nhello\r\n");
  await it.rig.settle();
  assert.equal(it.application.accept().length, 0, "nobody is asked before all of it has come");
  client.send("6\r\n world\r\n0\r\n\r\n");
  const peer = await it.request();
  const { params, stdin } = asked(peer.received);
  assert.match(params, /CONTENT_LENGTH11/);
  assert.equal(stdin, "hello world");
  peer.send(response("done"));
  await it.gets(client, "done");
});

testFastCgi("content goes up while the response comes down, each at its own pace", async (it) => {
  const client = it.give(head("POST /a.php", `Content-Length: ${LONG}`));
  const peer = await it.begun(0, ({ params }) => params !== "");
  peer.send(out("Content-Type: text/plain\r\n\r\n"));
  const piece = "z".repeat(50_000);
  const written = out(piece);
  let [sent, read, told, owed] = [0, 0, 0, written.subarray(0, 0)];
  await it.rig.until(() => {
    // Both sides send as long as there is room, and read a little: sockets are full in both directions meanwhile.
    if (sent < LONG) sent += Math.max(0, client.send(piece.slice(0, LONG - sent)));
    for (let took = 1; told < LONG && took > 0;) {
      if (owed.length === 0) owed = written;
      took = Math.max(0, peer.send(owed));
      owed = owed.subarray(took);
      if (owed.length === 0) told += piece.length;
    }
    read += Math.max(0, peer.sip(300_000));
    return read >= LONG && told >= LONG;
  }, "all of it in both directions");
  peer.send(over());
  const got = await it.gets(client, "\r\n0\r\n\r\n");
  assert.equal(got.match(/z/g)!.length, LONG);
});

testFastCgi(
  "an application that does not want the content: its response is passed on, and the connection ends",
  async (it) => {
    const client = it.give(head("POST /a.php", `Content-Length: ${LONG}`) + "some");
    const peer = await it.begun(0, ({ stdin }) => stdin === "some");
    peer.send(response("unwanted", "Status: 413\r\n"));
    assert.match(await it.gets(client, "unwanted"), /^HTTP\/1\.1 413 /);
    await it.rig.until(() => peer.ended !== false, "the end of the application's connection");
    assert.deepEqual([it.events, it.errors], [[], []]);
  },
  KEEPS,
);

testFastCgi(
  "silence is the client's while content is under way, and the application's behind it: 504",
  async (it) => {
    const client = it.give(head("POST /a.php", "Content-Length: 10") + "hello");
    await it.begun(0, ({ stdin }) => stdin === "hello");
    await it.rig.advance(2_000);
    client.send("world");
    const peer = await it.request();
    assert.equal(client.received, "");
    await it.rig.advance(2_000);
    assert.match(await it.gets(client, "in time"), /^HTTP\/1\.1 504 /);
    assert.notEqual(peer.ended, false);
    assert.deepEqual(it.events.map(({ type }) => type), ["upstream-failed"]);
  },
  { timeout: 1_000 },
);

testFastCgi("a client that sends no end of its content is none of the application's failures", async (it) => {
  const client = it.give(head("POST /a.php", "Content-Length: 10") + "hello");
  const peer = await it.begun(0, ({ stdin }) => stdin === "hello");
  client.end();
  await it.rig.until(() => peer.ended !== false, "the end of the application's connection");
  await it.rig.rest(client);
  assert.deepEqual([it.events, it.errors], [[], []]);
});

for (const when of ["before there is a response", "in the middle of one"]) {
  testFastCgi(`a client that leaves ends the request, ${when}`, async (it) => {
    const client = it.give(head("GET /a.php"));
    const peer = await it.request();
    if (when !== "before there is a response") {
      peer.send(out("Content-Type: text/plain\r\n\r\nbegun"));
      await it.gets(client, "begun");
    }
    await it.rig.advance(100);
    client.reset();
    await it.rig.until(() => peer.ended !== false, "the end of the application's connection");
    assert.deepEqual([it.events, it.errors], [[], []]);
  }, KEEPS);
}

testFastCgi("a kept connection that has ended at that moment: asked again where that may be", async (it) => {
  for (const [method, content, status] of [["GET", "", 200], ["POST", "hello", 502]] as const) {
    const before = it.application.accept().length;
    const first = it.give(head("GET /a.php"));
    const kept = await it.request(before);
    kept.send(response("first"));
    await it.gets(first, "first");
    await it.rig.settle();
    kept.take();
    const client = it.give(head(`${method} /a.php`, `Content-Length: ${content.length}`) + content);
    await it.request(before);
    kept.close();
    if (status === 200) (await it.request(before + 1)).send(response("again"));
    assert.match(
      await it.gets(client, status === 200 ? "again" : "valid"),
      new RegExp(`^HTTP/1.1 ${status} `),
    );
    for (const peer of it.application.peers) peer.close();
    await it.rig.settle();
  }
}, KEEPS);

testFastCgi("a local redirect is asked for without content, on the connection that is kept", async (it) => {
  const client = it.give(head("POST /a.php", "Content-Length: 5") + "hello");
  const peer = await it.request();
  peer.take();
  peer.send(Uint8Array.from([...out("Location: /b.php?c\r\n\r\n"), ...over()]));
  await it.request();
  const { params, stdin } = asked(peer.received);
  assert.match(params, /REQUEST_METHODGET/);
  assert.doesNotMatch(params, /CONTENT_LENGTH/);
  assert.equal(stdin, "");
  peer.send(response("led here"));
  await it.gets(client, "led here");
  assert.equal(it.application.accept().length, 1);
}, KEEPS);

testFastCgi("what it writes to its standard error is told, whatever becomes of the request", async (it) => {
  const client = it.give(head("GET /a.php"));
  const peer = await it.request();
  peer.send(err("one\ntwo\n"));
  peer.send(over(2));
  assert.match(await it.gets(client, "busy"), /^HTTP\/1\.1 503 /);
  assert.deepEqual(
    it.events.map((event) => event.type === "upstream-said" ? event.line : event.type),
    ["one", "two", "upstream-failed"],
  );
});

testFastCgi("a response that ends before it is whole breaks the client's connection off", async (it) => {
  const client = it.give(head("GET /a.php"));
  const peer = await it.request();
  peer.send(out("Content-Type: text/plain\r\n\r\nbegun"));
  await it.gets(client, "begun");
  peer.close();
  assert.doesNotMatch(await it.rig.rest(client), /\r\n0\r\n\r\n$/);
});
