import assert from "node:assert/strict";
import {
  close,
  type Descriptor,
  libc,
  listenTcp,
  raiseDescriptorLimit,
  settle,
  SOCK_STREAM,
  unixSocketPair,
} from "../../../ffi/mod.ts";
import { descriptorFlags, openDescriptors, sharesProcess } from "../../support/descriptors.ts";
import { limitDescriptors, noSocket, pour, udp, unconnectedTcp } from "../../front/clients.ts";
import { sayWith } from "../../front/raw_channel.ts";
import { type ApacheRig, connectAsApache, isClosed, test } from "./rig.ts";
import { Backend } from "../../../src/backend/backend.ts";
import { Recorder } from "../rig.ts";

const NUL = new Uint8Array(1);
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

const refusals = (rig: ApacheRig<Recorder>) =>
  rig.events.filter((event) => event.type === "handoff-refused").map(({ reason }) => reason);

test("a connection is served with the addresses of its socket, in blocking mode, and is no child's", async (rig) => {
  const { clientPort, port } = rig.give("body");
  const [connection] = await rig.until(
    () => rig.server.connections.length > 0 && rig.server.connections,
    "it",
  );
  assert.deepEqual(connection!.client, { transport: "tcp", hostname: "127.0.0.1", port: clientPort });
  assert.deepEqual(connection!.local, { transport: "tcp", hostname: "127.0.0.1", port });
  assert.equal(descriptorFlags(connection!.fd) & (O_NONBLOCK | O_CLOEXEC), O_CLOEXEC);
  const bytes = new Uint8Array(16);
  assert.equal(connection!.receive(bytes, 16n), 4);
  assert.equal(rig.backend.active, 1);
  connection!.close();
  assert.equal(rig.backend.active, 0);
});

test("a connection from Apache has no channel to be given back on", async (rig) => {
  rig.give();
  const [connection] = await rig.until(
    () => rig.server.connections.length > 0 && rig.server.connections,
    "it",
  );
  assert.throws(() => connection!.channel, /came from none/);
});

test("the hand-off may come later than the connection that is made for it", async (rig) => {
  const apache = connectAsApache(rig.path);
  await rig.settle();
  assert.equal(isClosed(apache), false);
  const pair = rig.pair();
  sayWith(apache, NUL, [pair.accepted]);
  rig.letGo(pair);
  await rig.until(() => rig.server.connections.length === 1, "it");
  await rig.until(() => isClosed(apache), "the end");
  close(apache);
});

test("who connects and leaves is nothing worth telling", async (rig) => {
  close(connectAsApache(rig.path));
  await rig.settle();
  assert.deepEqual(rig.events, []);
});

test("a connection on which nothing comes is closed after ten seconds, and told of", async (rig) => {
  const silent = connectAsApache(rig.path);
  await rig.settle();
  await rig.advance(9_000);
  assert.equal(isClosed(silent), false);
  await rig.advance(10_001);
  assert.equal(isClosed(silent), true);
  assert.deepEqual(refusals(rig), ["nothing came on a connection that was made for it"]);
  close(silent);
});

test("of too many silent connections the oldest give way, and a hand-off still gets through", async (rig) => {
  raiseDescriptorLimit();
  const silent: Descriptor[] = [];
  for (let i = 0; i < 1_030; i++) {
    silent.push(connectAsApache(rig.path));
    if (i % 50 === 0) await rig.settle();
  }
  await rig.settle();
  assert.equal(silent.filter(isClosed).length, 6);
  assert.ok(silent.slice(0, 6).every(isClosed), "the oldest");
  rig.give();
  await rig.until(() => rig.server.connections.length === 1, "the hand-off");
  silent.forEach(close);
});

/** What is no hand-off of a client, and what is said of it. Who makes a descriptor gives it away. */
const FAULTS: readonly [
  string,
  (to: Descriptor, rig: ApacheRig<Recorder>) => Descriptor[],
  RegExp | undefined,
][] = [
  [
    "a byte without a descriptor",
    (to) => (pour(to, NUL), []),
    /1 byte with 0 descriptors/,
  ],
  [
    "another byte",
    (to) => given(to, new Uint8Array([1]), noSocket()),
    /1 byte with 1 descriptors, not one NUL/,
  ],
  ["more than a byte", (to) => given(to, new Uint8Array(2), noSocket()), /2 bytes with 1 descriptors/],
  ["two descriptors", (to) => given(to, NUL, noSocket(), noSocket()), /1 byte with 2 descriptors/],
  [
    "as many descriptors as go",
    (to) => given(to, NUL, ...Array.from({ length: 253 }, () => noSocket())),
    /1 byte with 253 descriptors/,
  ],
  ["a pipe", (to) => given(to, NUL, noSocket()), /the descriptor is not a socket/],
  ["a UDP socket", (to) => given(to, NUL, udp()), /not a stream socket/],
  ["a listening socket", (to) => given(to, NUL, listenTcp("127.0.0.1", 0)), /a listening socket/],
  ["a Unix socket", (to) => given(to, NUL, ...unixSocketPair(SOCK_STREAM).slice(0, 2)), /2 descriptors/],
  ["a socket that is not connected", (to) => given(to, NUL, unconnectedTcp()), undefined],
];

function given(to: Descriptor, bytes: Uint8Array<ArrayBuffer>, ...descriptors: Descriptor[]): Descriptor[] {
  sayWith(to, bytes, descriptors);
  return descriptors;
}

for (const [name, send, said] of FAULTS) {
  test(`no client: ${name}; it is refused, and everything that came is closed`, async (rig) => {
    const apache = connectAsApache(rig.path);
    await rig.settle();
    const before = openDescriptors().size;
    const descriptors = send(apache, rig);
    await rig.until(() => isClosed(apache), "the end");
    await rig.settle();
    descriptors.forEach(close);
    // Its end of that connection is closed, too.
    if (!sharesProcess) assert.equal(openDescriptors().size, before - 1);
    assert.equal(rig.server.connections.length, 0);
    assert.equal(refusals(rig).length, said === undefined ? 0 : 1);
    if (said !== undefined) assert.match(refusals(rig)[0]!, said);
    close(apache);
    rig.give();
    await rig.until(() => rig.server.connections.length === 1, "the next one");
  });
}

test("a Unix socket alone is refused by name", async (rig) => {
  const apache = connectAsApache(rig.path);
  const [one, other] = unixSocketPair(SOCK_STREAM);
  sayWith(apache, NUL, [one]);
  await rig.until(() => refusals(rig).length > 0, "the refusal");
  assert.match(refusals(rig)[0]!, /a Unix socket/);
  [apache, one, other].forEach(close);
});

test("refusals are told of once in a while, however many there are", async (rig) => {
  for (let i = 0; i < 20; i++) {
    const apache = connectAsApache(rig.path);
    pour(apache, "not this");
    await rig.until(() => isClosed(apache), "the end");
    close(apache);
  }
  assert.equal(refusals(rig).length, 1);
});

/** One more number that is occupied. */
function duplicateOf(rig: ApacheRig<Recorder>): Descriptor {
  return settle(libc.fcntl(rig.backend.loop.wakeDescriptor, 1030, 0)) as Descriptor;
}

if (!sharesProcess) {
  test("out of descriptors, hand-offs wait in the kernel's queue, and none is lost", async (rig) => {
    const pairs = Array.from({ length: 6 }, () => rig.pair());
    const senders = pairs.map(({ accepted }) => {
      const apache = connectAsApache(rig.path);
      sayWith(apache, NUL, [accepted]);
      return apache;
    });
    pairs.forEach((pair) => rig.letGo(pair));
    const highest = Math.max(...openDescriptors().keys());
    const taken = new Set(openDescriptors().keys());
    let free = 0;
    for (let fd = 0; fd <= highest; fd++) if (!taken.has(fd)) free++;
    // Every number up to the limit is occupied but for three.
    const restore = limitDescriptors(highest + 1);
    const fillers: Descriptor[] = [];
    for (; free > 3; free--) fillers.push(duplicateOf(rig));
    try {
      for (let i = 0; i < 20; i++) await rig.turn(25);
      assert.ok(rig.server.connections.length < 6, "there is no room for all");
      assert.ok(rig.events.some(({ type }) => type === "descriptors"));
    } finally {
      restore();
      fillers.forEach(close);
    }
    for (let i = 0; rig.server.connections.length < 6 && i < 200; i++) await rig.turn(25);
    assert.equal(rig.server.connections.length, 6);
    senders.forEach(close);
  });
}

test("on draining, what is queued and what is announced is still taken and served", async (rig) => {
  const announced = connectAsApache(rig.path);
  await rig.settle();
  // These are in the kernel's queue only.
  rig.give();
  rig.give();
  const drained = rig.backend.drain();
  assert.equal(rig.server.connections.length, 2);
  const pair = rig.pair();
  sayWith(announced, NUL, [pair.accepted]);
  rig.letGo(pair);
  await rig.until(() => rig.server.connections.length === 3, "the one that was announced");
  for (const connection of rig.server.connections) connection.close();
  await drained;
  close(announced);
});

test("what waits for nothing does not keep a backend from draining for longer than it is given", async (rig) => {
  const silent = connectAsApache(rig.path);
  await rig.settle();
  let over = false;
  void rig.backend.drain().then(() => over = true);
  await rig.settle();
  assert.equal(over, false);
  await rig.advance(10_001);
  assert.equal(over, true);
  close(silent);
});

test("a path that is taken is told of, and costs no descriptor", async (rig) => {
  const another = () => new Backend(new Recorder(), { socket: rig.path, name: "another", apache: true });
  assert.throws(another, /another backend listens there/);
  await rig.settle();
  assert.deepEqual(rig.events, [], "the one that listens was only looked at");
});

test("a backend that holds as many as it may accepts the next one when there is room", async (rig) => {
  for (let i = 0; i < 3; i++) rig.give();
  await rig.until(() => rig.server.connections.length === 2, "two");
  for (let i = 0; i < 5; i++) await rig.turn(25);
  assert.equal(rig.server.connections.length, 2);
  rig.server.connections[0]!.close();
  for (let i = 0; rig.server.connections.length < 3 && i < 50; i++) await rig.turn(25);
  assert.equal(rig.server.connections.length, 3);
}, { maxConnections: 2 });
