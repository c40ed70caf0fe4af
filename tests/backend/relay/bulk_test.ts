/** Content that neither side takes at once: more of it than the sockets between have room for. */

import assert from "node:assert/strict";
import { type Descriptor, setOption, SO_RCVBUF, SOL_SOCKET } from "../../../ffi/mod.ts";
import { head, type RelayRig, testRelay } from "./rig.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Content no two parts of which are alike, more than two sockets and the relay between them hold. */
const CONTENT = Array.from({ length: 1 << 20 }, (_, line) => `${line.toString(16).padStart(7, "0")}\n`).join(
  "",
);
const PIECE = 100_003;

/** What has the content in it, in chunks of several sizes. */
function chunks(content: string): string {
  let text = "";
  for (let at = 0, size = 1; at < content.length; at += size, size = size * 3 % 262_139) {
    const piece = content.slice(at, at + size);
    text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

function unchunked(text: string): string {
  let content = "";
  for (let at = 0;;) {
    const line = text.indexOf("\r\n", at);
    const size = parseInt(text.slice(at, line), 16);
    if (size === 0) return content;
    content += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

/** Bytes that wait at a reader, at most. */
const KEPT = 32_768;

/** Pours a text from one end to the other, whose reader looks only when no more of it finds room; what comes out. */
async function pour(
  it: RelayRig,
  text: string,
  from: { send(text: string): number },
  to: { readonly fd: Descriptor; readonly received: string },
  end: string,
): Promise<string> {
  setOption(to.fd, SOL_SOCKET, SO_RCVBUF, KEPT);
  let looks = 0;
  for (let at = 0; at < text.length;) {
    const sent = from.send(text.slice(at, at + PIECE));
    at += Math.max(0, sent);
    await it.rig.settle();
    if (sent < 0 && to.received.length > 0) looks++;
  }
  assert.ok(looks > 0 || to.received.length < text.length, "somebody had to wait");
  return await it.rig.until(() => to.received.endsWith(end) && to.received, "the end of the content");
}

testRelay("content for an upstream that reads slowly arrives whole, counted or in chunks", async (it) => {
  const forms = [
    { field: `Content-Length: ${CONTENT.length}`, text: CONTENT, end: CONTENT.slice(-20), read: String },
    { field: "Transfer-Encoding: chunked", text: chunks(CONTENT), end: "0\r\n\r\n", read: unchunked },
  ];
  for (const { field, text, end, read } of forms) {
    const client = it.give(head("POST / HTTP/1.1", field));
    const peer = await it.request();
    peer.take();
    const got = await pour(it, text, client, peer, end);
    assert.ok(read(got) === CONTENT, "it has changed on the way");
    peer.take();
    peer.send(OK);
    await it.gets(client, "ok");
    await it.rig.settle();
  }
});

testRelay("content for a client that reads slowly arrives whole, however it is framed", async (it) => {
  const forms = [
    { field: `Content-Length: ${CONTENT.length}`, text: CONTENT, end: CONTENT.slice(-20), read: String },
    { field: "Transfer-Encoding: chunked", text: chunks(CONTENT), end: "0\r\n\r\n", read: unchunked },
  ];
  for (const { field, text, end, read } of forms) {
    const client = it.give(head("GET / HTTP/1.1"));
    const peer = await it.request();
    peer.take();
    peer.send(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
    const got = await pour(it, text, peer, client, end);
    assert.ok(read(got.slice(got.indexOf("\r\n\r\n") + 4)) === CONTENT, "it has changed on the way");
    await it.rig.settle();
  }
});

testRelay("a response right behind 100 (Continue) is not overwritten by the content", async (it) => {
  const content = CONTENT.slice(0, 60_000);
  const client = it.give(
    head("POST / HTTP/1.1", `Content-Length: ${content.length}`, "Expect: 100-continue") +
      content.slice(0, 10_000),
  );
  const peer = await it.request();
  client.send(content.slice(10_000));
  const said = "said by the server ".repeat(100);
  peer.send(
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: ${said.length}\r\n\r\n${said}`,
  );
  const got = await it.gets(client, said.slice(-20));
  assert.ok(got.endsWith(said));
});

testRelay("content beside a response goes on, each in its own direction", async (it) => {
  const client = it.give(head("POST / HTTP/1.1", `Content-Length: ${CONTENT.length}`));
  const peer = await it.request();
  peer.take();
  for (const { fd } of [client, peer]) setOption(fd, SOL_SOCKET, SO_RCVBUF, KEPT);
  peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${CONTENT.length}\r\n\r\n`);
  await it.gets(client, "\r\n\r\n");
  let [up, down, heard, got] = [0, 0, "", client.received];
  await it.rig.until(() => {
    up += Math.max(0, client.send(CONTENT.slice(up, up + PIECE)));
    down += Math.max(0, peer.send(CONTENT.slice(down, down + PIECE)));
    heard = peer.received;
    got = client.received;
    return heard.length >= CONTENT.length && got.endsWith(CONTENT.slice(-20));
  }, "both contents");
  assert.ok(heard === CONTENT && got.endsWith(CONTENT), "one has changed on the way");
});
