// What another thread takes over of a data plane that does nothing any more; and what that one does if it wakes up.

import assert from "node:assert/strict";
import { close, type Descriptor } from "../../ffi/mod.ts";
import { OwnDescriptors } from "../../src/control/recovery/own_descriptors.ts";
import { type Recovered, Recovery } from "../../src/control/recovery/recovery.ts";
import { withoutLeaks } from "../support/descriptors.ts";
import { drink, request } from "./clients.ts";
import { portOf, Rig, type RigOptions } from "./rig.ts";
import { type Held, responseOf, type ScriptedBackend } from "./scripted_backend.ts";

const encoder = new TextEncoder();

/** A test with a rig that hangs at the end of its body, is taken over from, and wakes up after it. */
function test(
  name: string,
  options: RigOptions,
  body: (rig: Rig) => (recovered: Recovered) => void,
): void {
  Deno.test(name, () =>
    withoutLeaks(() => {
      const rig = new Rig(options);
      const look = body(rig);
      const descriptors = new OwnDescriptors();
      const recovered = new Recovery(rig.ledger, descriptors).connections();
      look(recovered);
      // It wakes up: what it has in its hands is nothing any more.
      rig.front.surrender();
      for (const { fd } of recovered.connections) close(fd as Descriptor);
      for (let turns = 0; turns < 20; turns++) rig.turn();
      rig.abandon();
      descriptors.finish([]);
    }));
}

function handed(rig: Rig, backend: ScriptedBackend): Held {
  return rig.until(() => backend.read()[0], "a hand-off");
}

function ports({ connections }: Recovered): number[] {
  return connections.map(({ client }) => portOf(client)).sort();
}

test("who has said nothing, half a head, or waits goes on, with the address that the socket has", {
  backends: ["away"],
}, (rig) => {
  const clients = [rig.client(), rig.client("GET / HT"), rig.client(request("/"))];
  rig.until(() => rig.connections.length === 3 && rig.counters.read().waiting === 1, "three connections");
  const { fd } = rig.connections[1]!;
  return (recovered) => {
    assert.deepEqual(ports(recovered), clients.map(({ port }) => port).sort());
    assert.deepEqual([recovered.lost, recovered.connections.map(({ fresh }) => fresh)], [0, [
      true,
      true,
      true,
    ]]);
    assert.ok(recovered.connections.every(({ local }) => portOf(local) === rig.port));
    assert.ok(recovered.connections.every((connection) => connection.fd !== fd));
    const half = recovered.connections.find(({ client }) => portOf(client) === clients[1]!.port)!;
    assert.equal(drink(half.fd as Descriptor).text, "GET / HT");
  };
});

test(
  "of hand-offs under way, those that are acknowledged are the backend's, and the others go on",
  {},
  (rig) => {
    const a = rig.start("a");
    rig.until(() => rig.reported("backend-found").length === 1, "the backend");
    const [one, other] = [rig.client(request("/1")), rig.client(request("/2"))];
    rig.until(() => (a.read(), a.held.length === 2), "both hand-offs");
    const theirs = a.held.find(({ port }) => port === one.port)!;
    const ours = a.held.find(({ port }) => port === other.port)!;
    // The Worker hangs before it reads this.
    assert.ok(a.acknowledge([theirs]) > 0);
    return (recovered) => {
      assert.deepEqual(ports(recovered), [other.port]);
      assert.equal(recovered.lost, 0);
      // Nothing can be acknowledged any more: the backend closes its copy untouched.
      assert.ok(a.acknowledge([ours]) < 0);
      a.serve(theirs);
      assert.equal(rig.until(() => one.ended !== false && one.received, "an answer"), responseOf("a"));
    };
  },
);

test("whose fate the Worker alone knew is closed and counted, and nobody has it twice", {}, (rig) => {
  const a = rig.start("a");
  rig.until(() => rig.reported("backend-found").length === 1, "the backend");
  rig.client(request("/1"));
  const held = handed(rig, a);
  // As in the middle of reading that channel: an ACK may be read, and not acted on.
  rig.ledger.reads(rig.ledger.channels[0]!);
  return (recovered) => {
    assert.deepEqual([recovered.connections, recovered.lost], [[], 1]);
    close(held.fd);
    a.owned = [];
  };
});

test(
  "a connection that was given back goes on with its count, one with bytes of a request does not",
  {},
  (rig) => {
    const a = rig.start("a");
    rig.until(() => rig.reported("backend-found").length === 1, "the backend");
    const clients = [rig.client(request("/")), rig.client(request("/"))];
    for (const [index, preread] of ["", "GET"].entries()) {
      const held = handed(rig, a);
      a.acknowledge([held]);
      drink(held.fd);
      const transfer = { ...held.transfer, requests: 7 };
      assert.ok(a.sayReturn({ ...held, transfer }, index + 5, encoder.encode(preread)) > 0);
      rig.until(() => a.acknowledged().includes(index + 5), "the acknowledgement");
      close(held.fd);
      a.owned = [];
    }
    rig.settle();
    return (recovered) => {
      assert.deepEqual(recovered.connections.map(({ requests, fresh }) => [requests, fresh]), [[7, false]]);
      assert.equal(recovered.lost, 1);
      assert.ok(clients.some(({ port }) => port === ports(recovered)[0]));
    };
  },
);

test("the connection that was looked at last is named", { backends: ["away"] }, (rig) => {
  rig.client("GET / HT");
  rig.until(() => rig.connections.length === 1, "the first");
  rig.settle();
  const last = rig.client("GET / HT");
  rig.until(() => rig.connections.length === 2, "the second");
  rig.settle();
  return (recovered) => assert.equal(portOf(recovered.suspect!.client), last.port);
});

test("what lingers after an error, or was announced by somebody in front, is not taken for a fresh one", {
  proxyProtocol: {},
}, (rig) => {
  rig.client("PROXY TCP4 192.0.2.7 198.51.100.1 1 80\r\nGET / HT");
  const unannounced = rig.client("PROXY TC");
  const bad = rig.client("PROXY TCP4 192.0.2.7 198.51.100.1 1 80\r\nGET / HTTP/9.9\r\n\r\n");
  rig.until(() => bad.received.length > 0 && rig.connections.length === 3, "an error");
  return (recovered) => {
    assert.deepEqual(ports(recovered), [unannounced.port]);
    assert.equal(recovered.lost, 2);
  };
});
