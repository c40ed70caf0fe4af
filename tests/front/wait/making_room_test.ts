// Who goes when descriptors are short, and how many connections one client may have.

import assert from "node:assert/strict";
import { adopt, close, type Descriptor, listenTcp } from "../../../ffi/mod.ts";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import { sharesProcess } from "../../support/descriptors.ts";
import { type Client, limitDescriptors, request } from "../clients.ts";
import { type Rig, test } from "../rig.ts";
import { responseOf } from "../scripted_backend.ts";

/** Lets things happen while there is no descriptor number free. */
function exhausted(rig: Rig, body: () => void): void {
  const numbers: Descriptor[] = [];
  const restore = limitDescriptors(400);
  try {
    for (;;) numbers.push(adopt(listenTcp("127.0.0.1", 0)));
  } catch {
    // None is left.
  }
  try {
    body();
    rig.settle();
  } finally {
    numbers.forEach(close);
    restore();
  }
}

function gone(clients: readonly Client[]): number[] {
  return clients.flatMap(({ ended }, index) => ended === false ? [] : [index]);
}

/** Clients whose connections the front has, in this order. */
function arrived(rig: Rig, from: readonly string[], text = ""): Client[] {
  return from.map((address) => {
    const before = rig.connections.length;
    const client = rig.client(text, undefined, address);
    rig.until(() => rig.connections.length > before, "it");
    return client;
  });
}

const ONE = "127.0.0.9";

if (!sharesProcess) {
  test("silent connections of the client that has most go first, its oldest before the others", {}, (rig) => {
    const many = arrived(rig, Array(20).fill(ONE));
    const others = arrived(rig, ["127.0.0.2", "127.0.0.3", "127.0.0.2"]);
    const idle = arrived(rig, ["127.0.0.4"], "GET / HTTP/1.1\r\nHost: te");
    const asks = rig.client(request(), undefined, "127.0.0.5");
    exhausted(rig, () => {});
    const closed = gone(many);
    assert.equal(closed.length, 8, "not all for one");
    assert.deepEqual(closed, closed.map((_, index) => index), "the oldest");
    assert.deepEqual(gone([...others, ...idle]), []);
    assert.deepEqual(rig.reported("descriptors"), []);
    const room = rig.reported("made-room");
    assert.deepEqual(
      new Set(room.map(({ what, client }) => `${what} ${client}`)),
      new Set([`silent ${ONE}`]),
    );
    rig.start("a").manner = "serves";
    assert.equal(rig.answer(asks), responseOf("a"));
  });

  test("one that has asked meanwhile is handed over, not closed", {}, (rig) => {
    const [silent, late] = arrived(rig, ["127.0.0.3", ONE]);
    rig.start("a");
    rig.until(() => rig.reported("backend-found").length === 1, "the backend");
    const asks = rig.client("", undefined, "127.0.0.5");
    exhausted(rig, () => late!.send(request()));
    assert.deepEqual(gone([late!]), []);
    rig.scripted[0]!.manner = "serves";
    assert.equal(rig.answer(late!), responseOf("a"));
    asks.send(request());
    assert.equal(rig.answer(asks), responseOf("a"));
    assert.ok(silent);
  });

  test("heads that are not complete go last, and by client", {}, (rig) => {
    const HALF = "GET / HTTP/1.1\r\nHost: te";
    const many = arrived(rig, Array(10).fill(ONE), HALF);
    const [other] = arrived(rig, ["127.0.0.2"], HALF);
    const [silent] = arrived(rig, ["127.0.0.3"]);
    rig.client(request(), undefined, "127.0.0.5");
    exhausted(rig, () => {});
    assert.equal(silent!.ended !== false, true);
    assert.ok(gone(many).length > 0);
    assert.deepEqual(gone([other!]), []);
  });
}

test("a client has no more connections than one may have, however they come", {
  limits: { perClient: 3 },
}, (rig) => {
  const clients = arrived(rig, [ONE, ONE, ONE, "127.0.0.2"]);
  const more = [rig.client("", undefined, ONE), rig.client(request(), undefined, ONE)];
  rig.until(() => gone(more).length === 2, "the surplus to be closed");
  assert.deepEqual(gone(clients), []);
  rig.advance(1_000);
  const told = rig.reported("request-refused");
  assert.deepEqual(told.map(({ status, count }) => [status, count]), [[0, 1], [0, 1]]);
  assert.match(told[0]!.why, /maxConnectionsPerClient/);
  // What a backend has does not count any more.
  rig.start("a").manner = "serves";
  clients[0]!.send(request());
  assert.equal(rig.answer(clients[0]!), responseOf("a"));
  rig.settle();
  assert.equal(rig.connections.length, 3);
  arrived(rig, [ONE]);
  assert.equal(rig.connections.length, 4);
});

test("the limit of a new configuration counts those that are there", {}, (rig) => {
  arrived(rig, [ONE, ONE]);
  rig.apply({ limits: { ...DEFAULT_LIMITS, perClient: 2 } });
  const more = rig.client("", undefined, ONE);
  rig.until(() => more.ended !== false, "the surplus to be closed");
  rig.apply({ limits: DEFAULT_LIMITS });
  arrived(rig, [ONE, ONE]);
  rig.apply({ limits: { ...DEFAULT_LIMITS, perClient: 5 } });
  arrived(rig, [ONE]);
  const last = rig.client("", undefined, ONE);
  rig.until(() => last.ended !== false, "the surplus to be closed");
});
