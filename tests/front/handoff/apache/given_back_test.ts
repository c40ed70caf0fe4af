// Connections that backends of our own protocol give back, on routes whose backends speak Apache's.

import assert from "node:assert/strict";
import { close, type Descriptor, libc } from "../../../../ffi/mod.ts";
import { RETURN_OUT_OF_SCOPE } from "../../../../src/protocol/messages.ts";
import { type Client, drink, request } from "../../clients.ts";
import { PlainReceiver } from "../../plain_receiver.ts";
import { type Rig, test } from "../../rig.ts";
import { drunk, heard, RESPONSE_HEAD, taken } from "./receiving.ts";

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
