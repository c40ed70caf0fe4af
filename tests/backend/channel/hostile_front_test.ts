/**
 * A front that does everything wrong. The backend refuses what it can refuse, ends the channel otherwise, and keeps no
 * descriptor; what it has not acknowledged it has not touched.
 */

import assert from "node:assert/strict";
import {
  close,
  type Descriptor,
  EPIPE,
  listenTcp,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  unixSocketPair,
} from "../../../ffi/mod.ts";
import {
  ACK,
  BYE,
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_TIMEOUT,
  BYE_UNKNOWN_ID,
  BYE_UNKNOWN_TYPE,
  BYE_VERSION,
  DRAIN,
  HANDOFF,
  HELLO,
  LOAD,
  MAX_MESSAGE,
  NACK,
  NACK_DESCRIPTOR,
  NACK_DRAINING,
  NACK_FULL,
  NACK_REFUSED,
  NACK_UNSUPPORTED,
  RETURN,
  RETURN_IDLE,
  SIZE_TRANSFER,
} from "../../../src/protocol/messages.ts";
import { encodeBye } from "../../../src/protocol/replies.ts";
import { encodeTransfer } from "../../../src/protocol/transfer.ts";
import {
  drink,
  limitDescriptors,
  noSocket,
  pour,
  request,
  udp,
  unconnectedTcp,
} from "../../front/clients.ts";
import { ack, byeOf, nameOf } from "../../front/raw_channel.ts";
import { openDescriptors, sharesProcess } from "../../support/descriptors.ts";
import { type Recorder, type Rig, test } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";

const raw = (...bytes: number[]) => new Uint8Array(bytes);
const concat = (...parts: Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));

/** A descriptor that is lent to a call. */
function lend<T>(fd: Descriptor, use: (fd: Descriptor) => T): T {
  try {
    return use(fd);
  } finally {
    close(fd);
  }
}

/** A HANDOFF that nobody could say anything against. */
function handoff(front: ScriptedFront, change = {}): Uint8Array<ArrayBuffer> {
  return lend(unconnectedTcp(), (fd) => encodeTransfer(HANDOFF, front.transfer(fd, { id: 77, ...change })));
}

/** The backend still does its work, for another front. */
async function assertWorks(rig: Rig<Recorder>): Promise<void> {
  const front = await rig.front("another");
  const before = rig.server.connections.length;
  const { fd } = front.accept(request());
  const id = front.handOff(fd);
  await rig.until(() => front.acknowledged.includes(id), "another front's acknowledgement");
  assert.equal(rig.server.connections.length, before + 1);
  front.drop(fd);
}

// --- what ends the channel --------------------------------------------------------------------------------------------

type Say = (front: ScriptedFront) => unknown;

const ENDS: readonly (readonly [what: string, say: Say, bye: number | undefined, reason: RegExp])[] = [
  ["version 2", (front) => front.channel.say(raw(2, 2, 0, 0)), BYE_VERSION, /^version 2 /],
  [
    "text",
    (front) => front.channel.say(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")),
    BYE_VERSION,
    /^version 71 /,
  ],
  ["an empty message", (front) => front.channel.say(raw()), undefined, /^the front closed the channel$/],
  [
    "an empty message with a descriptor",
    (front) => lend(noSocket(), (fd) => front.channel.say(raw(), fd)),
    undefined,
    /^the front closed the channel$/,
  ],
  ["three bytes", (front) => front.channel.say(raw(1, 2, 0)), BYE_MALFORMED, /3 bytes/],
  [
    "a message that is too long",
    (front) => front.channel.say(concat(raw(1, HANDOFF), new Uint8Array(MAX_MESSAGE))),
    BYE_MALFORMED,
    /^a message of 145487 bytes$/,
  ],
  [
    "a message that is too long, with a descriptor",
    (front) =>
      lend(
        unconnectedTcp(),
        (fd) => front.channel.say(concat(raw(1, HANDOFF), new Uint8Array(MAX_MESSAGE)), fd),
      ),
    BYE_MALFORMED,
    /^a message of 145487 bytes$/,
  ],
  ["an unknown type", (front) => front.channel.say(raw(1, 77, 0, 0)), BYE_UNKNOWN_TYPE, /^type 77 /],
  ...[RETURN, DRAIN, LOAD].map((type) =>
    [
      `type ${type}, which goes the other way`,
      (front: ScriptedFront) => front.channel.say(raw(1, type, 0, 0, 0, 0, 0, 0)),
      BYE_UNKNOWN_TYPE,
      / is not known$/,
    ] as const
  ),
  ["a second HELLO", (front) => front.channel.say(hello()), BYE_MALFORMED, /^a second HELLO$/],
  [
    "a HANDOFF without a descriptor",
    (front) => front.channel.say(handoff(front)),
    BYE_DESCRIPTORS,
    /with 0 desc/,
  ],
  [
    "a HANDOFF with two descriptors",
    (front) => {
      const { fd } = front.accept(request());
      front.channel.say(handoff(front), fd, fd);
    },
    BYE_DESCRIPTORS,
    /^HANDOFF with 2 descriptors$/,
  ],
  [
    "a HANDOFF with 253 descriptors",
    (front) =>
      lend(noSocket(), (fd) => front.channel.say(handoff(front), ...new Array<Descriptor>(253).fill(fd))),
    BYE_DESCRIPTORS,
    /^HANDOFF with 253 descriptors$/,
  ],
  [
    "a HANDOFF too short to have an id",
    (front) => lend(unconnectedTcp(), (fd) => front.channel.say(raw(1, HANDOFF, 0, 0, 0, 0, 0), fd)),
    BYE_MALFORMED,
    /short|HANDOFF/,
  ],
  [
    "an ACK with a descriptor",
    (front) => lend(noSocket(), (fd) => front.channel.say(ack([]), fd)),
    BYE_DESCRIPTORS,
    /^ACK with 1 descriptors$/,
  ],
  ["an ACK that is cut off", (front) => front.channel.say(ack([1]).slice(0, 9)), BYE_MALFORMED, /^ACK has/],
  ["an ACK for nothing", (front) => front.channel.say(ack([1, 2])), BYE_UNKNOWN_ID, /^ACK for 2 /],
  ["a short NACK", (front) => front.channel.say(raw(1, NACK, 0, 1)), BYE_MALFORMED, /^NACK is too short$/],
  [
    "a NACK for nothing",
    (front) => front.channel.say(raw(1, NACK, 0, 1, 0, 0, 0, 9)),
    BYE_UNKNOWN_ID,
    /^NACK for 9/,
  ],
  [
    "BYE",
    (front) => front.channel.say(encodeBye({ reason: 9, text: "enough" })),
    undefined,
    /^the front ends it: enough$/,
  ],
];

function hello(magic = "fdps", window = 1): Uint8Array<ArrayBuffer> {
  return concat(raw(1, HELLO, 0, 0), new TextEncoder().encode(magic), raw(0, 0, 0, window, 0, 0, 0, 1));
}

for (const [what, say, bye, reason] of ENDS) {
  test(`a front that sends ${what}`, async (rig) => {
    const front = await rig.front();
    say(front);
    await rig.until(() => {
      front.read();
      return front.ended;
    }, "the end of the channel");
    assert.equal(rig.lost.length, 1);
    assert.match(rig.lost[0]!, reason);
    const last = front.heard.at(-1)!;
    assert.deepEqual(
      [nameOf(last), last.type === BYE ? byeOf(last).reason : undefined],
      bye === undefined ? ["HELLO", undefined] : ["BYE", bye],
    );
    assert.equal(rig.backend.channels.size, 0);
    assert.equal(rig.server.connections.length, 0);
    await assertWorks(rig);
  });
}

test("what came before the fault in the same read is not served, and is the front's to hand on", async (rig) => {
  const front = await rig.front();
  const { client, fd } = front.accept(request());
  front.handOff(fd);
  front.channel.say(raw(1, 77, 0, 0));
  await rig.until(() => front.read().length > 0 && front.ended, "the end of the channel");
  assert.deepEqual(front.acknowledged, []);
  assert.equal(rig.server.connections.length, 0);
  pour(fd, "from the front");
  assert.equal(client.received, "from the front");
  assert.equal(drink(fd).text, request());
});

// --- before HELLO -----------------------------------------------------------------------------------------------------

const GREETINGS: readonly (readonly [what: string, message: () => Uint8Array<ArrayBuffer>, bye: number])[] = [
  ["HELLO of another version", () => concat(raw(9), hello().subarray(1)), BYE_VERSION],
  ["HELLO with another magic", () => hello("http"), BYE_MALFORMED],
  ["HELLO that is cut off", () => hello().slice(0, 15), BYE_MALFORMED],
  ["HELLO that takes nothing back", () => hello("fdps", 0), BYE_MALFORMED],
  [
    "HELLO with an unknown field that must not be skipped",
    () => concat(hello(), raw(0x99, 0, 0, 0)),
    BYE_MALFORMED,
  ],
  ["ACK", () => ack([]), BYE_MALFORMED],
];

for (const [what, message, bye] of GREETINGS) {
  test(`a front whose first message is ${what}`, async (rig) => {
    const front = rig.rawFront();
    front.channel.say(message());
    await rig.until(() => front.read().length > 0 || front.ended, "BYE");
    assert.deepEqual(front.heard.map((heard) => [nameOf(heard), byeOf(heard).reason]), [["BYE", bye]]);
    await assertWorks(rig);
  });
}

test("a front whose first message is a HANDOFF", async (rig) => {
  const front = rig.rawFront();
  const { client, fd } = front.accept(request());
  front.handOff(fd);
  await rig.until(() => front.read().length > 0, "BYE");
  assert.equal(byeOf(front.heard[0]!).reason, BYE_MALFORMED);
  assert.equal(client.ended, false);
  await assertWorks(rig);
});

test("a front that connects and says nothing", async (rig) => {
  const front = rig.rawFront();
  await rig.settle();
  await rig.advance(500);
  assert.deepEqual(front.read(), []);
  await rig.advance(2_100);
  front.read();
  assert.deepEqual(front.heard.map((heard) => byeOf(heard).reason), [BYE_TIMEOUT]);
  await assertWorks(rig);
});

test("fronts that connect and go at once", async (rig) => {
  for (let i = 0; i < 100; i++) rig.rawFront(i % 2 === 0).channel.close();
  await rig.settle();
  assert.equal(rig.backend.channels.size, 0);
  await assertWorks(rig);
});

// --- what is refused --------------------------------------------------------------------------------------------------

const DESCRIPTORS: readonly (readonly [what: string, make: () => Descriptor])[] = [
  ["a pipe", noSocket],
  ["a listening socket", () => listenTcp("127.0.0.1", 0)],
  ["a UDP socket", udp],
  ...[SOCK_STREAM, SOCK_SEQPACKET].map((type) =>
    [`a Unix socket of type ${type}`, () => {
      const pair = unixSocketPair(type as typeof SOCK_STREAM);
      close(pair[1]);
      return pair[0];
    }] as const
  ),
];

for (const [what, make] of DESCRIPTORS) {
  test(`a HANDOFF of ${what} is refused, and the channel goes on`, async (rig) => {
    const front = await rig.front();
    const id = lend(make(), (fd) => front.handOff(fd));
    await rig.until(() => front.refused.length > 0, "the refusal");
    assert.deepEqual(front.refused, [[id, NACK_DESCRIPTOR]]);
    const { fd } = front.accept(request());
    const next = front.handOff(fd);
    await rig.until(() => front.acknowledged.includes(next), "the next one's acknowledgement");
    assert.deepEqual(front.acknowledged, [next]);
  });
}

test("a HANDOFF of the channel itself is refused", async (rig) => {
  const front = await rig.front();
  const id = front.handOff(front.channel.fd);
  await rig.until(() => front.refused.length > 0, "the refusal");
  assert.deepEqual(front.refused, [[id, NACK_DESCRIPTOR]]);
});

const MALFORMED:
  readonly (readonly [what: string, message: (good: Uint8Array) => Uint8Array<ArrayBuffer>])[] = [
    ["that ends behind its id", (good) => new Uint8Array(good.slice(0, 8))],
    ["that is one byte short", (good) => new Uint8Array(good.slice(0, SIZE_TRANSFER - 1))],
    ["with a field that is cut off", (good) => concat(good, raw(0x81, 0, 0, 9, 1))],
    ["with half a field's head", (good) => concat(good, raw(5, 0))],
    ["with a field twice", (good) => concat(good, raw(4, 0, 0, 1, 0x2f))],
    ["with an unknown field that must not be skipped", (good) => concat(good, raw(0xff, 0, 0, 0))],
    [
      "with a path that is not UTF-8",
      (good) => concat(good.subarray(0, SIZE_TRANSFER), raw(4, 0, 0, 1, 0xc0)),
    ],
    ["with an address of no known family", (good) => concat(good.subarray(0, 8), raw(7), good.subarray(9))],
  ];

for (const [what, message] of MALFORMED) {
  test(`a HANDOFF ${what} is refused untouched, and the channel goes on`, async (rig) => {
    const front = await rig.front();
    const { client, fd } = front.accept(request());
    front.channel.say(message(handoff(front)), fd);
    await rig.until(() => front.refused.length > 0, "the refusal");
    assert.deepEqual(front.refused, [[77, NACK_UNSUPPORTED]]);
    assert.equal(rig.server.connections.length, 0);
    assert.equal(drink(fd).text, request());
    assert.equal(client.ended, false);
  });
}

test("an unknown field that may be skipped is skipped, however often it is there", async (rig) => {
  const front = await rig.front();
  const { fd } = front.accept(request());
  front.channel.say(concat(handoff(front), raw(0x7f, 0, 0, 1, 9), raw(0x7f, 0, 0, 0)), fd);
  await rig.until(() => front.acknowledged.length > 0, "the acknowledgement");
  assert.deepEqual(front.acknowledged, [77]);
});

test("a socket that was never connected is acknowledged at worst, and harms nobody", async (rig) => {
  const front = await rig.front();
  const id = lend(unconnectedTcp(), (fd) => front.handOff(fd));
  await rig.until(() => front.acknowledged.length + front.refused.length > 0, "an answer");
  assert.deepEqual([...front.acknowledged, ...front.refused.map(([refused]) => refused)], [id]);
  await assertWorks(rig);
});

test("a client that has gone already is a connection like any other", async (rig) => {
  const front = await rig.front();
  const { client, fd } = front.accept(request());
  client.reset();
  const id = front.handOff(fd);
  await rig.until(() => front.acknowledged.includes(id), "the acknowledgement");
});

test("beyond its limit of connections a backend refuses, and takes again when one has ended", async (rig) => {
  const front = await rig.front();
  const ids = Array.from({ length: 5 }, () => front.handOff(front.accept(request()).fd));
  await rig.until(() => front.acknowledged.length + front.refused.length === 5, "five answers");
  assert.deepEqual(front.acknowledged, ids.slice(0, 2));
  assert.deepEqual(front.refused, ids.slice(2).map((id) => [id, NACK_FULL]));
  rig.server.connections[0]!.close();
  const next = front.handOff(front.accept(request()).fd);
  await rig.until(() => front.acknowledged.includes(next), "the next");
}, { maxConnections: 2 });

test("a backend that drains refuses what comes, and serves what it has", async (rig) => {
  const front = await rig.front();
  const first = front.handOff(front.accept(request()).fd);
  await rig.until(() => front.acknowledged.includes(first), "the first");
  let drained = false;
  const done = rig.backend.drain().then(() => drained = true);
  const id = front.handOff(front.accept(request()).fd);
  await rig.until(() => front.refused.length > 0, "the refusal");
  assert.deepEqual(front.refused, [[id, NACK_DRAINING]]);
  assert.ok(front.heard.some(({ type }) => type === DRAIN));
  assert.equal(drained, false);
  rig.server.connections[0]!.close();
  await rig.until(() => drained, "the end");
  await done;
  front.read();
  assert.equal(front.ended, true);
});

if (!sharesProcess) {
  test("without a descriptor number free the hand-off is refused as full, and nothing is lost", async (rig) => {
    const front = await rig.front();
    const { client, fd } = front.accept(request());
    const taken: Descriptor[] = [];
    const highest = Math.max(...openDescriptors().keys());
    const restore = limitDescriptors(highest + 20);
    try {
      const id = front.handOff(fd);
      for (;;) {
        try {
          taken.push(unconnectedTcp());
        } catch {
          break;
        }
      }
      await rig.until(() => front.refused.length > 0, "the refusal");
      assert.deepEqual(front.refused, [[id, NACK_FULL]]);
    } finally {
      restore();
      taken.forEach(close);
    }
    assert.deepEqual(rig.events.filter(({ type }) => type === "descriptors").length, 1);
    assert.equal(client.ended, false);
    const again = front.handOff(fd);
    await rig.until(() => front.acknowledged.includes(again), "the acknowledgement");
  });

  test("a descriptor that is kept from the backend while numbers are free is refused, and told as that", async (rig) => {
    const front = await rig.front();
    const { client, fd } = front.accept(request());
    // As a security module leaves it: the kernel delivers the bytes alone, and afterwards there are numbers enough.
    const { reader } = rig.backend;
    const receive = reader.receive.bind(reader);
    reader.receive = (from) => {
      const restore = limitDescriptors(0);
      try {
        return receive(from);
      } finally {
        restore();
      }
    };
    const ids = [front.handOff(fd), front.handOff(fd)];
    await rig.until(() => front.refused.length > 1, "the refusals");
    assert.deepEqual(front.refused, ids.map((id) => [id, NACK_REFUSED]));
    reader.receive = receive;
    assert.deepEqual(rig.events.filter(({ type }) => type === "descriptors"), [{
      type: "descriptors",
      why: "forbidden",
    }]);
    assert.equal(client.ended, false);
    await assertWorks(rig);
  });
}

// --- the commit point -------------------------------------------------------------------------------------------------

test("a channel that has ended before the ACK leaves the connection untouched and with the front", async (rig) => {
  const front = await rig.front();
  const handed = Array.from({ length: 3 }, () => front.accept(request()));
  for (const { fd } of handed) front.handOff(fd);
  // It was sent, and cannot be called back: but no ACK can follow.
  front.channel.shutdown();
  await rig.until(() => rig.lost.length > 0, "the end of the channel");
  assert.equal(rig.server.connections.length, 0);
  assert.equal(rig.backend.active, 0);
  for (const { client, fd } of handed) {
    assert.deepEqual([client.received, client.ended], ["", false]);
    assert.equal(drink(fd).text, request());
    pour(fd, "served elsewhere");
    assert.equal(client.received, "served elsewhere");
  }
});

test("the same when the front closes", async (rig) => {
  const front = await rig.front();
  const { client, fd } = front.accept(request());
  front.handOff(fd);
  front.channel.close();
  await rig.until(() => rig.lost.length > 0, "the end of the channel");
  assert.equal(rig.server.connections.length, 0);
  assert.deepEqual([client.ended, drink(fd).text], [false, request()]);
});

test("hand-offs that are read together are acknowledged together, before any is served", async (rig) => {
  const front = await rig.front();
  const ids = Array.from({ length: 20 }, () => front.handOff(front.accept(request()).fd));
  await rig.until(() => front.acknowledged.length === 20, "the acknowledgements");
  const acks = front.heard.filter(({ type }) => type === ACK);
  assert.ok(acks.length <= 2, `${acks.length} ACKs`);
  assert.deepEqual(front.acknowledged, ids);
  assert.equal(new DataView(acks.at(-1)!.bytes.buffer).getUint32(4), 20);
});

test("a front that never reads: the backend stops reading, serves nothing unacknowledged, and does not grow", async (rig) => {
  const front = await rig.front();
  const { client, fd } = front.accept(request());
  // Refusals with their texts fill the socket's buffer.
  let sent = 0;
  const flood = async () => {
    for (let more = 0; more < 200; more++) {
      const said = lend(noSocket(), (pipe) => front.channel.say(handoff(front), pipe));
      if (said < 0) return true;
      sent++;
      if (more % 20 === 19) await rig.turn();
    }
    return false;
  };
  let full = false;
  for (let round = 0; round < 20 && !full; round++) full = await flood();
  assert.ok(full, `the backend has read ${sent} messages that it could not answer`);
  assert.ok(sent < 2_000);
  await rig.settle();
  // One that is good, behind all that.
  const before = openDescriptors().size;
  let id = -1;
  // Room comes only as the front reads.
  await rig.until(() => {
    if (id < 0) {
      const message = front.channel.hear();
      assert.ok(message !== "end");
      id = front.handOff(fd);
    }
    return id >= 0;
  }, "room for one more");
  if (!sharesProcess) assert.ok(openDescriptors().size <= before + 1);
  assert.equal(rig.server.connections.length, 0);
  assert.equal(client.ended, false);
  await rig.until(() => front.acknowledged.includes(id), "its acknowledgement, once the front reads");
  assert.equal(rig.server.connections.length, 1);
});

/** Makes the backend say more than the channel takes from it: refusals that the front does not read. */
async function blockAnswers(rig: Rig<Recorder>, front: ScriptedFront): Promise<void> {
  for (let count = 0; count < 2_000; count++) {
    const room = lend(noSocket(), (pipe) => front.channel.say(handoff(front), pipe)) > 0;
    if (!room) return await rig.settle();
    if (count % 20 === 0) await rig.turn();
  }
  assert.fail("the backend reads on without end");
}

test("a front that shuts the channel down while answers to it wait", async (rig) => {
  const front = await rig.front();
  await blockAnswers(rig, front);
  await rig.settle();
  assert.equal(rig.lost.length, 0);
  front.channel.shutdown();
  // Nothing else than the end of the channel may follow, in particular not an endless wake-up for nothing.
  await rig.until(() => rig.lost.length === 1, "the end of the channel");
  await rig.settle();
  assert.equal(rig.backend.channels.size, 0);
  await assertWorks(rig);
});

test("a front that closes while answers to it wait", async (rig) => {
  const front = await rig.front();
  await blockAnswers(rig, front);
  front.channel.close();
  await rig.until(() => rig.lost.length === 1, "the end of the channel");
  await assertWorks(rig);
});

// --- what is given back -----------------------------------------------------------------------------------------------

test("a connection that is given back is the front's after its ACK, and stays the backend's otherwise", async (rig) => {
  const front = await rig.front();
  const clients = [1, 2, 3].map(() => front.give(request()));
  await rig.until(() => front.acknowledged.length === 3, "the hand-offs");
  const [first, second, third] = rig.server.connections;
  for (const connection of rig.server.connections) {
    assert.ok(
      connection.channel.giveBack({ connection, requests: 1, reason: RETURN_IDLE, preread: raw(0x47) }),
    );
  }
  await rig.until(() => front.returned.length === 3, "the RETURNs");
  const [one, two] = front.returned;
  assert.deepEqual([one!.transfer.requests, one!.transfer.detail, [...one!.transfer.preread]], [
    1,
    RETURN_IDLE,
    [0x47],
  ]);
  assert.equal(drink(one!.fd).text, request());
  front.channel.say(ack([one!.transfer.id]));
  await rig.until(() => first!.closed, "the first to be let go");
  front.channel.say(raw(1, NACK, 0, 1, 0, 0, 0, two!.transfer.id));
  await rig.until(() => rig.server.failedReturns.length === 1, "the second to come back");
  assert.equal(rig.server.failedReturns[0], second);
  front.channel.close();
  await rig.until(() => rig.server.failedReturns.length === 2, "the third to come back");
  assert.equal(rig.server.failedReturns[1], third);
  assert.equal(rig.backend.active, 2);
  // Given back, its closing here has ended nothing.
  pour(one!.fd, "still here");
  assert.deepEqual([clients[0]!.received, clients[0]!.ended], ["still here", false]);
});

test("an ACK that the front sent before it closed still counts", async (rig) => {
  const front = await rig.front();
  const client = front.give(request());
  await rig.until(() => front.acknowledged.length === 1, "the hand-off");
  const [connection] = rig.server.connections;
  connection!.channel.giveBack({ connection: connection!, requests: 1, reason: RETURN_IDLE, preread: raw() });
  await rig.until(() => front.returned.length === 1, "the RETURN");
  front.channel.say(ack([front.returned[0]!.transfer.id]));
  front.channel.close();
  await rig.until(() => rig.lost.length === 1, "the end of the channel");
  assert.deepEqual([connection!.closed, rig.server.failedReturns.length, client.ended], [true, 0, false]);
});

test("no more are on their way back than the front's window takes", async (rig) => {
  const front = await rig.front("small", 2);
  for (let i = 0; i < 5; i++) front.give(request());
  await rig.until(() => front.acknowledged.length === 5, "the hand-offs");
  for (const connection of rig.server.connections) {
    assert.ok(connection.channel.giveBack({ connection, requests: 1, reason: RETURN_IDLE, preread: raw() }));
  }
  await rig.settle();
  assert.equal(front.returned.length, 2);
  front.channel.say(ack(front.returned.map(({ transfer }) => transfer.id)));
  await rig.until(() => front.returned.length === 4, "two more");
  front.channel.say(ack(front.returned.slice(2).map(({ transfer }) => transfer.id)));
  await rig.until(() => front.returned.length === 5, "the last");
});

test("a channel that the backend ends can say nothing more", async (rig) => {
  const front = await rig.front();
  front.channel.say(raw(1, 77, 0, 0));
  await rig.until(() => front.read() && front.ended, "the end");
  assert.equal(front.handOff(front.accept(request()).fd), -EPIPE);
});
