/** How processes end: in good order, in a hurry, and by force. */

import assert from "node:assert/strict";
import { answers } from "../support/apache.ts";
import {
  acceptedSocket,
  catchesSignal,
  childrenOf,
  commandLine,
  isRunning,
  signalAll,
  socketsOf,
} from "../support/proc.ts";
import {
  fixture,
  FRONT_PERMISSIONS,
  type FrontProgram,
  OVERDUE,
  Program,
  startBackend,
  startFront,
  startUp,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get, RawClient, seededBytes, sha256 } from "../support/raw_client.ts";
import { pause, until } from "../support/waiting.ts";

const SIGTERM = 15;
const SIZE = 16 << 20;

const CONTENT = seededBytes(SIZE, 8);

/** A directory with a file that is too large for the buffers between a backend and a client that does not read. */
class Site extends TemporaryDirectory {
  readonly socket = `${this.path}.sock`;

  constructor() {
    super();
    this.write("large.bin", CONTENT);
    this.write("small.txt", "small\n");
  }

  /** A configuration with this site and a fetch backend. */
  get configuration(): object {
    return {
      listen: "127.0.0.1:0",
      sites: [{ names: "files.test", to: "files" }, { to: "app" }],
      backends: {
        files: { socket: this.socket, static: this.path },
        app: { socket: `${this.path}-app.sock`, fetch: fixture("app.ts") },
      },
    };
  }
}

/** Begins a download and reads a little of it. */
async function beginDownload(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.write("GET /large.bin HTTP/1.1\r\nHost: files.test\r\n\r\n");
  assert.match(await client.through("\r\n\r\n"), /^HTTP\/1\.1 200 OK/);
  return client;
}

/** Waits until the front has taken a client's connection from its queue. */
async function untilAccepted(client: RawClient, port: number): Promise<void> {
  await until(() => (acceptedSocket(port, client.address.port) ?? 0) !== 0, "the front to accept");
}

async function assertCompletes(client: RawClient): Promise<void> {
  const received = await client.bytes(SIZE);
  assert.equal(await sha256(received), await sha256(CONTENT));
}

/** The processes that `up` has started, by what they are. */
function family(up: Program): { front: number; files: number; app: number; all: number[] } {
  const all = childrenOf(up.pid);
  const named = (...words: string[]) =>
    all.find((pid) => words.every((word) => commandLine(pid).includes(word)))!;
  return { front: named("front"), files: named("backend", "files"), app: named("backend", "app"), all };
}

async function assertAllGone(pids: readonly number[]): Promise<void> {
  assert.ok(pids.length > 0);
  try {
    await until(() => pids.every((pid) => !isRunning(pid)), () => {
      const left = pids.filter(isRunning).map((pid) => commandLine(pid).join(" "));
      return `the end of ${left.join(", ")}`;
    });
  } catch (error) {
    // What outlives its supervisor must not outlive the test.
    for (const pid of pids.filter(isRunning)) Deno.kill(pid, "SIGKILL");
    throw error;
  }
}

/** What a log must not have: an error that nobody turned into a sentence. */
const TRACE = /\n\s+at |Uncaught|panicked|fatal/;

Deno.test("front and backend end at once on SIGTERM or SIGINT when nothing is under way", async () => {
  using site = new Site();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using backend = await startBackend(site.socket, { static: site.path });
    await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${site.socket}` }] });
    using idle = await RawClient.connect(front.port);
    assert.equal((await idle.get("/small.txt")).text, "small\n");
    using silent = await RawClient.connect(front.port);
    for (const program of [front, backend]) {
      const { code, stderr } = await program.stop(signal);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, TRACE);
      assert.doesNotMatch(stderr, OVERDUE);
    }
    await silent.assertEnded();
    await idle.assertEnded();
    await assert.rejects(Deno.stat(site.socket), Deno.errors.NotFound, "the backend removes its socket");
  }
});

Deno.test("a signal during the start ends a process in good order too", async () => {
  using site = new Site();
  const configuration = JSON.stringify({ listen: "127.0.0.1:0", sites: [{ to: `fd://${site.socket}` }] });
  await using front = new Program(["front", "-"], { permissions: FRONT_PERMISSIONS, input: configuration });
  // Its listening socket is open: it is about to handle signals, or does already, and its Worker is on the way.
  await until(() => socketsOf(front.pid).size > 0 && catchesSignal(front.pid, SIGTERM), "the front to start");
  await pause(10);
  const early = await front.stop();
  assert.ok(early.code === 0 || early.signal === "SIGTERM", early.stderr);
  assert.doesNotMatch(early.stderr, TRACE);

  await using up = new Program(["up", "-"], {
    permissions: ["--allow-all"],
    input: JSON.stringify(site.configuration),
  });
  await until(() => catchesSignal(up.pid, SIGTERM) && childrenOf(up.pid).length >= 2, "the first children");
  const children = childrenOf(up.pid);
  const { code, stderr } = await up.stop();
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, TRACE);
  await assertAllGone(children);
});

Deno.test("a backend finishes a download before it ends", async () => {
  using site = new Site();
  await using backend = await startBackend(site.socket, { static: site.path });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${site.socket}` }] });
  using client = await beginDownload(front.port);
  // The front is not needed for what it has handed over.
  await front.stopCleanly();
  backend.signal("SIGTERM");
  await backend.message(/SIGTERM: finishing 1 connections/);
  await pause(50);
  assert.ok(isRunning(backend.pid), "it has to wait for the client");
  await assertCompletes(client);
  const { code, stderr } = await backend.end();
  assert.equal(code, 0, stderr);
});

Deno.test("a backend does not wait longer than its time for a client that reads nothing", async () => {
  using site = new Site();
  await using backend = await startBackend(site.socket, { static: site.path }, ["--drain-timeout", "300ms"]);
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${site.socket}` }] });
  using client = await beginDownload(front.port);
  const { code, stderr, milliseconds } = await backend.stop();
  assert.equal(code, 0);
  assert.match(stderr, /1 connections did not come to an end in time/);
  assert.ok(milliseconds >= 300, `it took ${milliseconds} ms`);
  await client.rest().catch(() => {});
  await front.stopCleanly();
});

Deno.test("a second SIGTERM ends a backend, and a front, at once with code 1", async () => {
  using site = new Site();
  await using backend = await startBackend(site.socket, { static: site.path });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${site.socket}` }] });
  using client = await beginDownload(front.port);
  using half = await RawClient.connect(front.port);
  await half.write("GET / HTTP/1.1\r\n");
  await untilAccepted(half, front.port);
  for (const program of [backend, front]) {
    program.signal("SIGTERM");
    await program.message(/SIGTERM: finishing/);
    assert.ok(isRunning(program.pid));
    const { code, stderr } = await program.stop();
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, OVERDUE);
  }
  client.close();
  half.close();
});

Deno.test("a front that stops serves who has begun to ask before any of its Workers ends", async () => {
  using site = new Site();
  await using backend = await startBackend(site.socket, { static: site.path });
  const configuration = { listen: "127.0.0.1:0", sites: [{ to: `fd://${site.socket}` }] };
  await using front = await startFront(configuration, { args: ["--workers", "3"] });
  const silent = await Promise.all(Array.from({ length: 30 }, () => RawClient.connect(front.port)));
  // One alone: the other Workers are done at once, and must wait for the one that is not.
  const begun = [await RawClient.connect(front.port)];
  try {
    for (const client of begun) await client.write("GET /small.txt HTTP/1.1\r\nHost: test\r\n");
    for (const client of [...silent, ...begun]) await untilAccepted(client, front.port);
    front.signal("SIGTERM");
    for (const client of silent) await client.assertEnded();
    // Each Worker has a socket of its own, and closes it in its own time.
    await until(async () => !await answers(front.port), "it to accept nothing more");
    for (const client of begun) {
      await client.write("\r\n");
      assert.equal((await client.response()).text, "small\n");
    }
    const { code, stderr } = await front.end();
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, OVERDUE);
  } finally {
    for (const client of [...silent, ...begun]) client.close();
  }
  await backend.stopCleanly();
});

Deno.test("up: everything serves, with no more permissions than needed, and ends together", async () => {
  using site = new Site();
  await using up = await startUp(site.configuration);
  const { all, front, files } = family(up);
  assert.equal(all.length, 3);
  assert.equal((await get(up.port, "/small.txt", "files.test")).text, "small\n");
  assert.equal((await get(up.port, "/x", "app.test")).status, 200);
  assert.ok(!commandLine(front).some((word) => /^(-A|--allow-(all|net|write|run))/.test(word)));
  assert.ok(!commandLine(files).some((word) => /^(-A|--allow-(all|net|write|run))/.test(word)));
  // Its own modules for compression, and nothing of anybody's files: those it opens by libc.
  const readable = commandLine(files).filter((word) => word.startsWith("--allow-read"));
  assert.ok(readable.every((word) => word.endsWith("/src/backend/compression")), readable.join(" "));
  await up.stopCleanly();
  await assertAllGone(all);
});

Deno.test("up: a download is finished first, after SIGTERM and after Ctrl+C alike", async () => {
  using site = new Site();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using up = await startUp(site.configuration);
    const { all } = family(up);
    using client = await beginDownload(up.port);
    up.signal(signal);
    // A terminal sends SIGINT to every process of the job, not to the first alone.
    if (signal === "SIGINT") signalAll(all, signal);
    await up.message(/stopping everything/);
    await pause(200);
    await assertCompletes(client);
    client.close();
    const { code, stderr } = await up.end();
    assert.equal(code, 0, stderr);
    await assertAllGone(all);
  }
});

Deno.test("up: a second SIGTERM ends everything at once", async () => {
  using site = new Site();
  await using up = await startUp(site.configuration);
  const { all } = family(up);
  using client = await beginDownload(up.port);
  // Somebody for the front to wait for too, so that the backends have not been asked to end by then.
  using half = await RawClient.connect(up.port);
  await half.write("GET / HTTP/1.1\r\n");
  await untilAccepted(half, up.port);
  up.signal("SIGTERM");
  await up.message(/stopping everything/);
  const { code, stderr } = await up.stop();
  assert.equal(code, 1);
  assert.doesNotMatch(stderr, OVERDUE);
  await assertAllGone(all);
  client.close();
});

Deno.test("up: killed by force, its processes end by themselves", async () => {
  using site = new Site();
  await using up = await startUp(site.configuration);
  const { all } = family(up);
  up.signal("SIGKILL");
  assert.equal((await up.end()).signal, "SIGKILL");
  await assertAllGone(all);
});

Deno.test("up: what is killed is started again, and clients that come meanwhile are served", async () => {
  using site = new Site();
  await using up = await startUp(site.configuration);
  const before = family(up);
  assert.equal((await get(up.port, "/", "app.test")).status, 200);
  Deno.kill(before.app, "SIGKILL");
  await until(() => !isRunning(before.app), "its end");
  const { status, text } = await get(up.port, "/meanwhile", "app.test");
  assert.equal(status, 200, text);
  assert.notEqual(JSON.parse(text).process, before.app);
  await up.message(/backend app ended \(signal SIGKILL\); starting it again/);

  using download = await beginDownload(up.port);
  Deno.kill(before.front, "SIGKILL");
  await until(() => up.stdout.match(/front ready/g)!.length === 2, "the front to be ready again");
  await assertCompletes(download);
  const port = lastPort(up);
  assert.equal((await get(port, "/small.txt", "files.test")).text, "small\n");
  const { all } = family(up);
  await up.stopCleanly();
  await assertAllGone(all);
});

/** The port of the front that became ready last: the kernel chooses another one each time. */
function lastPort(up: FrontProgram): number {
  return Number([...up.stdout.matchAll(/^fdpass front ready on \S+:(\d+)$/gm)].at(-1)![1]);
}
