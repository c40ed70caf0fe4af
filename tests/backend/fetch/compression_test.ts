/** `automaticCompression` of `serve`, beside that of `Deno.serve`. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { brotliDecompressSync, constants, gunzipSync } from "node:zlib";
import type { Client } from "../../front/clients.ts";
import { until, within } from "../../support/waiting.ts";
import { DenoSide, type Handler, OwnSide, type Side } from "./deno_serve/servers.ts";

const TEXT = { "content-type": "text/plain" };
const GZIP = "gzip";
const LONG = "a text ".repeat(200);

type Fields = Readonly<Record<string, string>>;

/** What is compared: the client's Accept-Encoding, the handler's fields, its content, and the method. */
const CASES:
  readonly (readonly [accepted: string | undefined, fields: Fields, content?: BodyInit, method?: string])[] =
    [
      ...[
        undefined,
        "",
        "*",
        "identity",
        "deflate",
        "gzip",
        "br",
        "br, gzip",
        "gzip, br",
        "br;q=0",
        "x, gzip",
      ]
        .map((accepted) => [accepted, TEXT] as const),
      ...["gzip;q=0.5, br;q=0.1", "gzip;q=0.5, br;q=0.5", "*;q=0.5", "identity, gzip;q=0.5", "gzip;q=0.5"]
        .map((accepted) => [accepted, TEXT] as const),
      ...["gzip;q=x", "identity;q=0, *;q=0", "gzip, deflate, br, zstd", "zstd, gzip;q=0.5"]
        .map((accepted) => [accepted, TEXT] as const),
      ...[
        "text/html; charset=utf-8",
        "TEXT/HTML",
        "text/event-stream",
        "application/json",
        "application/wasm",
      ]
        .map((type) => [GZIP, { "content-type": type }] as const),
      ...["application/octet-stream", "image/png", "image/svg+xml", "image/x-icon", "font/ttf", "font/woff2"]
        .map((type) => [GZIP, { "content-type": type }] as const),
      ...[
        "application/zip",
        "video/mp4",
        "application/x-www-form-urlencoded",
        "application/ld+json",
        "nonsense",
      ]
        .map((type) => [GZIP, { "content-type": type }] as const),
      [GZIP, {}],
      [GZIP, TEXT, ""],
      [GZIP, TEXT, "a".repeat(63)],
      [GZIP, TEXT, "a".repeat(64)],
      [GZIP, TEXT, "\u00e9\u4f60".repeat(100)],
      [GZIP, { ...TEXT, "content-encoding": "x" }],
      [GZIP, { ...TEXT, "content-encoding": "identity" }],
      [GZIP, { ...TEXT, "content-range": "bytes 0-1/2" }],
      [GZIP, { ...TEXT, "cache-control": "public, no-transform" }],
      [GZIP, { ...TEXT, vary: "origin" }],
      [GZIP, { ...TEXT, vary: "Accept-Encoding" }],
      [GZIP, { ...TEXT, etag: 'W/"a"' }],
      [GZIP, { ...TEXT, etag: '"a"' }],
      [GZIP, { ...TEXT, "content-length": String(LONG.length) }],
      [GZIP, TEXT, LONG, "HEAD"],
      ["br", TEXT, LONG, "POST"],
    ];

function decoded(head: string, content: string): string {
  const coding = /\r\ncontent-encoding: (\S+)/i.exec(head)?.[1];
  const bytes = Buffer.from(
    /\r\ntransfer-encoding: chunked/i.test(head) ? joined(content) : content,
    "latin1",
  );
  if (bytes.length === 0) return "";
  if (coding === "gzip") return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
  return coding === "br" ? brotliDecompressSync(bytes).toString() : bytes.toString();
}

/** The content in chunks. */
function joined(chunks: string): string {
  let content = "";
  for (let at = 0; at < chunks.length;) {
    const end = chunks.indexOf("\r\n", at);
    const size = parseInt(chunks.slice(at, end), 16);
    content += chunks.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
  return content;
}

function request(accepted: string | undefined, method = "GET", more = "Connection: close\r\n"): string {
  const field = accepted === undefined ? "" : `Accept-Encoding: ${accepted}\r\n`;
  return `${method} / HTTP/1.1\r\nHost: a.test\r\n${field}${more}\r\n`;
}

/** The response, with nothing in it that may differ. */
async function responseTo(side: Side, text: string): Promise<readonly string[]> {
  const client = await side.connect(text);
  await until(() => client.ended !== false, "the end of the response");
  const [head = ""] = client.received.split("\r\n\r\n", 1);
  const lines = head.toLowerCase().split("\r\n").filter((line) => !/^(date|connection): /.test(line)).sort();
  return [...lines, decoded(head, client.received.slice(head.length + 4))];
}

async function answersOf(side: Side & Disposable): Promise<readonly (readonly string[])[]> {
  const answers: (readonly string[])[] = [];
  let current: Handler = () => new Response();
  await using _server = side.start((request) => current(request), { automaticCompression: true });
  for (const [accepted, headers, content = LONG, method] of CASES) {
    current = () => new Response(content, { headers });
    answers.push(await responseTo(side, request(accepted, method)));
  }
  return answers;
}

Deno.test("automaticCompression does what that of Deno.serve does", async () => {
  using there = new DenoSide();
  using here = new OwnSide();
  const [expected, actual] = [await answersOf(there), await answersOf(here)];
  CASES.forEach((each, index) => assert.deepEqual(actual[index], expected[index], JSON.stringify(each)));
});

/** Starts with a stream, and takes hold of its source. */
async function streaming(side: OwnSide) {
  const cancelled = Promise.withResolvers<unknown>();
  let source: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => void (source = controller),
    cancel: (reason) => cancelled.resolve(reason),
  });
  const server = side.start(() => new Response(body, { headers: TEXT }), { automaticCompression: true });
  const client: Client = await side.connect(request(GZIP));
  await until(() => client.received.includes("\r\n\r\n"), "the head");
  const content = () => {
    const [head = ""] = client.received.split("\r\n\r\n", 1);
    return decoded(head, client.received.slice(head.length + 4));
  };
  return { server, client, source: source!, content, cancelled: cancelled.promise };
}

Deno.test("what is compressed as it comes can be read as it comes", async () => {
  using side = new OwnSide();
  const { server, client, source, content } = await streaming(side);
  source.enqueue(Buffer.from("first "));
  await until(() => content() === "first ", "the first piece");
  source.enqueue(Buffer.from("second"));
  await until(() => content() === "first second", "the second piece");
  source.close();
  await until(() => client.ended !== false, "the end of the response");
  assert.ok(client.received.endsWith("\r\n0\r\n\r\n"));
  await within(server.shutdown(), "the end");
});

Deno.test("a stream that is compressed and fails, or whose client leaves, ends as any other", async () => {
  using side = new OwnSide();
  const { server, client, source } = await streaming(side);
  source.enqueue(Buffer.from("first "));
  await until(() => client.received.includes("\x1f\x8b"), "the first piece");
  source.error(new Error("mine"));
  await until(() => client.ended !== false, "the end of the connection");
  assert.ok(!client.received.endsWith("\r\n0\r\n\r\n"));
  await within(server.shutdown(), "the end");

  using other = new OwnSide();
  const left = await streaming(other);
  left.source.enqueue(Buffer.from("first "));
  await until(() => left.client.received.includes("\x1f\x8b"), "the first piece");
  left.client.close();
  await within(left.cancelled, "the source to be told");
  await within(left.server.shutdown(), "the end");
});
