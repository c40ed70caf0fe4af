import assert from "node:assert/strict";
import {
  bindUnix,
  close,
  type Descriptor,
  libc,
  settle,
  unixSocket,
  type UnixSocketType,
} from "../../ffi/mod.ts";
import { RETURN_OUT_OF_SCOPE } from "../../src/protocol/messages.ts";
import { descriptorFlags, sharesProcess } from "../support/descriptors.ts";
import { type Client, drink, limitDescriptors, pour, request } from "./clients.ts";
import { PlainReceiver } from "./plain_receiver.ts";
import { type Rig, test } from "./rig.ts";

const RESPONSE_HEAD =
  /^HTTP\/1\.1 200 OK\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nServer: fdpass\r\nConnection: close\r\n\r\n$/;
const FLUSH = { backends: [{ name: "a", flusher: "flush" as const }] };

const states = (rig: Rig) => rig.connections.map(({ state }) => state).sort();

/** Waits for a hand-off. */
function taken(rig: Rig, receiver: PlainReceiver): Descriptor {
  return rig.until(() => receiver.take(), "a hand-off");
}

/** Waits until a client has heard something; all of it. */
function heard(rig: Rig, client: Client): string {
  return rig.until(() => client.received || undefined, "the client to hear something");
}

/** Waits until there is something in a socket. */
function drunk(rig: Rig, fd: Descriptor): string {
  return rig.until(() => drink(fd).text || undefined, "something in the socket");
}

/** Answers on a connection and ends it, for everybody who has it. */
function answer(fd: Descriptor, text: string): void {
  pour(fd, text);
  libc.shutdown(fd, 1);
}

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

// --- connections that backends of our own protocol give back -----------------------------------------------------------

const twoRoutes = (flusher: "flush" | "none") => ({
  backends: ["ours", { name: "a", flusher }],
  sites: [{ names: [], routes: [{ path: "/ours/", backends: ["ours"] }, { path: "/", backends: ["a"] }] }],
});

/** A client whose second request a backend of ours has read, up to here, and given back as not its own. */
function readByOther(rig: Rig, asked: string, answered: (fd: Descriptor) => void = () => {}): Client {
  const ours = rig.start("ours");
  const client = rig.client(request("/ours/1"));
  const held = rig.until(() => (ours.read(), ours.held[0]), "the first hand-off");
  ours.acknowledge([held]);
  drink(held.fd);
  answered(held.fd);
  client.send(asked);
  const transfer = { ...held.transfer, requests: 1, detail: RETURN_OUT_OF_SCOPE };
  const preread = new TextEncoder().encode(drunk(rig, held.fd));
  assert.ok(ours.sayReturn({ ...held, transfer }, 7, preread) > 0);
  rig.until(() => ours.acknowledged().includes(7), "the RETURN to be taken");
  close(held.fd);
  ours.owned = [];
  return client;
}

test(
  "with none, a connection that has been read from is refused at once, and people are told once",
  twoRoutes("none"),
  (rig) => {
    using receiver = new PlainReceiver(rig.path("a"));
    const client = readByOther(rig, request("/theirs"));
    assert.match(
      rig.answer(client),
      /^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n[^]*every backend refuses/,
    );
    assert.equal(client.ended, "end");
    assert.equal(receiver.take(), undefined);
    assert.match(rig.reported("handoff-refused")[0]!.reason, /have been read already/);
    assert.match(rig.answer(readAgain(rig, client)), /^HTTP\/1\.1 503 /);
    assert.equal(rig.reported("handoff-refused").length, 1);
  },
);

/** The same once more, at the same backends. */
function readAgain(rig: Rig, _before: Client): Client {
  rig.scripted.pop()!.close();
  return readByOther(rig, request("/theirs"));
}

test(
  "with flush, a head that has been read is no obstacle, nor what is pipelined behind it",
  twoRoutes("flush"),
  (rig) => {
    using receiver = new PlainReceiver(rig.path("a"));
    const client = readByOther(rig, request("/theirs") + request("/pipelined"));
    const fd = taken(rig, receiver);
    client.send("later");
    assert.equal(drunk(rig, fd), "later");
    assert.match(heard(rig, client), RESPONSE_HEAD);
  },
);

test("with flush, half of a head may have been read", twoRoutes("flush"), (rig) => {
  using receiver = new PlainReceiver(rig.path("a"));
  const client = readByOther(rig, "POST /theirs HTTP/1.1\r\nHost: a\r\nContent-");
  client.send("Length: 4\r\n\r\nfour");
  const fd = taken(rig, receiver);
  assert.equal(drink(fd).text, "four");
  assert.match(heard(rig, client), RESPONSE_HEAD);
});

test("with flush, content that has been read cannot go along: refused", twoRoutes("flush"), (rig) => {
  using receiver = new PlainReceiver(rig.path("a"));
  const client = readByOther(rig, "POST /theirs HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfo");
  assert.match(rig.answer(client), /^HTTP\/1\.1 503 /);
  assert.equal(receiver.take(), undefined);
});

test(
  "with flush, a connection on which no head goes out is given up, and not handed over",
  twoRoutes("flush"),
  (rig) => {
    using receiver = new PlainReceiver(rig.path("a"));
    rig.until(() => rig.reported("backend-found").length > 0, "the backend");
    const client = readByOther(rig, request("/theirs"), (fd) => {
      libc.shutdown(fd, 1);
    });
    rig.until(() => rig.connections.length === 0, "it to go");
    for (let i = 0; i < 5; i++) assert.equal(receiver.take(), undefined);
    assert.ok(receiver.accepted <= 1, "it is not tried again and again");
    assert.equal(rig.counters.read().handedOver, 1, "the first hand-off only");
    client.close();
  },
);

// --- where it goes wrong ------------------------------------------------------------------------------------------------

/** A receiver whose socket the kernel gives no descriptors; undefined where it cannot be told so. */
function unwilling(rig: Rig): PlainReceiver | undefined {
  const receiver = new PlainReceiver(rig.path("a"));
  if (receiver.takesDescriptors(false)) return receiver;
  receiver[Symbol.dispose]();
  return undefined;
}

const knowsPassRights = (() => {
  const socket = unixSocket(1);
  const result = settle(libc.setsockopt(socket, 1, 83, new Int32Array([1]), 4));
  close(socket);
  return result === 0;
})();
const LEFT_OUT = knowsPassRights ? "" : " (left out: this kernel has no SO_PASSRIGHTS)";

test(`what the kernel does not take is still the front's: it waits, then 503${LEFT_OUT}`, {
  limits: { queueTimeout: 500 },
}, (rig) => {
  using receiver = unwilling(rig);
  if (receiver === undefined) return;
  rig.until(() => rig.reported("backend-found").length > 0, "the backend");
  const client = rig.client(request());
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  for (let i = 0; i < 30; i++) rig.advance(20);
  assert.match(rig.answer(client), /^HTTP\/1\.1 503 /);
  assert.equal(rig.counters.read().handedOver, 0);
});

test(
  `a response that has begun is gone on with by whoever comes in time, and its head sent once${LEFT_OUT}`,
  FLUSH,
  (rig) => {
    using receiver = unwilling(rig);
    if (receiver === undefined) return;
    const client = rig.client(request("/x") + "behind");
    heard(rig, client);
    rig.until(() => states(rig).join() === "waiting", "it to wait");
    rig.advance(20);
    receiver.stop();
    using next = new PlainReceiver(rig.path("a"));
    const fd = taken(rig, next);
    assert.equal(drink(fd).text, "behind");
    answer(fd, "hello");
    rig.until(() => client.ended, "the end");
    assert.equal(client.ended, "end");
    assert.match(client.received.replace(/hello$/, ""), RESPONSE_HEAD);
  },
);

test(`a response that has begun and that nobody goes on with is broken off by a reset${LEFT_OUT}`, {
  ...FLUSH,
  limits: { queueTimeout: 500 },
}, (rig) => {
  using receiver = unwilling(rig);
  if (receiver === undefined) return;
  const client = rig.client(request());
  heard(rig, client);
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  for (let i = 0; i < 30; i++) rig.advance(20);
  assert.equal(rig.until(() => client.ended, "the end"), "reset");
  assert.equal(rig.reported("response-broken-off").length, 1);
  assert.equal(rig.reported("request-refused").length, 0);
});

test(`a response that has begun is nothing for a backend of the other protocol${LEFT_OUT}`, {
  ...FLUSH,
  limits: { queueTimeout: 500 },
}, (rig) => {
  using receiver = unwilling(rig);
  if (receiver === undefined) return;
  const client = rig.client(request());
  heard(rig, client);
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  receiver.stop();
  const ours = rig.start("a");
  ours.manner = "serves";
  rig.until(() => rig.reported("backend-found").length === 2, "the other backend");
  for (let i = 0; i < 30; i++) rig.advance(20);
  assert.equal(rig.until(() => client.ended, "the end"), "reset");
  assert.equal(ours.served.length, 0);
});

test("a client that resets its connection costs nothing, with flush as well", FLUSH, (rig) => {
  const client = rig.client(request());
  rig.until(() => states(rig).join() === "waiting", "it to wait");
  client.reset();
  using receiver = new PlainReceiver(rig.path("a"));
  rig.until(() => rig.connections.length === 0, "it to go");
  for (let i = 0; i < 5; i++) assert.equal(receiver.take(), undefined);
  assert.ok(receiver.accepted <= 1, "it is not tried again and again");
});

if (!sharesProcess) {
  test("a front that is out of descriptors can still hand over", FLUSH, (rig) => {
    using receiver = new PlainReceiver(rig.path("a"));
    rig.until(() => rig.reported("backend-found").length > 0, "the backend");
    const client = rig.client(request());
    const other = rig.client(request());
    // Numbers for the two connections that are accepted, none for another socket.
    const probe = unixSocket(1);
    close(probe);
    const restore = limitDescriptors(probe + 2);
    try {
      rig.until(() => rig.counters.read().handedOver === 2, "the hand-offs");
    } finally {
      restore();
    }
    for (const each of [client, other]) assert.match(heard(rig, each), RESPONSE_HEAD);
    taken(rig, receiver);
    taken(rig, receiver);
  });
}

test("what it is told of changes with the configuration: weight, flusher", {}, (rig) => {
  using receiver = new PlainReceiver(rig.path("a"));
  rig.client(request("/1"));
  assert.equal(drink(taken(rig, receiver)).text, request("/1"));
  rig.apply({ backends: [rig.backend({ name: "a", flusher: "flush" })] });
  const client = rig.client(request("/2"));
  assert.equal(drink(taken(rig, receiver)).text, "");
  assert.match(heard(rig, client), RESPONSE_HEAD);
  assert.equal(rig.reported("backend-found").length, 1, "it is the same backend");
  rig.apply({ backends: [], listeners: [{ ...rig.plan.listeners[0]!, sites: [{ names: [], routes: [] }] }] });
});
