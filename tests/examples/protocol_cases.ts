/** What a receiver does with each message that a front could send. The front here is the test itself. */

import assert from "node:assert/strict";
import {
  close,
  type Descriptor,
  listenTcp,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  unixSocketPair,
} from "../../ffi/mod.ts";
import {
  DRAIN,
  HANDOFF,
  HELLO,
  NACK_DESCRIPTOR,
  NACK_FULL,
  NACK_UNSUPPORTED,
} from "../../src/protocol/messages.ts";
import { encodeTransfer } from "../../src/protocol/transfer.ts";
import { drink, noSocket, request, udp } from "../front/clients.ts";
import { descriptorFlags, openDescriptors } from "../support/descriptors.ts";
import { noLimits } from "../support/other_user.ts";
import { until } from "../support/waiting.ts";
import {
  type Case,
  concat,
  ends,
  goesOn,
  greeted,
  handOff,
  lend,
  oneEnd,
  raw,
  refuses,
  sendChanged,
  type Setting,
  untilAnswered,
} from "./protocol_case.ts";
import { isListening, type ReceiverProcess } from "./receivers.ts";

const O_CLOEXEC = 0o2000000;

/** No front hands over half a head; here it is a way to keep a receiver waiting for its client. */
const [HALF, OTHER_HALF] = ["GET / HTTP/1.1\r\n", "Host: test\r\n\r\n"] as const;

/** What a front says when its routes have changed. Only backends that keep connections have to know. */
const GENERATION = raw(1, 9, 0, 0, 0, 0, 0, 2, 0, 0, 0xea, 0x60, 0, 0, 0, 0);

/** Every case. */
export const CASES: readonly Case[] = [
  goesOn("says who it is", (front, { process }) => {
    const [hello] = front.heard;
    const view = new DataView(hello!.bytes.buffer);
    assert.equal(hello!.type, HELLO);
    assert.equal(new TextDecoder().decode(hello!.bytes.subarray(4, 8)), "fdps");
    assert.ok(view.getUint16(10) >= 1, "a window of nothing");
    assert.equal(view.getUint32(12), process.pid);
  }),
  goesOn("reads the preread first, then the socket", async (front, { receiver }) => {
    const whole = request();
    const { client, fd } = front.accept(whole.slice(9));
    handOff(front, fd, { preread: new TextEncoder().encode(whole.slice(0, 9)) });
    front.drop(fd);
    await untilAnswered(client, receiver);
  }),
  goesOn("takes a request that has been read already, all of it", async (front, { receiver }) => {
    const { client, fd } = front.accept();
    handOff(front, fd, { preread: new TextEncoder().encode(request()) });
    front.drop(fd);
    await untilAnswered(client, receiver);
  }),
  goesOn("takes several hand-offs in a row", async (front, { receiver }) => {
    const accepted = Array.from({ length: 20 }, () => front.accept(request()));
    const ids = accepted.map(({ fd }) => handOff(front, fd));
    await until(() => front.acknowledged.length === ids.length, "the acknowledgements");
    assert.deepEqual(front.acknowledged, ids);
    for (const { client, fd } of accepted) {
      front.drop(fd);
      await untilAnswered(client, receiver);
    }
  }),
  goesOn("skips fields that may be skipped", async (front) => {
    const id = sendChanged(front, (message) => concat(message, raw(0x7f, 0, 0, 1, 9), raw(0x7f, 0, 0, 0)));
    await until(() => front.acknowledged.includes(id), "the acknowledgement");
  }),
  goesOn("skips GENERATION", (front) => void front.channel.say(GENERATION)),
  goesOn("takes a client that has left meanwhile", async (front, { process }) => {
    const { client, fd } = front.accept(request());
    await process.halt();
    const id = handOff(front, fd);
    client.reset();
    process.signal("SIGCONT");
    await until(() => front.acknowledged.includes(id), "the acknowledgement");
    front.drop(fd);
  }),

  refuses("a pipe", NACK_DESCRIPTOR, (front) => lend(front, noSocket())),
  refuses("a listening socket", NACK_DESCRIPTOR, (front) => lend(front, listenTcp("127.0.0.1", 0))),
  refuses("a UDP socket", NACK_DESCRIPTOR, (front) => lend(front, udp())),
  refuses("a Unix socket", NACK_DESCRIPTOR, (front) => lend(front, oneEnd(unixSocketPair(SOCK_STREAM)))),
  refuses(
    "a message that ends behind its id",
    NACK_UNSUPPORTED,
    (front) => sendChanged(front, (message) => message.subarray(0, 8)),
  ),
  refuses(
    "a message that is a byte short",
    NACK_UNSUPPORTED,
    (front) => sendChanged(front, (message) => message.subarray(0, 55)),
  ),
  refuses(
    "a field that is cut off",
    NACK_UNSUPPORTED,
    (front) => sendChanged(front, (message) => concat(message, raw(0x81, 0, 0, 9, 1))),
  ),
  refuses(
    "half a field's head",
    NACK_UNSUPPORTED,
    (front) => sendChanged(front, (message) => concat(message, raw(5, 0))),
  ),
  refuses(
    "a field that must not be skipped",
    NACK_UNSUPPORTED,
    (front) => sendChanged(front, (message) => concat(message, raw(0x99, 0, 0, 0))),
  ),
  refuses(
    "preread twice",
    NACK_UNSUPPORTED,
    (front) =>
      sendChanged(front, (message) => concat(message, raw(0x81, 0, 0, 1, 0x47), raw(0x81, 0, 0, 1, 0x45))),
  ),
  {
    ...goesOn("refuses for want of a descriptor number", async (front, { process }) => {
      const lift = await forbidDescriptors(process);
      const { fd } = front.accept(request());
      const id = handOff(front, fd);
      await until(() => front.refused.length > 0, "the refusal");
      assert.deepEqual(front.refused, [[id, NACK_FULL]]);
      front.drop(fd);
      await lift();
    }),
    applies: () => noLimits === undefined,
  },

  ends("another version", (front) => front.channel.say(raw(2, 2, 0, 0))),
  ends("two bytes", (front) => front.channel.say(raw(1, 1))),
  ends("an unknown type", (front) => front.channel.say(raw(1, 77, 0, 0))),
  ends("a second HELLO", (front) => front.channel.say(front.heard[0]!.bytes)),
  ends("a hand-off before HELLO", (front) => void handOff(front, front.accept(request()).fd), false),
  ends("GENERATION before HELLO", (front) => front.channel.say(GENERATION), false),
  ends("a hand-off without a descriptor", (front) => {
    const { fd } = front.accept(request());
    front.channel.say(encodeTransfer(HANDOFF, front.transfer(fd)));
  }),
  ends("a hand-off with two descriptors", (front) => {
    const { fd } = front.accept(request());
    front.channel.say(encodeTransfer(HANDOFF, front.transfer(fd)), fd, fd);
  }),
  ends("a hand-off with 253 descriptors", (front) => {
    const { fd } = front.accept(request());
    front.channel.say(encodeTransfer(HANDOFF, front.transfer(fd)), ...new Array<Descriptor>(253).fill(fd));
  }),
  ends("a message with a descriptor that has none", (front) => {
    const fd = oneEnd(unixSocketPair(SOCK_SEQPACKET));
    front.channel.say(GENERATION, fd);
    close(fd);
  }),

  {
    name: "leaves a connection alone that it could not acknowledge",
    async run({ socket, process }) {
      const front = await greeted(socket);
      try {
        const { client, fd } = front.accept(request());
        await process.halt();
        handOff(front, fd);
        front.channel.shutdown();
        process.signal("SIGCONT");
        // By the time that another front has been answered, it has read that.
        (await greeted(socket)).close();
        assert.deepEqual([client.ended, client.received], [false, ""]);
        assert.equal(drink(fd).text, request());
      } finally {
        front.close();
      }
    },
  },
  {
    ...goesOn("keeps its clients from programs that it may start (close-on-exec)", async (front, setting) => {
      const { client, fd } = front.accept(HALF);
      const socket = Deno.readLinkSync(`/proc/self/fd/${fd}`);
      handOff(front, fd);
      const flags = await until(() => flagsOf(socket, setting.process.pids), "the receiver to have it");
      assert.ok(flags & O_CLOEXEC, `flags ${flags.toString(8)}`);
      front.drop(fd);
      client.send(OTHER_HALF);
      await untilAnswered(client, setting.receiver);
    }),
    applies: ({ neverWaits }) => !neverWaits,
  },
];

/** What comes last: it is told to stop, says so to its fronts, finishes what it serves and takes nothing more. */
export async function drains({ socket, process, receiver }: Setting): Promise<void> {
  const front = await greeted(socket);
  try {
    const [served, late] = [front.accept(receiver.neverWaits ? request() : HALF), front.accept(request())];
    const id = handOff(front, served.fd);
    await until(() => front.acknowledged.includes(id), "the acknowledgement");
    front.drop(served.fd);
    process.signal("SIGTERM");
    await until(() => (front.read(), front.heard.some(({ type }) => type === DRAIN)), "DRAIN");
    handOff(front, late.fd);
    await until(() => front.refused.length > 0 || front.ended, "a refusal, or the end of the channel");
    assert.ok(!isListening(socket), "it still listens");
    if (!receiver.neverWaits) served.client.send(OTHER_HALF);
    await untilAnswered(served.client, receiver);
    assert.deepEqual(front.acknowledged, [id]);
    assert.deepEqual([late.client.ended, drink(late.fd).text], [false, request()]);
  } finally {
    front.close();
  }
}

/** The flags of a socket's descriptor in the first of some processes that has one. */
function flagsOf(socket: string, pids: readonly number[]): number | undefined {
  for (const pid of pids) {
    for (const [fd, link] of openDescriptors(pid)) {
      if (link === socket) return descriptorFlags(fd, pid);
    }
  }
  return undefined;
}

/** Leaves a process without a free descriptor number; the function that is returned takes that back. */
async function forbidDescriptors({ pid }: ReceiverProcess): Promise<() => Promise<void>> {
  const limits = Deno.readTextFileSync(`/proc/${pid}/limits`);
  const [, before] = /^Max open files\s+(\d+)/m.exec(limits)!;
  const open = openDescriptors(pid);
  let free = 0;
  while (open.has(free)) free++;
  const limit = async (count: number | string) => {
    const args = [`--pid=${pid}`, `--nofile=${count}:`];
    const { success } = await new Deno.Command("prlimit", { args }).output();
    assert.ok(success, "prlimit has failed");
  };
  await limit(free);
  return () => limit(before!);
}
