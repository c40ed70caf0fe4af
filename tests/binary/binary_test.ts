/** The compiled binary, ./fdpass: the same program without Deno. `deno task compile` makes it first. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { PATIENCE, within } from "../support/waiting.ts";

const BINARY = fileURLToPath(new URL("../../fdpass", import.meta.url));
const HANDLER = fileURLToPath(new URL("./fixtures/handler.ts", import.meta.url));

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: string[], input = ""): Promise<Output> {
  const process = new Deno.Command(BINARY, { args, stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await within(process.output(), `the end of fdpass ${args.join(" ")}`);
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A long-running command: its lines, and its end. */
class Running {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(args: string[], input?: string) {
    this.#process = new Deno.Command(BINARY, {
      args,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    if (input !== undefined) {
      const writer = this.#process.stdin.getWriter();
      void writer.write(new TextEncoder().encode(input)).then(() => writer.close());
    }
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) return found;
      const { value, done } = await within(this.#lines.read(), `${pattern}, after ${this.#text}`);
      if (done) throw new Error(`It ended before it wrote ${pattern}: ${this.#text}`);
      this.#text += value;
    }
  }

  async stop(): Promise<number> {
    this.#process.kill("SIGTERM");
    await this.#lines.cancel();
    return (await within(this.#process.status, "the end of fdpass")).code;
  }
}

Deno.test("binary: says its version and its commands", async () => {
  assert.match((await run(["--version"])).stdout, /^fdpass \d+\.\d+\.\d+\n$/);
  assert.match((await run(["help"])).stdout, /\bfront\b[^]*\bbackend\b[^]*\bup\b[^]*\bcheck\b[^]*\bdemo\b/);
});

Deno.test("binary: a bad configuration on standard input is a sentence with its place, and exit code 2", async () => {
  const { code, stderr } = await run(["check", "-"], `{ "listen": "127.0.0.1:8080", "sits": [] }`);
  assert.equal(code, 2);
  assert.match(stderr, /standard input:1:31: sits: Unknown key; .*"sites"/);
});

Deno.test("binary: up serves a TypeScript handler and files, and ends everything", async () => {
  const directory = await Deno.makeTempDir({ prefix: "fdpass-binary-" });
  try {
    await Deno.writeTextFile(`${directory}/note.txt`, "a note\n");
    await Deno.writeTextFile(`${directory}/long.txt`, "a note\n".repeat(10_000));
    const configuration = {
      listen: "127.0.0.1:0",
      sites: [{ routes: [{ path: "/", to: "app" }, { path: "/files/", to: "files" }] }],
      backends: {
        app: { socket: `${directory}/app.sock`, fetch: HANDLER, workers: 2 },
        files: { socket: `${directory}/files.sock`, static: directory, compress: true },
      },
    };
    const up = new Running(["up", "-"], JSON.stringify(configuration));
    const [, port] = await up.line(/fdpass front ready on 127\.0\.0\.1:(\d+)/);
    const answer = await (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(PATIENCE) }))
      .json();
    assert.equal(answer.greeting, "Hello, binary");
    assert.equal(answer.client, "127.0.0.1");
    assert.equal(answer.module, new URL("./fixtures/handler.ts", import.meta.url).href);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await within(once(socket, "open"), "the WebSocket to open");
    socket.send("are you there?");
    const [{ data }] = await within(once(socket, "message"), "an answer") as [MessageEvent];
    assert.equal(data, "Hello, binary: are you there?");
    socket.close();
    await within(once(socket, "close"), "the WebSocket to close");
    const note = await fetch(`http://127.0.0.1:${port}/files/note.txt`, {
      signal: AbortSignal.timeout(PATIENCE),
    });
    assert.equal(await note.text(), "a note\n");
    // Compressed by a thread, whose module is in the binary too.
    const long = await fetch(`http://127.0.0.1:${port}/files/long.txt`, {
      headers: { "accept-encoding": "gzip" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    assert.equal(await long.text(), "a note\n".repeat(10_000));
    assert.equal(long.headers.get("vary"), "Accept-Encoding");
    assert.equal(long.headers.get("etag")?.slice(0, 2), "W/");
    assert.equal(await up.stop(), 0);
    assert.throws(() => Deno.statSync(`/proc/${answer.process}`), Deno.errors.NotFound);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("binary: the demo runs", async () => {
  const demo = new Running(["demo"]);
  const [, address] = await demo.line(/Open (http:\/\/\S+)/);
  const page = await fetch(address!, {
    headers: { accept: "text/html" },
    signal: AbortSignal.timeout(PATIENCE),
  });
  assert.match(await page.text(), /<html/);
  assert.equal(await demo.stop(), 0);
});
