/** SIGHUP to a fetch backend that was started by hand: its module is loaded afresh, and nobody is refused meanwhile. */

import assert from "node:assert/strict";
import { childrenOf, isRunning } from "../support/proc.ts";
import {
  ALLOW_LIBC,
  type FrontProgram,
  Program,
  startFront,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { pause, until } from "../support/waiting.ts";
import { untilGone } from "./family.ts";

/** Answers with a word and its process; on /slow, as long as somebody reads, piece by piece when it is told to. */
const module = (word: string) => `
let more = () => {};
export default (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/slow") {
    return new Response(new ReadableStream({
      start(controller) {
        more = () => controller.enqueue(new TextEncoder().encode("${word} "));
        more();
      },
    }));
  }
  if (pathname === "/more") more();
  return new Response("${word} " + Deno.pid);
};
`;

class Setting extends TemporaryDirectory {
  readonly socket = this.join("app.sock");
  readonly #module = this.join("app.ts");

  load(text: string): void {
    this.write("app.ts", text);
  }

  async start(
    args: readonly string[] = [],
    permissions: readonly string[] = ["--allow-all"],
  ): Promise<Program> {
    const backend = new Program(["backend", "--socket", this.socket, "--fetch", this.#module, ...args], {
      permissions,
    });
    await backend.line(/^fdpass backend app ready on /m);
    return backend;
  }

  /** What a backend started by hand may at least. */
  get least(): readonly string[] {
    return [ALLOW_LIBC, `--allow-read=${this.#module}`];
  }

  front(): Promise<FrontProgram> {
    return startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${this.socket}` }] });
  }
}

async function ask(port: number): Promise<readonly [word: string, process: number]> {
  const { status, text } = await get(port, "/");
  assert.equal(status, 200, text);
  const [word, process] = text.split(" ");
  return [word!, Number(process)];
}

/** Asks until the answer has changed; every request on the way is answered. */
async function untilAnswered(port: number, word: string, before: string): Promise<number> {
  for (;;) {
    const [said, process] = await ask(port);
    if (said === word) return process;
    assert.equal(said, before);
    // The process that is to answer needs the processor too.
    await pause();
  }
}

Deno.test("backend: SIGHUP has another process take over; the first one finishes, stays, and ends with it", async () => {
  using setting = new Setting();
  setting.load(module("one"));
  await using backend = await setting.start(["--drain-timeout", "2m"]);
  await using front = await setting.front();
  const { port } = front;
  assert.deepEqual(await ask(port), ["one", backend.pid]);
  {
    using slow = await RawClient.connect(port);
    await slow.write("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
    await slow.through("\r\n\r\n");
    const decode = async () => new TextDecoder().decode(await slow.chunk());
    assert.equal(await decode(), "one ");

    setting.load(module("two"));
    backend.signal("SIGHUP");
    const second = await untilAnswered(port, "two", "one");
    assert.deepEqual(childrenOf(backend.pid), [second]);

    // Again: the second process goes, while the first one still serves who was with it.
    setting.load(module("three"));
    backend.signal("SIGHUP");
    const third = await untilAnswered(port, "three", "two");
    // Gone altogether: its number was waited for.
    await until(() => String(childrenOf(backend.pid)) === String(third), "the third process alone");
    assert.ok(isRunning(backend.pid));
  }
  const [successor] = childrenOf(backend.pid);
  const { code, stderr } = await backend.stop();
  assert.equal(code, 0, stderr);
  assert.ok(!isRunning(successor!));
  await front.stopCleanly();
});

Deno.test("backend: a module that cannot be loaded changes nothing, and one that can is loaded then", async () => {
  using setting = new Setting();
  setting.load(module("one"));
  await using backend = await setting.start();
  await using front = await setting.front();
  const { port } = front;
  assert.deepEqual(await ask(port), ["one", backend.pid]);
  setting.load("this is no module");
  backend.signal("SIGHUP");
  await backend.message(/cannot start; the process that serves goes on with the module that it has/);
  assert.deepEqual(await ask(port), ["one", backend.pid]);
  setting.load(module("two"));
  backend.signal("SIGHUP");
  await untilAnswered(port, "two", "one");
  assert.equal((await backend.stop()).code, 0);
  await front.stopCleanly();
});

Deno.test("backend: without the permission to start a process it says so, and goes on", async () => {
  using setting = new Setting();
  setting.load(module("one"));
  await using backend = await setting.start([], setting.least);
  await using front = await setting.front();
  backend.signal("SIGHUP");
  await backend.message(/Requires run access [^\n]*; the process that serves goes on/);
  assert.deepEqual(await ask(front.port), ["one", backend.pid]);
  await backend.stopCleanly();
  await front.stopCleanly();
});

Deno.test("backend: its successor may do what it may, and no more", async () => {
  using setting = new Setting();
  setting.load(module("one"));
  await using backend = await setting.start([], [...setting.least, `--allow-run=${Deno.execPath()}`]);
  await using front = await setting.front();
  setting.load(`
    const { state } = await Deno.permissions.query({ name: "net" });
    export default () => new Response(state + " 0");
  `);
  backend.signal("SIGHUP");
  await untilAnswered(front.port, "prompt", "one");
  assert.equal((await backend.stop()).code, 0);
  await front.stopCleanly();
});

Deno.test("backend: SIGHUP, then SIGTERM twice: everything ends at once", async () => {
  using setting = new Setting();
  setting.load(module("one"));
  await using backend = await setting.start(["--drain-timeout", "2m"]);
  await using front = await setting.front();
  setting.load(module("two"));
  backend.signal("SIGHUP");
  const second = await untilAnswered(front.port, "two", "one");
  using slow = await RawClient.connect(front.port);
  await slow.write("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
  await slow.through("\r\n\r\n");
  backend.signal("SIGTERM");
  await until(() => (backend.stderr.match(/SIGTERM: finishing/g) ?? []).length === 2, "both to begin to end");
  assert.equal((await backend.stop()).code, 1);
  await untilGone([second]);
  await front.stopCleanly();
});

Deno.test("backend --workers: SIGHUP replaces each of them, and who is with one stays there", async () => {
  using setting = new Setting();
  setting.load(module("one"));
  await using backend = await setting.start(["--workers", "2", "--drain-timeout", "2m"]);
  await using front = await setting.front();
  const { port } = front;
  const before = childrenOf(backend.pid);
  assert.equal(before.length, 2);
  using slow = await RawClient.connect(port);
  await slow.write("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
  await slow.through("\r\n\r\n");
  assert.equal(new TextDecoder().decode(await slow.chunk()), "one ");

  setting.load(module("two"));
  backend.signal("SIGHUP");
  await until(
    () => (backend.stderr.match(/has loaded the module afresh/g) ?? []).length === 2,
    "two new ones",
  );
  // One serves on; the other one had nothing to do any more.
  await until(() => before.filter(isRunning).length === 1, "the idle one to end");
  await backend.message(/SIGTERM: finishing 1 connections/);
  const processes = new Set<number>();
  await until(async () => {
    const [word, process] = await ask(port);
    assert.equal(word, "two");
    processes.add(process);
    return processes.size === 2;
  }, "answers of both new ones");
  slow.close();
  await untilGone(before);

  setting.load("this is no module");
  backend.signal("SIGHUP");
  await backend.message(/cannot start; the workers that serve go on with the module that they have/);
  assert.equal((await ask(port))[0], "two");
  const after = childrenOf(backend.pid);
  assert.equal((await backend.stop()).code, 0);
  await untilGone(after);
  await front.stopCleanly();
});
