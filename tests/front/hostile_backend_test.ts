/**
 * A backend that does everything wrong. The front closes the channel, says why, keeps what was not acknowledged, and
 * goes on with another backend; no descriptor that came in stays open.
 */

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
  ACK,
  BYE,
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_TIMEOUT,
  BYE_UNKNOWN_ID,
  BYE_UNKNOWN_TYPE,
  BYE_VERSION,
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
  SIZE_TRANSFER,
} from "../../src/protocol/messages.ts";
import { byeReason, encodeBye, encodeLoad, encodeNack } from "../../src/protocol/replies.ts";
import { encodeTransfer, type Transfer } from "../../src/protocol/transfer.ts";
import { type Client, noSocket, request, udp, unconnectedTcp } from "./clients.ts";
import { ack, byeOf, type RawChannel } from "./raw_channel.ts";
import { type Rig, test } from "./rig.ts";
import { type Held, responseOf, type ScriptedBackend } from "./scripted_backend.ts";

const TWO = { backends: ["bad", "good"] };
const CLIENTS = 3;

/** Bytes, each a number. */
const raw = (...bytes: number[]) => new Uint8Array(bytes);

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

const NOBODY = new Uint8Array(20);
const RETURNED: Transfer = {
  id: 7,
  client: NOBODY,
  local: NOBODY,
  generation: 1,
  requests: 1,
  detail: 0,
  keepAlive: 0,
  except: new Uint8Array(0),
  map: "",
  site: "",
  route: "",
  path: "",
  preread: new Uint8Array(0),
};
const returning = () => encodeTransfer(RETURN, RETURNED);

/** A descriptor that is lent to a call. */
function lend<T>(fd: Descriptor, use: (fd: Descriptor) => T): T {
  try {
    return use(fd);
  } finally {
    close(fd);
  }
}

/** Lets three clients be handed to a bad backend, which has read them and answered nothing. */
function threeOnBad(rig: Rig): { bad: ScriptedBackend; clients: Client[]; held: Held[] } {
  const bad = rig.start("bad");
  rig.until(() => rig.reported("backend-found").length === 1, "the bad backend's channel");
  const clients = Array.from({ length: CLIENTS }, () => rig.client(request()));
  rig.until(() => rig.connections.filter(({ state }) => state === "handed").length === CLIENTS, "hand-offs");
  return { bad, clients, held: bad.read() };
}

/** The good backend answers all of these, and nobody else any of them. */
function answeredByGood(rig: Rig, clients: readonly Client[]): void {
  const good = rig.scripted.find(({ name }) => name === "good") ?? rig.start("good");
  good.manner = "serves";
  for (const client of clients) assert.equal(rig.answer(client), responseOf("good"));
  assert.deepEqual(clients.map(({ ended }) => ended), clients.map(() => "end"));
  rig.until(() => rig.front.pool.open === 0, "the front to let go of everything");
}

/** The reasons for which the bad backend was given up, once it had been found. */
function lostReasons(rig: Rig): string[] {
  return rig.reported("backend-lost").filter(({ backend }) => backend === "bad").map(({ reason }) => reason);
}

// --- after HELLO ------------------------------------------------------------------------------------------------------

interface Fault {
  readonly what: string;
  readonly say: (channel: RawChannel, held: readonly Held[]) => number | void;
  /** What people are told. */
  readonly reason: string | RegExp;
  /** What the backend is told, unless nothing. */
  readonly bye?: number;
  /** How many of the three connections it has taken all the same. */
  readonly taken?: number;
}

const sayReturnOf = (make: () => Descriptor) => (channel: RawChannel) =>
  lend(make(), (fd) => channel.say(returning(), fd));

const FAULTS: readonly Fault[] = [
  { what: "version 2", say: (to) => to.say(raw(2, 3, 0, 0)), reason: /^version 2 /, bye: BYE_VERSION },
  {
    what: "an HTTP response",
    say: (to) => to.say(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n")),
    reason: /^version 72 /,
    bye: BYE_VERSION,
  },
  { what: "an empty message", say: (to) => to.say(raw()), reason: "the backend closed the channel" },
  {
    what: "an empty message with a descriptor",
    say: (to) => lend(noSocket(), (fd) => to.say(raw(), fd)),
    reason: "the backend closed the channel",
  },
  { what: "one byte", say: (to) => to.say(raw(1)), reason: "a message of 1 bytes", bye: BYE_MALFORMED },
  { what: "three bytes", say: (to) => to.say(raw(1, ACK, 0)), reason: /3 bytes/, bye: BYE_MALFORMED },
  {
    what: "a message that is one byte too long",
    say: (to) => to.say(concat(raw(1, LOAD, 0, 0), new Uint8Array(MAX_MESSAGE - 3))),
    reason: `a message of ${MAX_MESSAGE + 1} bytes`,
    bye: BYE_MALFORMED,
  },
  {
    what: "a message that is far too long",
    say: (to) => to.say(concat(raw(1, LOAD, 0, 0), new Uint8Array(MAX_MESSAGE + 50_000))),
    reason: `a message of ${MAX_MESSAGE + 1} bytes`,
    bye: BYE_MALFORMED,
  },
  {
    what: "an unknown type",
    say: (to) => to.say(raw(1, 99, 0, 0)),
    reason: /^type 99 /,
    bye: BYE_UNKNOWN_TYPE,
  },
  { what: "type 0", say: (to) => to.say(raw(1, 0, 0, 0)), reason: /^type 0 /, bye: BYE_UNKNOWN_TYPE },
  {
    what: "a HANDOFF, which goes the other way",
    say: (to) => to.say(encodeTransfer(HANDOFF, RETURNED)),
    reason: /^HANDOFF is not known/,
    bye: BYE_UNKNOWN_TYPE,
  },
  {
    what: "a HANDOFF with a descriptor",
    say: (to) => lend(noSocket(), (fd) => to.say(encodeTransfer(HANDOFF, RETURNED), fd)),
    reason: "HANDOFF with 1 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "an ACK whose count is too high",
    say: (to, held) => to.say(concat(raw(1, ACK, 0, 2), ack([held[0]!.transfer.id]).subarray(4))),
    reason: /^ACK has another length/,
    bye: BYE_MALFORMED,
  },
  {
    what: "an ACK with a byte behind its ids",
    say: (to, held) => to.say(concat(ack([held[0]!.transfer.id]), raw(0))),
    reason: /^ACK has another length/,
    bye: BYE_MALFORMED,
  },
  { what: "a short ACK", say: (to) => to.say(raw(1, ACK, 0, 0, 0, 0)), reason: /^ACK /, bye: BYE_MALFORMED },
  { what: "a short NACK", say: (to) => to.say(raw(1, NACK, 0, 1, 0)), reason: /^NACK /, bye: BYE_MALFORMED },
  { what: "a short LOAD", say: (to) => to.say(raw(1, LOAD, 0, 0, 0)), reason: /^LOAD /, bye: BYE_MALFORMED },
  {
    what: "ACKs for ids that were never sent; those beside them count",
    say: (to, held) => to.say(ack([1, held[0]!.transfer.id, 0xffff_ffff, held[1]!.transfer.id, 0])),
    reason: "ACK for 3 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
    taken: 2,
  },
  {
    what: "an ACK that names a hand-off twice",
    say: (to, held) => to.say(ack([held[0]!.transfer.id, held[0]!.transfer.id])),
    reason: "ACK for 1 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
    taken: 1,
  },
  {
    what: "the same ACK twice",
    say: (to, held) => {
      to.say(ack([held[0]!.transfer.id]));
      to.say(ack([held[0]!.transfer.id]));
    },
    reason: "ACK for 1 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
    taken: 1,
  },
  {
    what: "an ACK for the slot of a hand-off under another use of it",
    say: (to, held) => to.say(ack([held[0]!.transfer.id + 1024])),
    reason: "ACK for 1 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
  },
  {
    what: "an ACK behind the one that ends the channel: it was sent in time, and counts",
    say: (to, held) => {
      to.say(ack([1]));
      to.say(ack([held[0]!.transfer.id]));
    },
    reason: "ACK for 1 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
    taken: 1,
  },
  {
    what: "a NACK for an id that was never sent",
    say: (to) => to.say(encodeNack({ id: 5, reason: NACK_REFUSED, text: "" })),
    reason: "NACK for 5, which is not under way",
    bye: BYE_UNKNOWN_ID,
  },
  {
    what: "a NACK for what it has acknowledged",
    say: (to, held) => {
      to.say(ack([held[0]!.transfer.id]));
      to.say(encodeNack({ id: held[0]!.transfer.id, reason: NACK_FULL, text: "" }));
    },
    reason: /^NACK for \d+, which is not under way/,
    bye: BYE_UNKNOWN_ID,
    taken: 1,
  },
  {
    what: "an ACK with a descriptor: it does not count",
    say: (to, held) => lend(noSocket(), (fd) => to.say(ack([held[0]!.transfer.id]), fd)),
    reason: "ACK with 1 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN without a descriptor",
    say: (to) => to.say(returning()),
    reason: "RETURN with 0 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN with two descriptors",
    say: (to, held) => to.say(returning(), held[0]!.fd, held[1]!.fd),
    reason: "RETURN with 2 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN with 253 descriptors",
    say: (to, held) => to.say(returning(), ...new Array<Descriptor>(253).fill(held[0]!.fd)),
    reason: "RETURN with 253 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN of a pipe",
    say: sayReturnOf(noSocket),
    reason: "RETURN of not a socket",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN of a listening socket",
    say: sayReturnOf(() => listenTcp("127.0.0.1", 0)),
    reason: "RETURN of a listening socket",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN of a UDP socket",
    say: sayReturnOf(udp),
    reason: "RETURN of not a stream socket",
    bye: BYE_DESCRIPTORS,
  },
  ...[SOCK_STREAM, SOCK_SEQPACKET].map((type): Fault => ({
    what: `a RETURN of a Unix socket of type ${type}`,
    say: (to) => {
      const pair = unixSocketPair(type as typeof SOCK_STREAM);
      to.say(returning(), pair[0]);
      pair.forEach(close);
    },
    reason: "RETURN of a Unix socket",
    bye: BYE_DESCRIPTORS,
  })),
  {
    what: "a RETURN of its own channel",
    say: (to) => to.say(returning(), to.fd),
    reason: "RETURN of a Unix socket",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN that is cut off",
    say: (to, held) => to.say(returning().slice(0, SIZE_TRANSFER - 1), held[0]!.fd),
    reason: "the transfer is too short",
    bye: BYE_MALFORMED,
  },
  {
    what: "a RETURN with an unknown field that must not be skipped",
    say: (to, held) => to.say(concat(returning(), raw(0x90, 0, 0, 0)), held[0]!.fd),
    reason: /^field 144 is not known/,
    bye: BYE_MALFORMED,
  },
  {
    what: "a RETURN with an address of no known family",
    say: (to, held) =>
      to.say(
        encodeTransfer(RETURN, { ...RETURNED, client: raw(5, ...new Array(19).fill(0)) }),
        held[0]!.fd,
      ),
    reason: /^address family 5 /,
    bye: BYE_MALFORMED,
  },
];

for (const { what, say, reason, bye, taken = 0 } of FAULTS) {
  test(`a backend that sends ${what}`, TWO, (rig) => {
    const { bad, clients, held } = threeOnBad(rig);
    bad.stopListening();
    bad.manner = "accepts";
    const { channel } = bad;
    say(channel, held);
    rig.until(() => lostReasons(rig).length > 0, "the end of its channel");
    const [told, ...more] = lostReasons(rig);
    if (typeof reason === "string") assert.equal(told, reason);
    else assert.match(told!, reason);
    assert.deepEqual(more, []);
    // The last thing it hears is why.
    const last = channel.hearAll().at(-1);
    if (bye === undefined) assert.equal(last, undefined);
    else assert.deepEqual([last!.type, byeOf(last!).reason], [BYE, bye]);
    assert.equal(channel.say(ack([])) < 0, true, "it can still send");
    // What it has acknowledged is its own, and nobody else serves that.
    const own = held.filter(({ port }) => !rig.connections.some((other) => portOf(other.client) === port));
    assert.equal(own.length, taken);
    const rest = clients.filter(({ port }) => !own.some((one) => one.port === port));
    bad.forget(held.filter((one) => !own.includes(one)));
    answeredByGood(rig, rest);
    for (const one of own) {
      bad.held = bad.held.filter((other) => other !== one);
      bad.owned.push(one);
      assert.ok(bad.serve(one));
      assert.equal(rig.answer(clients.find(({ port }) => port === one.port)!), responseOf("bad"));
    }
    assert.equal(rig.counters.read().reclaimed, CLIENTS - taken);
  });
}

function portOf(address: Uint8Array): number {
  return address[2]! << 8 | address[3]!;
}

test("a backend that ends with BYE, whatever the reason, is shown with it", TWO, (rig) => {
  const bad = rig.start("bad");
  const good = rig.start("good");
  good.manner = "serves";
  for (const reason of [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 10, 65_535]) {
    const before = lostReasons(rig).length;
    rig.until(() => bad.channels.length > 0 && bad.channel.closed === false && isReady(rig), "a channel");
    bad.channel.say(encodeBye({ reason, text: "" }));
    rig.until(() => lostReasons(rig).length > before, "the end of its channel");
    assert.equal(lostReasons(rig).at(-1), `the backend ends it: ${byeReason(reason)}`);
    bad.channel.close();
    rig.advance(500);
  }
  const long = "x".repeat(2_000);
  rig.until(() => !bad.channel.closed && isReady(rig), "a channel");
  bad.channel.say(concat(raw(1, BYE, 0, 9), new TextEncoder().encode(long)));
  rig.until(() => lostReasons(rig).length === 13, "the end of its channel");
  assert.equal(lostReasons(rig).at(-1), `the backend ends it: ${long}`);
  assert.equal(rig.answer(rig.client(request())), responseOf("good"));
});

/** The bad backend has been found again since it was lost. */
function isReady(rig: Rig): boolean {
  const found = rig.reported("backend-found").filter(({ backend }) => backend === "bad").length;
  return found === lostReasons(rig).length + 1;
}

// --- before HELLO -----------------------------------------------------------------------------------------------------

/** A HELLO with everything right but for what is said here. */
function hello(magic = "fdps", window = 1): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(magic);
  return concat(raw(1, HELLO, 0, 0), text, raw(0, 1, 0, window, 0, 0, 0, 1));
}

const GREETINGS: readonly (readonly [what: string, say: (to: RawChannel) => void, reason: RegExp])[] = [
  ["a HELLO of another version", (to) => to.say(raw(2, 1, 0, 0, 0x66, 0x64, 0x70, 0x73)), /^version 2 /],
  ["a HELLO that is cut off", (to) => to.say(hello().slice(0, 15)), /^HELLO is too short$/],
  ["a HELLO with another magic", (to) => to.say(hello("http")), /^HELLO does not say fdps$/],
  ["a HELLO without a window", (to) => to.say(hello("fdps", 0)), /^HELLO allows no transfers$/],
  [
    "a HELLO with an unknown field that must not be skipped",
    (to) => to.say(concat(hello(), raw(0x80, 0, 0, 0))),
    /^field 128 is not known/,
  ],
  [
    "a HELLO with a name that is not UTF-8",
    (to) => to.say(concat(hello(), raw(1, 0, 0, 1, 0xff))),
    /^the name is not UTF-8$/,
  ],
  [
    "a HELLO with a descriptor",
    (to) => lend(noSocket(), (fd) => to.say(hello(), fd)),
    /^HELLO with 1 descriptors$/,
  ],
  ["an ACK first", (to) => to.say(ack([])), /^ACK before HELLO$/],
  ["a LOAD first", (to) => to.say(encodeLoad(3)), /^LOAD before HELLO$/],
  [
    "a RETURN first",
    (to) => lend(unconnectedTcp(), (fd) => to.say(returning(), fd)),
    /^RETURN before HELLO$/,
  ],
  ["nothing, and closes", (to) => to.close(), /^the backend closed the channel$/],
  ["BYE", (to) => to.say(encodeBye({ reason: 6, text: "go away" })), /^the backend ends it: go away$/],
];

for (const [what, say, reason] of GREETINGS) {
  test(`a backend that answers HELLO with ${what}`, TWO, (rig) => {
    const bad = rig.start("bad");
    bad.manner = "accepts";
    const client = rig.client(request());
    rig.until(() => bad.channels.length === 1, "a channel");
    bad.stopListening();
    say(bad.channel);
    const awaited = () => rig.reported("backend-awaited").filter(({ backend }) => backend === "bad");
    rig.until(() => awaited().some((report) => reason.test(report.reason)), `a report of ${reason}`);
    answeredByGood(rig, [client]);
    assert.deepEqual(lostReasons(rig), []);
  });
}

test("a backend that says HELLO twice", TWO, (rig) => {
  const { bad, clients } = threeOnBad(rig);
  bad.stopListening();
  bad.channel.say(bad.hello());
  rig.until(() => lostReasons(rig).length === 1, "the end of its channel");
  assert.deepEqual(lostReasons(rig), ["a second HELLO"]);
  answeredByGood(rig, clients);
});

test("a backend that accepts and says nothing gets as long as an acknowledgement may take", TWO, (rig) => {
  const bad = rig.start("bad");
  bad.manner = "accepts";
  rig.until(() => bad.channels.length === 1, "a channel");
  const client = rig.client(request());
  rig.settle();
  bad.stopListening();
  rig.advance(1_900);
  assert.ok(!rig.reports.some((report) => "reason" in report && report.reason.includes("accepts")));
  rig.advance(200);
  assert.ok(
    rig.reported("backend-awaited").some(({ reason }) => reason === "it accepts but does not answer"),
  );
  const last = bad.channel.hearAll().at(-1)!;
  assert.deepEqual([last.type, byeOf(last).reason], [BYE, BYE_TIMEOUT]);
  answeredByGood(rig, [client]);
});

test("a backend whose backlog is full is tried again", TWO, (rig) => {
  const bad = rig.start("bad");
  bad.manner = "asleep";
  const good = rig.start("good");
  good.manner = "serves";
  // Attempts that are given up one after another stay in the backlog of 64 until somebody accepts them.
  for (let i = 0; i < 150; i++) rig.advance(2_500);
  assert.ok(rig.reported("backend-awaited").some(({ reason }) => /backlog is full/.test(reason)));
  assert.equal(rig.answer(rig.client(request())), responseOf("good"));
  bad.manner = "serves";
  for (let i = 0; i < 4; i++) rig.advance(500);
  rig.until(() => rig.reported("backend-found").length === 2, "the backend to be found at last");
});

// --- never reading, and never answering -------------------------------------------------------------------------------

test("a backend that sends 300 messages and reads none", {
  backends: ["bad", "good"],
  limits: { unacknowledged: 1_000 },
}, (rig) => {
  const bad = rig.start("bad", 1_000);
  rig.until(() => rig.reported("backend-found").length === 1, "the bad backend's channel");
  bad.manner = "accepts";
  let said = 0;
  for (let count = 0; count < 300; count++) {
    if (bad.channel.say(encodeLoad(0)) > 0) said++;
    if (count % 100 === 99) rig.turn();
  }
  assert.equal(said, 300);
  rig.settle();
  assert.deepEqual(lostReasons(rig), []);
  // Its socket takes some hundred hand-offs; then it is full, and the others wait.
  const clients = Array.from({ length: 400 }, () => rig.client(request()));
  rig.settle();
  const states = (state: string) => rig.connections.filter((connection) => connection.state === state).length;
  assert.ok(states("handed") > 100 && states("handed") < 400, `${states("handed")} were handed over`);
  assert.equal(states("handed") + states("waiting"), 400);
  bad.stopListening();
  const waited = states("waiting");
  const good = rig.start("good");
  good.manner = "serves";
  rig.until(() => good.served.length === waited, "the good backend to take all who wait");
  rig.advance(2_100);
  rig.until(() => lostReasons(rig).length === 1, "the end of its channel");
  assert.deepEqual(lostReasons(rig), ["no acknowledgement within 2000 ms"]);
  answeredByGood(rig, clients);
});

test("a backend that gives back and reads no answer", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  bad.stopListening();
  bad.manner = "asleep";
  bad.acknowledge([held[0]!]);
  const own = held[0]!;
  let id = 0;
  rig.settle();
  // Each ACK of the front takes room in a socket that nobody empties.
  for (let round = 0; round < 1_000 && lostReasons(rig).length === 0; round++) {
    lend(unconnectedTcp(), (fd) => bad.channel.say(encodeTransfer(RETURN, { ...RETURNED, id: ++id }), fd));
    rig.turn();
  }
  assert.deepEqual(lostReasons(rig), ["a RETURN could not be acknowledged"]);
  bad.owned = [];
  close(own.fd);
  answeredByGood(rig, clients.filter(({ port }) => port !== own.port));
});

test("a RETURN of a socket that was never connected ends there, and nowhere else", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  lend(unconnectedTcp(), (fd) => bad.channel.say(returning(), fd));
  rig.settle();
  assert.deepEqual(lostReasons(rig), []);
  assert.deepEqual([rig.counters.read().returned, rig.counters.read().open], [1, 3]);
  bad.acknowledge(held);
  held.forEach((one) => bad.serve(one));
  for (const client of clients) assert.equal(rig.answer(client), responseOf("bad"));
});

test("a backend that closes with messages unread, after some ACKs", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  const more = rig.client(request());
  rig.until(() => rig.connections.length === 4, "a hand-off that it does not read");
  bad.stopListening();
  assert.ok(bad.acknowledge([held[1]!]) > 0);
  bad.channel.close();
  rig.until(() => lostReasons(rig).length === 1, "the end of its channel");
  assert.deepEqual(lostReasons(rig), ["the backend closed the channel"]);
  const own = held[1]!;
  answeredByGood(rig, [...clients.filter(({ port }) => port !== own.port), more]);
  assert.ok(bad.serve(own));
  assert.equal(rig.answer(clients.find(({ port }) => port === own.port)!), responseOf("bad"));
});

test("a backend that closes when it has read everything, after an ACK that nobody has read", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  bad.stopListening();
  assert.ok(bad.acknowledge([held[0]!, held[2]!]) > 0);
  bad.channel.close();
  rig.until(() => lostReasons(rig).length === 1, "the end of its channel");
  const own = [held[0]!, held[2]!];
  answeredByGood(rig, clients.filter(({ port }) => port === held[1]!.port));
  for (const one of own) {
    assert.ok(bad.serve(one));
    assert.equal(rig.answer(clients.find(({ port }) => port === one.port)!), responseOf("bad"));
  }
});

test("a backend that is stopped, given up, and then wakes up cannot acknowledge", TWO, (rig) => {
  const { bad, clients, held } = threeOnBad(rig);
  const unread = rig.client(request());
  rig.until(() => rig.connections.length === 4, "a hand-off that it does not read");
  bad.stopListening();
  bad.manner = "asleep";
  rig.advance(2_100);
  answeredByGood(rig, [...clients, unread]);
  // The unread one is still in its queue, and it reads it: too late.
  const late = bad.read();
  assert.equal(late.length, 1);
  assert.equal(bad.acknowledge(held), -32, "EPIPE");
  assert.equal(bad.acknowledge(late), -32, "EPIPE");
  assert.equal(bad.owned.length, 0);
});

// --- refusing ---------------------------------------------------------------------------------------------------------

for (
  const [name, reason, refusals] of [
    ["full", NACK_FULL, 0],
    ["draining", NACK_DRAINING, 0],
    ["descriptor", NACK_DESCRIPTOR, 3],
    ["unsupported", NACK_UNSUPPORTED, 3],
    ["refused", NACK_REFUSED, 3],
    ["a reason that nobody knows", 4_711, 3],
  ] as const
) {
  test(`a backend that refuses everything: ${name}`, TWO, (rig) => {
    const { bad, clients, held } = threeOnBad(rig);
    rig.start("good").manner = "greets";
    rig.until(() => rig.reported("backend-found").length === 2, "the good backend");
    for (const one of held) {
      bad.channel.say(encodeNack({ id: one.transfer.id, reason, text: `no: ${name}` }));
      bad.forget([one]);
    }
    rig.settle();
    const refused = rig.reported("handoff-refused");
    assert.equal(refused.length, refusals);
    if (refusals > 0) {
      assert.deepEqual(refused[0], { type: "handoff-refused", backend: "bad", reason: `no: ${name}` });
    }
    assert.deepEqual(bad.read(), []);
    answeredByGood(rig, clients);
    assert.deepEqual(lostReasons(rig), []);
  });
}
