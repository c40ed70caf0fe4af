/** WebSockets through a front: with two clients that nobody here wrote, and with ends and beginnings of processes. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { WebSocket as WsClient } from "ws";
import { DescriptorTables } from "../support/proc.ts";
import {
  ALLOW_LIBC,
  fixture,
  OVERDUE,
  Program,
  startFront,
  TemporaryDirectory,
} from "../support/processes.ts";
import { freePort } from "../support/ports.ts";
import { get } from "../support/raw_client.ts";
import { until, within } from "../support/waiting.ts";

/** What `fdpass up` gives fetch backends. */
const EVERYTHING = ["--allow-all"];
/** What a backend needs when it is started by hand (docs/security.md); its module is to be read, and has `ws`, too. */
const LEAST = [
  ALLOW_LIBC,
  `--allow-read=${fixture("chat.ts")}`,
  "--allow-env=WS_NO_BUFFER_UTIL,WS_NO_UTF_8_VALIDATE",
];

async function startChat(
  socket: string,
  permissions: readonly string[],
  args: readonly string[] = [],
): Promise<Program> {
  const backend = new Program(["backend", "--socket", socket, "--fetch", fixture("chat.ts"), ...args], {
    permissions,
  });
  await backend.line(/ ready on /);
  return backend;
}

/** A client by `ws`, and what it hears. */
class Client {
  readonly heard: (string | Uint8Array)[] = [];
  closed: string | undefined;
  readonly #socket: InstanceType<typeof WsClient>;

  private constructor(socket: InstanceType<typeof WsClient>) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.heard.push(isBinary ? new Uint8Array(data) : data.toString());
    });
    socket.on("close", (code: number, reason: Buffer) => this.closed = `${code} ${reason}`);
  }

  static async connect(port: number, path: string, protocols: readonly string[] = []): Promise<Client> {
    const socket = new WsClient(`ws://127.0.0.1:${port}${path}`, [...protocols]);
    const client = new Client(socket);
    await within(once(socket, "open"), "the WebSocket to open");
    return client;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Says something and waits for what comes back. */
  async ask(data: string | Uint8Array): Promise<string | Uint8Array> {
    const before = this.heard.length;
    this.#socket.send(data);
    await until(() => this.heard.length > before, `an answer; it closed: ${this.closed}`);
    return this.heard.at(-1)!;
  }

  close(code: number, reason = ""): void {
    this.#socket.close(code, reason);
  }

  /** Waits for the end; its code and reason. */
  end(): Promise<string> {
    return until(() => this.closed, "the WebSocket to close");
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

Deno.test("a conversation goes on while its front ends and another one begins", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("chat.sock");
  await using backend = await startChat(socket, LEAST);
  const configuration = (port: number) => ({
    listen: `127.0.0.1:${port}`,
    sites: [{ to: `fd://${socket}` }],
  });
  {
    // What is loaded with the first of each stays.
    await using front = await startFront(configuration(0));
    for (const path of ["/chat", "/taken"]) {
      using client = await Client.connect(front.port, path);
      await client.ask("hello");
    }
    await front.stopCleanly();
  }
  const tables = await DescriptorTables.of(backend.pid);
  // Nobody else gets it while neither of them has it.
  const port = freePort();
  await using first = await startFront(configuration(port));
  {
    using chat = await Client.connect(port, "/chat", ["other", "chat"]);
    using taken = await Client.connect(port, "/taken");
    assert.equal(chat.protocol, "chat");
    assert.equal(await chat.ask("one"), "echo one");
    assert.equal(await taken.ask("one"), "ws one");

    await first.stopCleanly();
    assert.equal(await chat.ask("two"), "echo two");
    await using second = await startFront(configuration(port));
    assert.equal(await chat.ask("three"), "echo three");
    assert.equal(await taken.ask("three"), "ws three");

    // And whoever comes now finds the same backend.
    using late = await Client.connect(port, "/chat");
    assert.equal(late.protocol, "");
    assert.equal((await get(port, "/process")).text, String(backend.pid));
    assert.equal(await late.ask("four"), "echo four");

    const large = new Uint8Array(1 << 20).map((_, index) => index % 251);
    for (const client of [chat, taken]) {
      const back = await client.ask(large);
      assert.ok(back instanceof Uint8Array && Buffer.compare(back, large) === 0);
    }
    chat.close(4000, "enough");
    assert.equal(await chat.end(), "4000 enough");
    taken.close(1000);
    assert.equal(await taken.end(), "1000 ");
    late.close(1000);
    await late.end();
    await second.stopCleanly();
  }
  await tables.untilRestored();
  await backend.stopCleanly();
});

Deno.test("the runtime's own client holds a conversation", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("chat.sock");
  await using backend = await startChat(socket, EVERYTHING);
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  const client = new WebSocket(`ws://127.0.0.1:${front.port}/chat`, "chat");
  await within(once(client, "open"), "the WebSocket to open");
  client.binaryType = "arraybuffer";
  for (let count = 0; count < 100; count++) {
    client.send(count % 2 === 0 ? `text ${count}` : new Uint8Array(count));
    const [{ data }] = await within(once(client, "message"), "an answer") as [MessageEvent];
    if (count % 2 === 0) assert.equal(data, `echo text ${count}`);
    else assert.equal(data.byteLength, count);
  }
  client.close(1000, "done");
  const [{ code, reason, wasClean }] = await within(once(client, "close"), "the end") as [CloseEvent];
  assert.deepEqual([code, reason, wasClean], [1000, "done", true]);
  await backend.stopCleanly();
  await front.stopCleanly();
});

Deno.test("a backend that is to end leaves WebSockets alone, and waits for their end", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("chat.sock");
  await using backend = await startChat(socket, EVERYTHING, ["--drain-timeout", "2m"]);
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  using chat = await Client.connect(front.port, "/chat");
  using taken = await Client.connect(front.port, "/taken");
  assert.equal(await chat.ask("one"), "echo one");
  backend.signal("SIGTERM");
  await backend.message(/SIGTERM: finishing 2 connections/);
  assert.equal(await chat.ask("two"), "echo two");
  assert.equal(await taken.ask("two"), "ws two");
  for (const client of [chat, taken]) {
    client.close(1000);
    assert.equal(await client.end(), "1000 ");
  }
  const { code, stderr } = await backend.end();
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, OVERDUE);
  await front.stopCleanly();
});

Deno.test("a backend whose time to end is over takes leave of WebSockets", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("chat.sock");
  await using backend = await startChat(socket, EVERYTHING, ["--drain-timeout", "300ms"]);
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  using chat = await Client.connect(front.port, "/chat");
  using taken = await Client.connect(front.port, "/taken");
  assert.equal(await chat.ask("one"), "echo one");
  const asked = performance.now();
  backend.signal("SIGTERM");
  assert.equal(await chat.end(), "1001 Server shutting down");
  assert.equal(await taken.end(), "1006 ");
  const { code, stderr, milliseconds } = await backend.end(asked);
  assert.equal(code, 0, stderr);
  assert.ok(milliseconds >= 300, `it took ${milliseconds} ms`);
  assert.match(stderr, /SIGTERM: finishing 2 connections/);
  assert.match(stderr, /2 connections did not come to an end in time/);
  await front.stopCleanly();
});
