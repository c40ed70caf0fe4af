import assert from "node:assert/strict";
import { bindUnix, close, unixSocket, type UnixSocketType } from "../../../../ffi/mod.ts";
import { descriptorFlags } from "../../../support/descriptors.ts";
import { drink, request } from "../../clients.ts";
import { PlainReceiver } from "../../plain_receiver.ts";
import { states, test } from "../../rig.ts";
import { answer, drunk, FLUSH, heard, RESPONSE_HEAD, taken } from "./receiving.ts";

test(
  "with none, nothing is taken from the socket, nothing is written, and its mode is as it was",
  {},
  (rig) => {
    using receiver = new PlainReceiver(rig.path("a"));
    const client = rig.client(request("/x") + "more");
    const fd = taken(rig, receiver);
    assert.equal(drink(fd).text, request("/x") + "more");
    assert.equal(descriptorFlags(fd) & 0o4000, 0, "O_NONBLOCK");
    assert.equal(rig.connections.length, 0, "it is the receiver's");
    assert.equal(client.received, "");
    answer(fd, "hello");
    assert.equal(rig.until(() => client.ended === "end" && client.received, "the answer"), "hello");
    const { sent, handedOver, open } = rig.counters.read();
    assert.deepEqual([sent, handedOver, open], [1, 1, 0]);
  },
);

test("with flush, the response's head comes first, and only the request's head is taken", FLUSH, (rig) => {
  using receiver = new PlainReceiver(rig.path("a"));
  const client = rig.client(`POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nfive `);
  const fd = taken(rig, receiver);
  assert.match(heard(rig, client), RESPONSE_HEAD);
  client.send("four");
  assert.equal(drunk(rig, fd), "five four");
  answer(fd, "hello");
  rig.until(() => client.ended === "end", "the end");
  assert.match(client.received, /\r\n\r\nhello$/);
});

test("with flush, an empty line before a request belongs to its head", FLUSH, (rig) => {
  using receiver = new PlainReceiver(rig.path("a"));
  rig.client("\r\n" + request() + "behind");
  assert.equal(drink(taken(rig, receiver)).text, "behind");
});

test("it is found without being connected to, and said to speak Apache's protocol", {}, (rig) => {
  using receiver = new PlainReceiver(rig.path("a"));
  rig.until(() => rig.reported("backend-found").length > 0, "the backend");
  assert.equal(rig.reported("backend-found")[0]!.protocol, "apache");
  for (let i = 0; i < 10; i++) rig.advance(1_000);
  receiver.take();
  assert.equal(receiver.accepted, 0);
});

test(
  "while nobody listens connections wait; whoever comes gets them",
  { limits: { queueTimeout: 1_000 } },
  (rig) => {
    const early = rig.client(request("/early"));
    rig.until(() => states(rig).join() === "waiting", "it to wait");
    rig.advance(1_001);
    assert.match(rig.answer(early), /^HTTP\/1\.1 503 [^]*no backend took the connection in time/);
    rig.client(request("/late"));
    rig.until(() => states(rig).includes("waiting"), "the next to wait");
    using receiver = new PlainReceiver(rig.path("a"));
    assert.equal(drink(taken(rig, receiver)).text, request("/late"));
  },
);

test("one that has gone is missed at the next hand-off, which waits for the next one", {}, (rig) => {
  using first = new PlainReceiver(rig.path("a"));
  rig.client(request("/1"));
  taken(rig, first);
  first.stop();
  rig.client(request("/2"));
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  assert.match(rig.reported("backend-lost")[0]!.reason, /ENOENT/);
  using second = new PlainReceiver(rig.path("a"));
  assert.equal(drink(taken(rig, second)).text, request("/2"));
  assert.equal(rig.reported("backend-found").length, 2);
});

test("a file that nobody listens on any more is no backend", {}, (rig) => {
  const dead = unixSocket(1);
  bindUnix(dead, rig.path("a"));
  close(dead);
  rig.client(request());
  rig.until(() => rig.reported("backend-awaited").some(({ reason }) => /ECONNREFUSED/.test(reason)), "news");
  assert.equal(rig.reported("backend-found").length, 0);
});

test("connections beyond a full backlog wait until there is room", {}, (rig) => {
  using receiver = new PlainReceiver(rig.path("a"), 1);
  const clients = Array.from({ length: 12 }, (_, index) => rig.client(request(`/${index}`)));
  rig.until(
    () => states(rig).length > 0 && states(rig).every((state) => state === "waiting"),
    "some to wait",
  );
  const asked = new Set<string>();
  for (let i = 0; i < clients.length; i++) asked.add(drink(taken(rig, receiver)).text);
  assert.equal(asked.size, 12);
  assert.equal(receiver.accepted, 12, "no connection without a hand-off");
});

test("a socket that is bound and does not listen yet is told of once, not at each attempt", {}, (rig) => {
  using receiver = new PlainReceiver(rig.path("a"), "later");
  rig.client(request("/x"));
  for (let i = 0; i < 40; i++) rig.advance(50);
  assert.equal(rig.reported("backend-found").length, 1);
  assert.equal(rig.reported("backend-lost").length, 1);
  assert.ok(rig.reported("backend-awaited").length <= 2);
  receiver.listen();
  assert.equal(drink(taken(rig, receiver)).text, request("/x"));
  assert.equal(rig.reported("backend-found").length, 2);
});

test("a datagram socket is no backend, and is named as what it is not", {}, (rig) => {
  const datagrams = unixSocket(2 as UnixSocketType);
  bindUnix(datagrams, rig.path("a"));
  const neither = /neither SOCK_SEQPACKET nor SOCK_STREAM/;
  rig.until(() => rig.reported("backend-awaited").some(({ reason }) => neither.test(reason)), "news");
  assert.equal(rig.reported("backend-found").length, 0);
  close(datagrams);
});

test("a backend may be replaced by one that speaks the other protocol, and back", {}, (rig) => {
  const ours = rig.start("a");
  ours.manner = "serves";
  rig.answer(rig.client(request("/1")));
  ours.close();
  using theirs = new PlainReceiver(rig.path("a"));
  rig.client(request("/2"));
  assert.equal(drink(taken(rig, theirs)).text, request("/2"));
  theirs.stop();
  const again = rig.start("a");
  again.manner = "serves";
  rig.answer(rig.client(request("/3")));
  assert.deepEqual(rig.reported("backend-found").map(({ protocol }) => protocol), [
    "fdpass",
    "apache",
    "fdpass",
  ]);
  assert.match(rig.reported("backend-lost")[1]!.reason, /another protocol/);
});

test("several of them take turns, by weight", {
  backends: [{ name: "a", weight: 2 }, "b"],
}, (rig) => {
  using a = new PlainReceiver(rig.path("a"));
  using b = new PlainReceiver(rig.path("b"));
  rig.until(() => rig.reported("backend-found").length === 2, "both");
  for (let i = 0; i < 30; i++) rig.client(request());
  rig.until(() => rig.counters.read().handedOver === 30, "all to be handed over");
  const count = (receiver: PlainReceiver) => {
    while (receiver.take() !== undefined);
    return receiver.accepted;
  };
  assert.deepEqual([count(a), count(b)], [20, 10]);
});
