/** Servers that know nothing of hand-offs, behind a front: `fdpass backend --upstream`. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { freePort } from "../support/ports.ts";
import { residentMemory, socketsOf } from "../support/proc.ts";
import {
  type FrontProgram,
  Program,
  runProgram,
  startFront,
  startUp,
  STATIC_PERMISSIONS,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get, RawClient, seededBytes, sha256 } from "../support/raw_client.ts";
import { until, within } from "../support/waiting.ts";

const MEBIBYTE = 1 << 20;
const SIZE = 64 * MEBIBYTE;
const content = seededBytes(SIZE, 4712);

/** An HTTP server of Node's, as many are behind a proxy. */
class NodeUpstream {
  readonly server: Server;
  /** Bytes of content that were written to `/endless`. */
  written = 0;
  /** Requests whose response did not come to its end. */
  brokenOff = 0;
  readonly #sockets: WebSocketServer;

  private constructor(handle: (request: IncomingMessage, response: ServerResponse) => void) {
    this.server = createServer(handle);
    this.#sockets = new WebSocketServer({ server: this.server });
    // deno-lint-ignore no-explicit-any -- the package has no types of its own
    this.#sockets.on("connection", (socket: any) => {
      socket.on("message", (data: Uint8Array, binary: boolean) => socket.send(data, { binary }));
    });
  }

  static async listen(at: number | string = 0): Promise<NodeUpstream> {
    const upstream: NodeUpstream = new NodeUpstream((request, response) =>
      upstream.#handle(request, response)
    );
    await new Promise<void>((resolve) =>
      typeof at === "string"
        ? upstream.server.listen(at, resolve)
        : upstream.server.listen(at, "127.0.0.1", resolve)
    );
    return upstream;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { method, url, headers } = request;
    response.on("close", () => {
      if (!response.writableFinished) this.brokenOff++;
    });
    if (url === "/large") {
      response.setHeader("Content-Length", SIZE);
      return void response.end(content);
    }
    if (url === "/large-in-chunks") {
      let at = 0;
      const more = () => {
        while (at < SIZE) {
          const piece = content.subarray(at, at += 100_000);
          if (!response.write(piece)) return void response.once("drain", more);
        }
        response.end();
      };
      return more();
    }
    if (url === "/endless") return this.#endless(response);
    if (url === "/gone") return void request.socket.destroy();
    if (url === "/moved") {
      response.setHeader("Location", `http://${headers.host}/elsewhere`);
      response.statusCode = 302;
      return void response.end();
    }
    const hash = createHash("sha256");
    let length = 0;
    request.on("data", (piece) => {
      hash.update(piece);
      length += piece.length;
    });
    request.on("end", () => {
      const { host, via } = headers;
      const forwarded = headers["x-forwarded-for"];
      response.end(JSON.stringify({ method, url, host, via, forwarded, length, hash: hash.digest("hex") }));
    });
  }

  #endless(response: ServerResponse): void {
    const piece = content.subarray(0, MEBIBYTE);
    const more = () => {
      while (!response.destroyed && this.written < 2 ** 40) {
        this.written += piece.length;
        if (!response.write(piece)) return void response.once("drain", more);
      }
    };
    more();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

/** Starts a relay with no more permissions than it needs, none of them for the network. */
async function startRelay(socket: string, upstream: string, args: readonly string[] = []): Promise<Program> {
  const relay = new Program(["backend", "--socket", socket, "--upstream", upstream, ...args], {
    permissions: STATIC_PERMISSIONS,
  });
  try {
    await relay.line(/^fdpass backend \S+ ready on /m);
    return relay;
  } catch (error) {
    await relay[Symbol.asyncDispose]();
    throw error;
  }
}

/** Asks for the front's echo: what the upstream was asked. */
async function echo(front: FrontProgram, path: string): Promise<Record<string, unknown>> {
  return JSON.parse((await get(front.port, path)).text);
}

/** Downloads something of the size of the content; its hash. */
async function download(front: FrontProgram, path: string): Promise<string> {
  using client = await RawClient.connect(front.port);
  await client.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  const chunked = (await client.through("\r\n\r\n")).includes("Transfer-Encoding: chunked");
  const hash = createHash("sha256");
  for (let at = 0; at < SIZE;) {
    const piece = chunked ? await client.chunk() : await client.bytes(MEBIBYTE);
    assert.ok(piece.length > 0, `the content ends after ${at} bytes`);
    hash.update(piece);
    at += piece.length;
  }
  if (chunked) assert.equal((await client.chunk()).length, 0);
  return hash.digest("hex");
}

Deno.test("a relay in front of a server of Node's", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("api.sock");
  await using upstream = await NodeUpstream.listen();
  await using relay = await startRelay(socket, `http://127.0.0.1:${upstream.port}`);
  const routes = [{ path: "/api/", to: `fd://${socket}` }, { path: "/", to: `fd://${socket}` }];
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ routes }] });
  await relay.message(/front \S+ connected/);
  const sockets = socketsOf(relay.pid).size;
  assert.equal((await get(front.port, "/")).status, 200);

  await t.step("passes requests and responses on", async () => {
    const { method, url, host, via, forwarded } = await echo(front, "/api/a?b=c");
    assert.deepEqual([method, url, host, via, forwarded], [
      "GET",
      "/a?b=c",
      `127.0.0.1:${upstream.port}`,
      "1.1 fdpass",
      "127.0.0.1",
    ]);
    const moved = await get(front.port, "/api/moved");
    assert.deepEqual([moved.status, moved.fields.get("location")], [302, "/api/elsewhere"]);
    assert.equal((await get(front.port, "/gone")).status, 502);
  });

  await t.step("passes a large download on, counted and in chunks, in little memory", async () => {
    const hash = await sha256(content);
    const before = residentMemory(relay.pid);
    for (const path of ["/large", "/large-in-chunks"]) {
      assert.equal(await download(front, path), hash, path);
    }
    const grown = residentMemory(relay.pid) - before;
    assert.ok(grown < 24 * MEBIBYTE, `the relay has grown by ${grown} bytes`);
  });

  await t.step("passes a large upload on, counted and in chunks", async () => {
    const hash = await sha256(content);
    for (const chunked of [false, true]) {
      using client = await RawClient.connect(front.port);
      const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${SIZE}`;
      await client.write(`PUT /a HTTP/1.1\r\nHost: test\r\n${framing}\r\n\r\n`);
      for (let at = 0; at < SIZE; at += MEBIBYTE) {
        if (chunked) await client.write(`${MEBIBYTE.toString(16)}\r\n`);
        await client.write(content.subarray(at, at + MEBIBYTE));
        if (chunked) await client.write("\r\n");
      }
      if (chunked) await client.write("0\r\n\r\n");
      const { length, hash: got } = JSON.parse((await client.response()).text);
      assert.deepEqual([length, got], [SIZE, hash]);
    }
  });

  await t.step("keeps nothing for a client that does not read", async () => {
    const before = residentMemory(relay.pid);
    using client = await RawClient.connect(front.port);
    await client.write("GET /endless HTTP/1.1\r\nHost: test\r\n\r\n");
    await client.bytes(100_000);
    // It rests when the sockets on the way are full.
    let last = -1;
    await until(async () => {
      const still = last === upstream.written;
      last = upstream.written;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return still && last === upstream.written;
    }, "the upstream to rest");
    assert.ok(upstream.written < 64 * MEBIBYTE, `${upstream.written} bytes are under way`);
    const grown = residentMemory(relay.pid) - before;
    assert.ok(grown < 24 * MEBIBYTE, `the relay has grown by ${grown} bytes`);
    const broken = upstream.brokenOff;
    client.close();
    await until(() => upstream.brokenOff > broken, "the end of the request at the upstream");
  });

  await t.step("passes WebSockets on", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${front.port}/api/chat`);
    socket.binaryType = "arraybuffer";
    const next = () => new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
    await within(new Promise((resolve) => socket.onopen = resolve), "the WebSocket");
    let message = next();
    socket.send("hello");
    assert.equal(await within(message, "an echo"), "hello");
    message = next();
    socket.send(content.subarray(0, 3 * MEBIBYTE));
    const came = new Uint8Array(await within(message, "an echo") as ArrayBuffer);
    assert.equal(await sha256(came), await sha256(content.slice(0, 3 * MEBIBYTE)));
    const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    socket.close(4000, "bye");
    const { code, wasClean } = await within(closed, "the end of the WebSocket");
    assert.deepEqual([code, wasClean], [4000, true]);
  });

  await t.step("leaves nothing behind", async () => {
    await Promise.all(Array.from({ length: 8 }, () => get(front.port, "/")));
    await until(() => {
      upstream.server.closeIdleConnections();
      return socketsOf(relay.pid).size === sockets;
    }, () => `the end of ${socketsOf(relay.pid).size - sockets} sockets`);
  });

  await relay.stopCleanly();
  await front.stopCleanly();
});

Deno.test("a relay to a Unix socket, with the client's Host", async () => {
  using directory = new TemporaryDirectory();
  const [socket, path] = [directory.join("api.sock"), directory.join("upstream.sock")];
  await using _upstream = await NodeUpstream.listen(path);
  await using relay = await startRelay(socket, `unix:${path}`, ["--preserve-host"]);
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  const { url, host } = await echo(front, "/a");
  assert.deepEqual([url, host], ["/a", "test"]);
  await relay.stopCleanly();
});

Deno.test("up runs a relay, which waits for its upstream to come and to come back", async () => {
  using directory = new TemporaryDirectory();
  const port = freePort();
  await using front = await startUp({
    listen: "127.0.0.1:0",
    sites: [{ routes: [{ path: "/", to: "api" }, { path: "/two/", to: "two" }] }],
    backends: {
      api: {
        socket: directory.join("api.sock"),
        upstream: `http://127.0.0.1:${port}/base`,
        upstreamTimeout: "2m",
      },
      two: { socket: directory.join("two.sock"), upstream: `http://localhost:${port}`, workers: 2 },
    },
  });
  assert.equal((await get(front.port, "/")).status, 502);
  await front.message(/http:\/\/127\.0\.0\.1:\d+\/base is away: .*ECONNREFUSED.*; requests get 502/);
  await using _upstream = await NodeUpstream.listen(port);
  assert.equal((await echo(front, "/a")).url, "/base/a");
  assert.equal((await echo(front, "/two/a")).url, "/a");
  await front.message(/http:\/\/127\.0\.0\.1:\d+\/base can be reached again/);
  assert.equal((await front.stop()).code, 0);
});

for (
  const [args, sentence] of [
    [["--upstream", "127.0.0.1:3000"], /^fdpass: Cannot relay to "127\.0\.0\.1:3000"; write a URL such as /],
    [["--upstream", "http://a", "--static", "."], /^fdpass: Cannot tell what the backend runs: give one of /],
    [["--upstream", "http://a/b", "--plain"], /^fdpass: Cannot put "\/b" before paths with --plain, /],
    [
      ["--upstream", "http://a", "--proxy-protocol", "v2", "--reverse", "off"],
      /^fdpass: Cannot use --reverse with --proxy-protocol, which changes nothing in requests and responses$/m,
    ],
    [["--upstream", "http://a", "--proxy-protocol", "v3"], /'v3' is invalid.*Allowed choices are v1, v2/],
    [["--upstream", "http://a", "--reverse", "/a/"], /It takes two words in quotes/],
    [
      ["--upstream", "http://a", "--cookie-path", "/ b"],
      /Cannot rewrite cookies by "b"; write a path such as /,
    ],
    [["--static", ".", "--preserve-host"], /^fdpass: Cannot use --preserve-host without --upstream URL$/m],
  ] as const
) {
  Deno.test(`backend ${args.join(" ")} is refused in a sentence`, async () => {
    const { code, stderr } = await runProgram(["backend", "--socket", "/tmp/none.sock", ...args]);
    assert.match(stderr, sentence);
    assert.equal(code, 2);
  });
}
