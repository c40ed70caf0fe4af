/** A new front beside others that say what this version does not, or nothing, or too little: it is one or ends with 1. */

import assert from "node:assert/strict";
import {
  adopt,
  close,
  type Descriptor,
  expect,
  libc,
  settle,
  SOCK_CLOEXEC,
  SOCK_SEQPACKET,
} from "../../ffi/mod.ts";
import { BackendListener } from "../../src/backend/channel/listener.ts";
import { openListener } from "../../src/control/listening/open_listener.ts";
import { Talk } from "../../src/control/socket/talk.ts";
import { pack } from "../../src/control/take_over/exchange.ts";
import { Loop } from "../../src/loop/loop.ts";
import { tcpPair } from "../ffi/sockets.ts";
import { Held } from "../support/descriptors.ts";
import { startBackend } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { Fronts } from "./fronts.ts";
import { listeningAt, Visitors } from "./take_over_load.ts";

/** What a front offers, and no more than has to be said. */
const OFFER = {
  type: "offer",
  version: 1,
  process: Deno.pid,
  generation: 7,
  family: "0123456789abcdef0123456789abcdef",
  key: pack(new Uint8Array(32)),
};
const ADDRESS = pack(new Uint8Array(20).fill(4, 0, 1));

/** Does as a running front would, as far as a test says. */
class ScriptedFront implements AsyncDisposable {
  readonly #loop = new Loop();
  readonly #running = this.#loop.run();
  readonly #listener: BackendListener;
  #over: Promise<unknown> | undefined;

  /** @param act what it does once it was asked; undefined ends every conversation at once */
  constructor(path: string, act: ((talk: Talk) => Promise<void>) | undefined) {
    this.#listener = BackendListener.listen(path, { mode: 0o600 }, { type: SOCK_SEQPACKET, backlog: 4 });
    this.#listener.watch(this.#loop.poller, (fd) => {
      // Besides, a new front looks whether somebody listens, when it takes the path.
      if (act === undefined || this.#over !== undefined) return close(fd);
      const talk = new Talk(this.#loop, fd, "the new front");
      this.#over = (async () => {
        await talk.hear();
        await act(talk);
        talk.close();
      })();
      // Whoever waits for it is told.
      this.#over.catch(() => {});
    });
    this.#loop.wake();
  }

  /** Settles when the conversation is over, as the test has it. */
  get over(): Promise<unknown> {
    return this.#over ?? Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#loop.stop();
    await this.#running;
    this.#loop.close();
  }
}

/** Hears one message, which is to be of this type. */
async function hear(talk: Talk, type: string): Promise<void> {
  const { message, fd } = await talk.hear();
  if (fd !== undefined) close(fd);
  assert.equal(message.type, type, JSON.stringify(message));
}

/** Says everything up to `ready`. @param socket the listening one, if any */
async function untilReady(talk: Talk, key: string, socket?: Descriptor): Promise<void> {
  const port = Number(key.split(":")[1]);
  const before = listeningAt(port);
  await talk.say(OFFER);
  await hear(talk, "want");
  if (socket !== undefined) {
    await talk.say({ type: "listener", key, address: key, nobody: { knows: "this" } }, socket);
  }
  await talk.say({ type: "listeners" });
  await hear(talk, "ready");
  // However many Workers it has: clients come to a socket from its opening on, and this front may go on.
  assert.deepEqual(listeningAt(port), before);
}

Deno.test("a front that cannot take over ends with exit code 1 and a sentence, whatever the other one does", async () => {
  using fronts = new Fronts();
  const key = `127.0.0.1:${fronts.port}`;
  using held = new Held();
  const [socket] = openListener({ host: "127.0.0.1", port: fronts.port }, 1).sockets;
  held.keep(socket!);
  const { server } = tcpPair(held);
  const connection = { type: "connection", id: 1, client: ADDRESS, local: ADDRESS };
  const cases: readonly (readonly [string, ((talk: Talk) => Promise<void>) | undefined, RegExp])[] = [
    [
      "ends every conversation, as of another user's",
      undefined,
      /Cannot take over at .*its own user and root/,
    ],
    [
      "refuses",
      (talk) => talk.say({ code: 1, text: "Cannot take over: it is coming to an end; try again later" }),
      /Cannot take over: it is coming to an end; try again later/,
    ],
    [
      "is of a later version",
      (talk) => talk.say({ ...OFFER, version: 2 }),
      /the running front is of another kind/,
    ],
    [
      "has another socket for the address",
      async (talk) => {
        await talk.say(OFFER);
        await hear(talk, "want");
        await talk.say({ type: "listener", key, address: "127.0.0.1:1" }, socket);
        await hear(talk, "abort");
      },
      /Cannot take over: the socket for 127\.0\.0\.1:1 is another one/,
    ],
    [
      "says in the middle what this version does not know",
      async (talk) => {
        await untilReady(talk, key, socket);
        await talk.say({ type: "later" });
      },
      /Cannot take over: the running front says "later"/,
    ],
    [
      "changes its mind half-way",
      async (talk) => {
        await untilReady(talk, key, socket);
        await talk.say(connection, server);
        await hear(talk, "ack");
      },
      /the running front ended the conversation/,
    ],
  ];
  for (const [what, act, why] of cases) {
    await using front = new ScriptedFront(fronts.control, act);
    await using next = fronts.start([fronts.configuration, "--take-over", "--workers", "3"]);
    const { code, stderr } = await next.end();
    await front.over;
    assert.equal(code, 1, `one that ${what}: ${stderr}`);
    assert.match(stderr, why, what);
    assert.doesNotMatch(stderr, /\bat .*\.ts:\d/, what);
    assert.equal(listeningAt(fronts.port).length, 1, what);
  }
});

Deno.test("what another version says besides is ignored, and what it does not say is as if it were not so", async () => {
  using fronts = new Fronts();
  const key = `127.0.0.1:${fronts.port}`;
  await using backend = await startBackend(fronts.socket, { static: fronts.path });
  using held = new Held();
  const [socket] = openListener({ host: "127.0.0.1", port: fronts.port }, 1).sockets;
  held.keep(socket!);
  const inodes = listeningAt(fronts.port);
  using client = await RawClient.connect(fronts.port);
  const accepted = held.keep(
    adopt(expect(settle(libc.accept4(socket!, null, null, SOCK_CLOEXEC)), "accept")),
  );
  const visitors = new Visitors(fronts.port);
  const waiting = visitors.once();
  await using old = new ScriptedFront(fronts.control, async (talk) => {
    await untilReady(talk, key, socket);
    held.close(socket!);
    const { port } = fronts;
    const local = pack(
      Uint8Array.from({ length: 20 }, (_, at) => [4, 0, port >> 8, port & 255, 127, 0, 0, 1][at] ?? 0),
    );
    const connection = { type: "connection", id: 5, client: ADDRESS, local, mood: "fine" };
    await talk.say(connection, accepted);
    await hear(talk, "ack");
    held.close(accepted);
    await talk.say({ type: "commit", connections: 1, totals: { accepted: 41, wondered: 3 }, more: [1] });
    await hear(talk, "committed");
    await talk.say({ type: "named", name: "x" });
    // None of it is what this version would say.
    await talk.say({ type: "counted", of: "moods", totals: 1 });
    await talk.say({ type: "counted", of: "front" });
    await talk.say({ type: "connection", id: 6 });
    await talk.say({ type: "later" });
    await talk.say({ type: "end", of: "a story" });
  });
  // The process that it is said to be goes on: it is this one.
  await using front = fronts.start([fronts.configuration, "--take-over", "--workers", "2"]);
  await front.line(/^fdpass front ready on /m);

  await old.over;
  await waiting;
  await visitors.once();
  assert.deepEqual(await visitors.leave(), { "new: 200": 2 });
  assert.ok(inodes.every((inode) => listeningAt(fronts.port).includes(inode)));
  await client.write("GET /small.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(await client.through("\r\n\r\n"), /^HTTP\/1\.1 200 /);
  await front.stopCleanly();
  await backend.stopCleanly();
});
