import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { compressionOf } from "../../../src/config/compression.ts";
import { head, testRelay } from "../relay/rig.ts";
import { contentOf, decode, readResponse } from "./content.ts";

const TEXT = contentOf("text", 30_000);
const text = Buffer.from(TEXT).toString("latin1");
const compression = compressionOf({ codings: ["gzip"], types: ["text/html", "text/event-stream"] });
const GET = head("GET / HTTP/1.1", "Accept-Encoding: gzip", "TE: trailers", "Connection: close, TE");
const HTML = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";

function chunked(...pieces: readonly string[]): string {
  return pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("");
}

testRelay("a relay compresses however a response says its end, and trailer fields follow it", async (it) => {
  const responses: readonly (readonly [response: string, end: "open" | "end", trailers: string])[] = [
    [`${HTML}Content-Length: ${text.length}\r\nAccept-Ranges: bytes\r\n\r\n${text}`, "open", ""],
    [
      `${HTML}Transfer-Encoding: chunked\r\n\r\n${chunked(text.slice(0, 9), text.slice(9))}0\r\n\r\n`,
      "open",
      "",
    ],
    [
      `${HTML}Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(text)}0\r\nX-Sum: 7\r\n\r\n`,
      "open",
      "X-Sum: 7\r\n",
    ],
    [`${HTML}Connection: close\r\n\r\n${text}`, "end", ""],
  ];
  for (const [index, [response, end, trailers]] of responses.entries()) {
    for (const version of ["1.1", "1.0"]) {
      const client = it.give(GET.replace("HTTP/1.1", `HTTP/${version}`));
      const peers = () => it.upstream.accept();
      const peer = await it.rig.until(
        () => peers().find((one) => !one.closed && one.received.includes("\r\n\r\n")),
        "a request",
      );
      peer.take();
      peer.send(response);
      if (end === "end") peer.close();
      const read = readResponse(await it.rig.rest(client));
      const what = `${index} ${version}`;
      assert.equal(read.field("content-encoding"), "gzip", what);
      assert.equal(read.field("accept-ranges"), undefined, what);
      assert.ok(read.whole, what);
      assert.deepEqual(decode("gzip", read.content), TEXT, what);
      assert.equal(read.trailers, version === "1.1" ? trailers : "", what);
    }
  }
  assert.equal(it.rig.backend.compressor.open, 0);
}, { backend: { compression } });

testRelay("each event of an upstream reaches the client while the next one is waited for", async (it) => {
  const client = it.give(GET);
  const peer = await it.request();
  peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  await it.gets(client, "\r\n\r\n");
  for (let count = 1; count <= 3; count++) {
    const before = client.received.length;
    peer.send(chunked(`data: ${count}\n\n`));
    await it.rig.until(() => client.received.length > before, `event ${count}`);
  }
  peer.send("0\r\n\r\n");
  const read = readResponse(await it.rig.rest(client));
  assert.equal(new TextDecoder().decode(decode("gzip", read.content)), "data: 1\n\ndata: 2\n\ndata: 3\n\n");
}, { backend: { compression } });

testRelay("an upstream that breaks off leaves no end for the client to see", async (it) => {
  for (const version of ["1.1", "1.0"]) {
    const client = it.give(GET.replace("HTTP/1.1", `HTTP/${version}`));
    const peer = await it.rig.until(
      () => it.upstream.accept().find((one) => !one.closed && one.received !== ""),
      "a request",
    );
    peer.send(`${HTML}Content-Length: 99999\r\n\r\n${text}`);
    await it.rig.until(() => client.received.length > 1_000, "content");
    peer.close();
    const got = await it.rig.rest(client);
    if (version === "1.1") assert.equal(readResponse(got).whole, false);
    else assert.equal(client.ended, "reset");
  }
  assert.equal(it.rig.backend.compressor.open, 0);
}, { backend: { compression } });

testRelay("what an upstream has coded, a part, and a change of protocol pass as they are", async (it) => {
  const coded =
    `${HTML}Content-Encoding: br\r\nETag: "v"\r\nContent-Length: 400\r\nConnection: close\r\n\r\n${
      "x".repeat(400)
    }`;
  const part =
    "HTTP/1.1 206 Partial Content\r\nContent-Type: text/html\r\nContent-Range: bytes 0-399/900\r\n" +
    `Content-Length: 400\r\nConnection: close\r\n\r\n${"x".repeat(400)}`;
  for (const response of [coded, part]) {
    const client = it.give(GET);
    const peer = await it.rig.until(
      () => it.upstream.accept().find((one) => !one.closed && one.received !== ""),
      "a request",
    );
    peer.send(response);
    const read = readResponse(await it.rig.rest(client));
    assert.equal(read.content.length, 400);
    assert.equal(read.field("vary"), undefined);
    peer.close();
  }
  const client = it.give(
    head("GET / HTTP/1.1", "Accept-Encoding: gzip", "Connection: Upgrade", "Upgrade: test"),
  );
  const peer = await it.rig.until(
    () => it.upstream.accept().find((one) => !one.closed && one.received !== ""),
    "a request",
  );
  peer.send(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n${text}`);
  await it.gets(client, `\r\n\r\n${text}`);
  peer.close();
  client.close();
}, { backend: { compression } });

testRelay("a client that shows a weak tag finds its content again by that", async (it) => {
  const client = it.give(
    head("GET / HTTP/1.1", 'If-None-Match: W/"v"', "Accept-Encoding: gzip", "Connection: close"),
  );
  const peer = await it.request();
  assert.match(peer.received, /if-none-match: W\/"v"\r\n/i);
  peer.send('HTTP/1.1 304 Not Modified\r\nETag: "v"\r\n\r\n');
  const read = readResponse(await it.rig.rest(client));
  assert.equal(read.status, 304);
  assert.equal(read.field("etag"), 'W/"v"');
  assert.equal(read.field("vary"), "Accept-Encoding");
}, { backend: { compression } });
