/** WebSockets that handlers ask for: the handshake, messages, closing, and clients that fall silent. */

import assert from "node:assert/strict";
import { upgradeWebSocket } from "../../../src/backend/fetch/deno_websocket.ts";
import { isRead } from "../../support/proc.ts";
import { testFetch } from "../rig.ts";
import { BINARY, CLOSE, closeFrame, frame, framesIn, PING, PONG, TEXT } from "./frames.ts";
import {
  begin,
  closed,
  ending,
  events,
  frames,
  handshake,
  opened,
  serving,
  socket,
} from "./websocket_client.ts";

testFetch("the handshake is that of RFC 6455, 1.3", serving(), async (http) => {
  const client = await opened(http);
  assert.equal(
    client.received,
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
  );
  assert.deepEqual(events, ["state 0", "open 1"]);
});

testFetch("messages come and go, as text and as bytes", serving(), async (http) => {
  const client = await opened(http);
  client.send(frame(TEXT, "grüß"));
  await http.rig.until(() => events.includes("message string grüß"), "a text");
  client.send(frame(BINARY, new Uint8Array([1, 2])));
  await http.rig.until(() => events.at(-1) === "message object [object ArrayBuffer]", "bytes");
  socket.binaryType = "blob";
  client.send(frame(BINARY, new Uint8Array([1, 2])));
  await http.rig.until(() => events.at(-1) === "message object [object Blob]", "a Blob");

  const bytes = new Uint8Array([0x61, 0x62, 0x63]);
  socket.send("text");
  socket.send(bytes);
  // What is sent is what it was then.
  bytes.fill(0x7a);
  socket.send(bytes.buffer);
  socket.send(new DataView(new Uint8Array([0x78, 0x79]).buffer, 1));
  socket.send(new Blob(["blob"]));
  assert.deepEqual(await frames(http, client, TEXT), ["text"]);
  assert.deepEqual(await frames(http, client, BINARY, 4), ["abc", "zzz", "y", "blob"]);
});

testFetch("what was sent with the handshake is the first message", serving(), async (http) => {
  const client = http.give(new TextDecoder().decode(
    new Uint8Array([
      ...new TextEncoder().encode(handshake()),
    ]),
  ));
  client.send(frame(TEXT, "early"));
  await http.rig.until(() => events.at(-1) === "message string early", "the message");
  assert.deepEqual(events, ["state 0", "open 1", "message string early"]);
});

testFetch("it is a WebSocket to those who ask, and handlers are listeners like others", (request) => {
  const upgrade = begin(upgradeWebSocket(request));
  assert.ok(socket instanceof WebSocket && socket instanceof EventTarget);
  assert.deepEqual([socket.OPEN, socket.onmessage, socket.url, socket.binaryType, socket.extensions], [
    1,
    null,
    "",
    "arraybuffer",
    "",
  ]);
  assert.throws(() => socket.send("x"), { name: "InvalidStateError" });
  socket.onmessage = () => events.push("first");
  socket.addEventListener("message", () => events.push("second"), { once: true });
  socket.onmessage = (event) => events.push(event.constructor.name);
  return upgrade.response;
}, async (http) => {
  const client = http.give(handshake());
  client.send(frame(TEXT, "x"));
  client.send(frame(TEXT, "y"));
  await http.rig.until(() => events.length === 3, "the events");
  assert.deepEqual(events, ["MessageEvent", "second", "MessageEvent"]);
});

testFetch(
  "the subprotocol is spoken if the client offers it",
  serving({ protocol: "chat" }),
  async (http) => {
    const client = await opened(http, { "Sec-WebSocket-Protocol": "other, chat" });
    assert.match(client.received, /\r\nSec-WebSocket-Protocol: chat\r\n/);
    assert.equal(socket.protocol, "chat");
    const second = await opened(http, { "Sec-WebSocket-Protocol": "other" });
    assert.doesNotMatch(second.received, /protocol:/i);
    assert.equal(socket.protocol, "");
  },
);

testFetch("fields of the response go with the handshake, and no extension is agreed on", (request) => {
  const { socket, response } = upgradeWebSocket(request);
  assert.equal(response.status, 101);
  assert.equal(response.ok, false);
  response.headers.append("Set-Cookie", "a=1");
  response.headers.append("Set-Cookie", "b=2");
  socket.onopen = () => events.push("open");
  return response;
}, async (http) => {
  const client = await opened(http, { "Sec-WebSocket-Extensions": "permessage-deflate" });
  assert.match(client.received, /\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n$/i);
  assert.doesNotMatch(client.received, /extensions/i);
});

testFetch("a client closes, and is answered with its own code", serving(), async (http) => {
  const client = await opened(http);
  client.send(closeFrame(4001, "enough"));
  assert.deepEqual(await frames(http, client, CLOSE), ["4001 enough"]);
  await ending(http, client);
  await closed(http);
  assert.deepEqual(events.slice(2), ["close 4001 enough true 3"]);
  socket.send("nobody hears this");
  socket.close();
});

testFetch("a handler closes with a code and a reason", serving(), async (http) => {
  const client = await opened(http);
  socket.close(1012, "come again");
  assert.equal(socket.readyState, 2);
  assert.deepEqual(await frames(http, client, CLOSE), ["1012 come again"]);
  client.send(closeFrame(1012));
  await ending(http, client);
  await closed(http);
  assert.deepEqual(events.slice(2), ["close 1012  true 3"]);
});

testFetch("codes and reasons that cannot be sent are refused", serving(), async (http) => {
  await opened(http);
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, NaN]) {
    assert.throws(() => socket.close(code), { name: "InvalidAccessError" }, String(code));
  }
  assert.throws(() => socket.close(1000, "ü".repeat(62)), { name: "SyntaxError" });
  assert.equal(socket.readyState, 1);
});

testFetch("a socket that is closed before it opens closes as soon as it has", (request) => {
  const upgrade = begin(upgradeWebSocket(request));
  socket.onopen = () => events.push("open");
  socket.onclose = () => events.push("close");
  socket.close(4000);
  events.push(`state ${socket.readyState}`);
  return upgrade.response;
}, async (http) => {
  const client = http.give(handshake());
  assert.deepEqual(await frames(http, client, CLOSE), ["4000 "]);
  client.send(closeFrame(4000));
  await ending(http, client);
  await closed(http);
  assert.deepEqual(events, ["state 2", "close"]);
});

testFetch("a client that is gone without a word closes unclean", serving(), async (http) => {
  const client = await opened(http);
  client.close();
  await closed(http);
  assert.deepEqual(events.slice(2), ["close 1006  false 3"]);
});

testFetch("a message that is too long ends it with 1009", serving({ maxPayload: 3 }), async (http) => {
  const client = await opened(http);
  client.send(frame(TEXT, "abc"));
  client.send(frame(TEXT, "abcd"));
  assert.match((await frames(http, client, CLOSE))[0]!, /^1009/);
  client.close();
  await closed(http);
  assert.equal(events[2], "message string abc");
  assert.match(events[3]!, /^error Max payload size exceeded/);
});

testFetch("frames that break the protocol end it with 1002", serving(), async (http) => {
  const client = await opened(http);
  client.send(new Uint8Array([0x81, 0x01, 0x61])); // not masked
  assert.match((await frames(http, client, CLOSE))[0]!, /^1002/);
  client.close();
  await closed(http);
});

testFetch("a Ping is answered, with what it says", serving(), async (http) => {
  const client = await opened(http);
  client.send(frame(PING, "are you there"));
  assert.deepEqual(await frames(http, client, PONG), ["are you there"]);
});

testFetch(
  "a silent client is asked for a sign of life, and stays if it gives one",
  serving({ idleTimeout: 60 }),
  async (http) => {
    const client = await opened(http);
    const { rig } = http;
    const pass = async (milliseconds: number) => {
      rig.clock.now += milliseconds;
      await rig.settle();
    };
    for (let count = 1; count <= 2; count++) {
      await pass(30_000);
      await frames(http, client, PING, count);
      client.send(frame(PONG));
      await rig.until(() => isRead(http.front.port, client.port), "the answer to be read");
      await rig.settle();
      await pass(30_000);
      assert.equal(socket.readyState, 1);
    }
    await pass(30_000);
    await frames(http, client, PING, 3);
    // A process that was held up has not looked, and asks once more.
    await pass(60_000);
    await frames(http, client, PING, 4);
    assert.equal(socket.readyState, 1);
    // And now the client falls silent.
    await pass(30_000);
    await closed(http);
    assert.deepEqual(events.slice(2), ["error The client gives no sign of life", "close 1006  false 3"]);
  },
);

testFetch("idleTimeout 0 never asks", serving({ idleTimeout: 0 }), async (http) => {
  const client = await opened(http);
  await http.rig.advance(600_000);
  client.send(frame(TEXT, "x"));
  await http.rig.until(() => events.includes("message string x"), "a message");
  assert.deepEqual(framesIn(client.received), []);
});

testFetch("bufferedAmount tells what a client does not take", serving(), async (http) => {
  const client = await opened(http);
  const message = "x".repeat(65_000);
  for (let count = 0; count < 200; count++) socket.send(message);
  await http.rig.settle();
  assert.ok(socket.bufferedAmount > 1_000_000, `${socket.bufferedAmount}`);
  await http.rig.until(() => (client.received, socket.bufferedAmount === 0), "all of it to be sent");
  await frames(http, client, TEXT, 200);
});

testFetch("what is sent behind a Blob leaves behind it, the end too", serving(), async (http) => {
  const client = await opened(http);
  socket.send(new Blob(["first"]));
  socket.send("second");
  socket.send(new TextEncoder().encode("third"));
  assert.equal(socket.bufferedAmount, 16);
  socket.close(1000, "done");
  assert.equal(socket.readyState, 2);
  socket.send("too late");
  await frames(http, client, CLOSE);
  assert.deepEqual(framesIn(client.received).map(({ text }) => text), ["first", "second", "third", "done"]);
  assert.equal(socket.bufferedAmount, 0);
});

testFetch(
  "a client that takes nothing and asks again and again gets one answer for all",
  serving(),
  async (http) => {
    const client = await opened(http);
    const message = "x".repeat(65_000);
    for (let count = 0; count < 200; count++) socket.send(message);
    await http.rig.settle();
    const before = socket.bufferedAmount;
    for (let count = 0; count < 1_000; count++) client.send(frame(PING, `${count}`));
    await http.rig.settle();
    assert.equal(socket.bufferedAmount, before);
    await frames(http, client, PONG);
    assert.deepEqual(await frames(http, client, PONG), ["999"]);
  },
);

testFetch("a client that does not answer Close is let go", serving(), async (http) => {
  await opened(http);
  socket.close(1000);
  await http.rig.advance(29_000);
  assert.equal(http.rig.backend.active, 1);
  await http.rig.advance(31_000);
  await closed(http);
  assert.equal(events.at(-1), "close 1006  false 3");
});

testFetch("messages of many sizes come back as they were, and in order", serving(), async (http) => {
  const client = await opened(http);
  const seen: string[] = [];
  socket.onmessage = ({ data }) => {
    seen.push(data);
    socket.send(data);
  };
  const texts = [0, 1, 24, 25, 125, 126, 127, 128, 129, 1_000, 60_000].map((size) =>
    "ab".repeat(size / 2) + "c"
  );
  for (const text of texts) client.send(frame(TEXT, text));
  assert.deepEqual(await frames(http, client, TEXT, texts.length), texts);
  assert.deepEqual(seen, texts);
});
