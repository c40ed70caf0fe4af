/** `fdpass up` follows its configuration, and what happens when it cannot. */

import assert from "node:assert/strict";
import { childrenOf, commandLine, isRunning } from "../support/proc.ts";
import { type FrontProgram, PATIENT, startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import { assertGone, untilGone } from "./family.ts";

const handler = (answer: string) => `export default () => new Response(${JSON.stringify(answer)});\n`;
/** A module that cannot be used. */
const BROKEN = "export const nothing = 1;\n";
/** A module that is never done loading. */
const ENDLESS = "setInterval(() => {}, 1000);\nawait new Promise(() => {});\n";
const SIZE = 16 << 20;
/** A handler whose answer does not fit the buffers on the way: its process drains until the client has read it. */
const LARGE = `export default () => new Response(new Uint8Array(${SIZE}));\n`;

/** A backend of a test: what it is called, where it listens, and its module. */
interface Declared {
  readonly name: string;
  readonly socket?: string;
  readonly module?: string;
}

/** A configuration file that is written anew, and the `up` that follows it. */
class Following {
  readonly directory = new TemporaryDirectory();
  readonly path = this.directory.join("fdpass.json");
  #up: FrontProgram | undefined;

  get up(): FrontProgram {
    return this.#up!;
  }

  /** Declares backends, each with a route of its own. */
  declare(...backends: readonly Declared[]): void {
    this.directory.write(
      "fdpass.json",
      JSON.stringify({
        ...PATIENT,
        listen: "127.0.0.1:0",
        sites: [{ routes: backends.map(({ name }) => ({ path: `/${name}`, to: name })) }],
        backends: Object.fromEntries(
          backends.map(({ name, socket = `${name}.sock`, module = `${name}.ts` }) => [
            name,
            { socket: this.directory.join(socket), fetch: this.directory.join(module) },
          ]),
        ),
      }),
    );
  }

  async start(): Promise<void> {
    this.#up = await startUpFrom(this.path);
  }

  /** Asks for a reload, and waits until up has said what came of it. */
  async reload(outcome: RegExp): Promise<string> {
    const before = this.up.stderr.length;
    this.up.signal("SIGHUP");
    const said = () => this.up.stderr.slice(before);
    await until(() => outcome.test(said()), () => `${outcome}: ${said()}`);
    return said();
  }

  async answer(name: string): Promise<string> {
    return (await get(this.up.port, `/${name}`)).text;
  }

  /** The processes of up, by name. */
  processes(): Record<string, number> {
    const named = childrenOf(this.up.pid).filter(isRunning).map((pid) => {
      const words = commandLine(pid);
      const at = words.indexOf("--name");
      return [at < 0 ? "front" : words[at + 1]!, pid] as const;
    });
    assert.equal(new Set(named.map(([name]) => name)).size, named.length, "two processes of one name");
    return Object.fromEntries(named);
  }

  /**
   * Asks up to end while the process `a` has a client. Up waits for that process, whatever else it is busy with.
   *
   * @param when it is asked to end
   */
  async endsWithClient(when: () => Promise<void>): Promise<void> {
    using client = await RawClient.connect(this.up.port);
    await client.write("GET /a HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    await client.through("\r\n\r\n");
    await when();
    this.up.signal("SIGTERM");
    await this.up.message(/backend a: SIGTERM: finishing 1 connections/);
    assert.ok(isRunning(this.up.pid), this.up.stderr);
    assert.equal((await client.rest()).length, SIZE);
    const { code, stderr } = await this.up.end();
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /stays|cannot start/);
  }

  /** Stops up: when it has ended, nothing that it started is left, and no socket either. */
  async stop(): Promise<void> {
    const all = childrenOf(this.up.pid);
    const { code, stderr } = await this.up.stop();
    assert.equal(code, 0, stderr);
    assertGone(all);
    const sockets = [...Deno.readDirSync(this.directory.path)].filter(({ isFile }) => !isFile);
    assert.deepEqual(sockets.map(({ name }) => name), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#up?.[Symbol.asyncDispose]();
    this.directory[Symbol.dispose]();
  }
}

const FOLLOWED = /backends follow the configuration/;
const KEPT = /the new configuration is not used, the old one stays: .*\n/;

Deno.test("up: when a new backend cannot start, everything is as it was before", async () => {
  await using following = new Following();
  const { directory } = following;
  for (const name of ["a", "b", "good"]) directory.write(`${name}.ts`, handler(name));
  directory.write("bad.ts", BROKEN);
  following.declare({ name: "a" }, { name: "b" });
  await following.start();
  const before = following.processes();

  // One that stays, one that goes, one that is new and fine, one that is new and is not.
  directory.write("a.ts", handler("another a"));
  following.declare({ name: "a" }, { name: "good" }, { name: "bad" });
  const said = await following.reload(KEPT);
  assert.match(said, /bad\.ts.*has no default export/);
  assert.match(said, /the old one stays: backend bad cannot start/);
  assert.deepEqual(following.processes(), before);
  assert.equal(await following.answer("a"), "a");
  assert.equal(await following.answer("b"), "b");

  // It is not beyond repair.
  directory.write("bad.ts", handler("not bad"));
  await following.reload(FOLLOWED);
  await until(async () => await following.answer("bad") === "not bad", "the new route");
  await untilGone([before.a!, before.b!]);
  assert.equal(await following.answer("a"), "another a");
  assert.equal(await following.answer("good"), "good");
  assert.deepEqual(Object.keys(following.processes()).sort(), ["a", "bad", "front", "good"]);
  await following.stop();
});

Deno.test("up: when a replacement cannot start, the old process stays and the others are replaced", async () => {
  await using following = new Following();
  const { directory } = following;
  for (const name of ["a", "b", "c"]) directory.write(`${name}.ts`, handler(name));
  following.declare({ name: "a" }, { name: "b" }, { name: "c" });
  await following.start();
  const before = following.processes();

  directory.write("a.ts", handler("another a"));
  directory.write("b.ts", BROKEN);
  directory.write("c.ts", handler("another c"));
  const said = await following.reload(FOLLOWED);
  assert.match(said, /backend b cannot start; the one that runs stays/);
  await untilGone([before.a!, before.c!]);
  const after = following.processes();
  assert.deepEqual(Object.keys(after).sort(), ["a", "b", "c", "front"]);
  assert.equal(after.b, before.b);
  assert.deepEqual(
    [await following.answer("a"), await following.answer("b"), await following.answer("c")],
    ["another a", "b", "another c"],
  );
  await following.stop();
});

Deno.test("up: backends that exchange names and sockets are each replaced where they listen", async () => {
  await using following = new Following();
  const { directory } = following;
  directory.write("one.ts", handler("one"));
  directory.write("two.ts", handler("two"));
  following.declare({ name: "a", socket: "1.sock", module: "one.ts" }, {
    name: "b",
    socket: "2.sock",
    module: "two.ts",
  });
  await following.start();
  const { a, b } = following.processes();
  following.declare({ name: "a", socket: "2.sock", module: "one.ts" }, {
    name: "b",
    socket: "1.sock",
    module: "two.ts",
  });
  await following.reload(FOLLOWED);
  await following.up.message(/front: configuration read again/);
  await untilGone([a!, b!]);
  assert.deepEqual(Object.keys(following.processes()).sort(), ["a", "b", "front"]);
  assert.deepEqual([await following.answer("a"), await following.answer("b")], ["one", "two"]);
  await following.stop();
});

Deno.test("up: SIGTERM while a new backend is being started ends everything", async () => {
  await using following = new Following();
  const { directory } = following;
  directory.write("a.ts", LARGE);
  directory.write("endless.ts", ENDLESS);
  following.declare({ name: "a" });
  await following.start();
  let all: number[] = [];
  await following.endsWithClient(async () => {
    following.declare({ name: "endless" }, { name: "a" });
    following.up.signal("SIGHUP");
    await until(() => childrenOf(following.up.pid).length === 3, "the new backend");
    all = childrenOf(following.up.pid);
  });
  assertGone(all);
});

Deno.test("up: SIGTERM while a replacement is being started ends everything", async () => {
  await using following = new Following();
  const { directory } = following;
  directory.write("a.ts", LARGE);
  directory.write("b.ts", handler("b"));
  following.declare({ name: "b" }, { name: "a" });
  await following.start();
  let all: number[] = [];
  await following.endsWithClient(async () => {
    directory.write("b.ts", ENDLESS);
    following.up.signal("SIGHUP");
    await until(() => childrenOf(following.up.pid).length === 4, "the replacement");
    all = childrenOf(following.up.pid);
  });
  assertGone(all);
});
