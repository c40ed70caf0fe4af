/** One front takes over from another: with all that it has, or not at all. */

import assert from "node:assert/strict";
import { close, connectUnix, encodeUnixAddress, SOCK_SEQPACKET, unixSocket } from "../../ffi/mod.ts";
import type { FrontStatus } from "../../src/control/front/front_status.ts";
import { ask } from "../../src/control/socket/ask.ts";
import { Talk } from "../../src/control/socket/talk.ts";
import { Loop } from "../../src/loop/loop.ts";
import { childrenOf, commandLine, isRunning } from "../support/proc.ts";
import { freePort } from "../support/ports.ts";
import { Program, runProgram, startBackend } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import { childWith } from "./family.ts";
import { Fronts } from "./fronts.ts";
import { listeningAt, Visitors } from "./take_over_load.ts";

/** Connections that nobody asks anything on for now. */
const PARKED = 200;

/** A loop beside the test, and conversations with a front on it. */
class RunningLoop {
  readonly #loop = new Loop();
  readonly #running = this.#loop.run();

  /** Asks a front for what it has. */
  async ask(path: string): Promise<Talk> {
    const fd = unixSocket(SOCK_SEQPACKET);
    assert.equal(connectUnix(fd, encodeUnixAddress(path)), 0);
    const talk = new Talk(this.#loop, fd, "the running front");
    await talk.say({ version: 1, command: "take-over" });
    return talk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#loop.stop();
    await this.#running;
    this.#loop.close();
  }
}

/** How many connections a front has parked. */
async function parkedOf(control: string): Promise<number> {
  const { status } = await ask(control, { command: "status" });
  return (status as FrontStatus).counters.parked;
}

/** Does as a new front does, and dies when it has heard so many messages. @returns what it heard last */
async function dieAfter(talk: Talk, count: number): Promise<string> {
  for (let heard = 1;; heard++) {
    const { message, fd } = await talk.hear();
    if (fd !== undefined) close(fd);
    if (heard === count || message.type === "commit") {
      talk.close();
      return String(message.type);
    }
    if (message.type === "offer") await talk.say({ type: "want", sockets: true });
    else if (message.type === "listeners") await talk.say({ type: "ready", listeners: [] });
    else if (message.type === "connection") await talk.say({ type: "ack", id: message.id });
  }
}

/** Asserts that nobody has met anything but 200, and that so many were parked. */
function assertServed(counts: Readonly<Record<string, number>>, parked: number): void {
  const others = Object.entries(counts).filter(([what]) => !what.endsWith(": 200"));
  assert.deepEqual(others, [], JSON.stringify(counts));
  assert.equal(counts["parked: 200"], parked);
}

Deno.test("fronts take over from each other under load, with ever other Workers, and nobody notices", async () => {
  using fronts = new Fronts();
  const admin = freePort();
  fronts.configure({ admin: `127.0.0.1:${admin}` });
  await using backend = await startBackend(fronts.socket, { static: fronts.path });
  let front = await fronts.ready();
  const operators = new Visitors(admin, "/metrics");
  operators.comeAndGo();
  const [figures] = listeningAt(admin);
  const inodes = listeningAt(fronts.port);
  const visitors = new Visitors(fronts.port);
  await visitors.park(PARKED);
  // One that has not said all of its request.
  using slow = await RawClient.connect(fronts.port);
  await slow.write("GET /small.txt HTTP/1.1\r\nHo");
  visitors.comeAndGo();
  visitors.stay();
  for (const workers of [2, 1]) {
    const next = await fronts.takeOver(workers);
    const { code, stderr } = await front.end();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /another front has taken over; this one ends/);
    front = next;
    // None of those that were there has gone.
    assert.deepEqual(inodes.filter((inode) => !listeningAt(fronts.port).includes(inode)), []);
  }
  // Whoever looks at figures, a connection after the other, has met nobody who was not there.
  assert.deepEqual(Object.keys(await operators.leave()), ["new: 200"]);
  assert.deepEqual(listeningAt(admin), [figures]);
  await slow.write("st: a\r\nConnection: close\r\n\r\n");
  assert.match(await slow.through("\r\n\r\n"), /^HTTP\/1\.1 200 /);
  assertServed(await visitors.leave(), PARKED);
  // What was counted goes on.
  const status = await runProgram(["status", "--json", "--control", fronts.control], { permissions: ["-A"] });
  const { counters, workers } = JSON.parse(status.stdout);
  assert.ok(counters.accepted > PARKED, status.stdout);
  assert.equal(workers.length, 1);
  await front.stopCleanly();
  await backend.stopCleanly();
});

Deno.test("a new front that cannot become one leaves the old one as it was, and says why in a line", async () => {
  using fronts = new Fronts();
  await using backend = await startBackend(fronts.socket, { static: fronts.path });
  await using front = await fronts.ready();
  const visitors = new Visitors(fronts.port);
  await visitors.park(10);
  const [other, mine] = [freePort(), freePort()];
  using _taken = Deno.listen({ hostname: "127.0.0.1", port: other });
  const listen = [`127.0.0.1:${fronts.port}`, `127.0.0.1:${mine}`, `127.0.0.1:${other}`];
  const cases = [
    [fronts.write("bad.json", "{"), 2, /bad\.json/],
    [
      fronts.configure({ listen }, "in_use.json"),
      1,
      /Cannot listen on 127\.0\.0\.1:\d+: the address is in use/,
    ],
  ] as const;
  for (const [path, expected, why] of cases) {
    await using next = fronts.start([path, "--take-over"]);
    const { code, stderr } = await next.end();
    assert.equal(code, expected, stderr);
    assert.match(stderr, why);
  }
  await front.message(/the take-over came to nothing, this front goes on: .*the address is in use/);
  assert.deepEqual(listeningAt(mine), []);
  assertServed(await visitors.leave(), 10);
  await front.stopCleanly();
  await backend.stopCleanly();
});

Deno.test("of two that take over at once one is refused, and nothing else changes meanwhile", async () => {
  using fronts = new Fronts();
  // Of nobody: it is simply started.
  await using front = await fronts.ready([fronts.configuration, "--take-over"]);
  await using loop = new RunningLoop();
  const first = await loop.ask(fronts.control);
  assert.equal((await first.hear()).message.type, "offer");
  const second = await loop.ask(fronts.control);
  assert.match(
    String((await second.hear()).message.text),
    /^Cannot take over: another front is taking over at the moment; try again later$/,
  );
  const reload = await ask(fronts.control, { command: "reload" });
  assert.deepEqual(reload, {
    code: 1,
    text: "Cannot change anything while another front takes over; ask that one",
  });
  first.close();
  second.close();
  await front.message(
    /the take-over came to nothing, this front goes on: the new front ended the conversation/,
  );
  await front.stopCleanly();
});

Deno.test("at whichever message a new front dies, the old one goes on with all that it had", async () => {
  using fronts = new Fronts();
  await using backend = await startBackend(fronts.socket, { static: fronts.path });
  await using front = await fronts.ready();
  const visitors = new Visitors(fronts.port);
  await visitors.park(20);
  visitors.comeAndGo();
  visitors.stay();
  await until(async () => (await parkedOf(fronts.control)) >= 20, "parked connections");
  await using loop = new RunningLoop();
  const messages: string[] = [];
  for (let cut = 1;; cut++) {
    const talk = await loop.ask(fronts.control);
    const last = await dieAfter(talk, cut);
    messages.push(last);
    const failures = () => front.stderr.split("the take-over came to nothing").length - 1;
    await until(() => failures() >= cut, "the old front's going on");
    if (last === "commit") break;
  }
  assert.deepEqual([...new Set(messages)], ["offer", "listener", "listeners", "connection", "commit"]);
  assertServed(await visitors.leave(), 20);
  await front.stopCleanly();
  await backend.stopCleanly();
});

Deno.test("upgrade has up's front replaced, and answers 1 where the new one hangs or cannot be", async () => {
  using fronts = new Fronts();
  const path = fronts.configure(
    { backends: { files: { socket: fronts.socket, static: fronts.path } } },
    "up.json",
  );
  await using up = new Program(["up", path, "--control", fronts.control], { permissions: ["-A"] });
  await up.line(/^fdpass front ready/m);
  const visitors = new Visitors(fronts.port);
  await visitors.park(50);
  visitors.comeAndGo();
  const inodes = listeningAt(fronts.port);
  const old = childWith(up.pid, "front");
  const upgrade = () => runProgram(["upgrade", "--control", fronts.control], { permissions: ["-A"] });
  const done = await upgrade();
  assert.equal(done.code, 0, done.stderr);
  await until(() => !isRunning(old), "the end of the old front");
  assert.notEqual(childWith(up.pid, "front"), old);
  const good = Deno.readTextFileSync(path);
  fronts.write("up.json", "{");
  const refused = await upgrade();
  assert.equal(refused.code, 1, refused.stderr);
  assert.match(refused.stderr, /up\.json/);
  assert.equal(childrenOf(up.pid).filter((child) => child === childWith(up.pid, "front")).length, 1);
  // One that crashes as it starts, and one that hangs.
  fronts.write("up.json", good);
  const front = childWith(up.pid, "front");
  for (
    const [signal, why] of [["SIGKILL", /front cannot start/], ["SIGSTOP", /not ready within 2 s/]] as const
  ) {
    const asked = runProgram(["upgrade", "--timeout", "2s", "--control", fronts.control], {
      permissions: ["-A"],
    });
    const next = await until(
      () => childrenOf(up.pid).find((child) => child !== front && commandLine(child).includes("--take-over")),
      "the new front",
    );
    Deno.kill(next, signal);
    const { code, stderr } = await asked;
    assert.deepEqual([code, stderr.split("\n").length], [1, 2], stderr);
    assert.match(stderr, why);
    await until(() => !isRunning(next), "its end");
    assert.ok(isRunning(front));
  }
  assertServed(await visitors.leave(), 50);
  assert.deepEqual(listeningAt(fronts.port), inodes);
  await up.stopCleanly();
});
