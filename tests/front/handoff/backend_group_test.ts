import assert from "node:assert/strict";
import { readAddress } from "../../../src/backend/connection/address.ts";
import { encodeLoad } from "../../../src/protocol/replies.ts";
import { request } from "../clients.ts";
import { type Rig, siteOf, test } from "../rig.ts";
import type { ScriptedBackend } from "../scripted_backend.ts";

const THREE = ["a", "b", "c"];

/** Backends with a channel each, in the order of their names. */
function start(rig: Rig, names: readonly string[]): ScriptedBackend[] {
  const backends = names.map((name) => {
    const backend = rig.start(name, 512);
    // Chosen, so that chance has no part in how clients spread.
    backend.instance = name.repeat(32);
    return backend;
  });
  rig.until(() => rig.reported("backend-found").length === names.length, "the backends");
  return backends;
}

/** Lets clients come; how many more hand-offs each backend has got. */
function share(rig: Rig, backends: readonly ScriptedBackend[], count: number): number[] {
  const before = backends.map(({ held }) => held.length);
  for (let i = 0; i < count; i++) rig.client(request());
  const all = () => backends.reduce((sum, { held }) => sum + held.length, 0);
  const goal = all() + count;
  rig.until(() => {
    for (const backend of backends) for (const channel of backend.channels) backend.read(channel);
    return all() === goal;
  }, `${count} hand-offs`);
  return backends.map(({ held }, index) => held.length - before[index]!);
}

test("backends that are equally busy take turns", { backends: THREE }, (rig) => {
  assert.deepEqual(share(rig, start(rig, THREE), 30), [10, 10, 10]);
});

test(
  "the one that holds least is chosen, by what it says and what is under way",
  { backends: THREE },
  (rig) => {
    const backends = start(rig, THREE);
    backends[0]!.channel.say(encodeLoad(20));
    backends[1]!.channel.say(encodeLoad(5));
    rig.settle();
    const [none, fewer, most] = share(rig, backends, 20);
    assert.equal(none, 0);
    assert.ok(Math.abs(fewer! + 5 - most!) <= 1, `${fewer} and ${most}`);
    // An ACK says it too, and what was acknowledged is under way no more.
    backends[2]!.acknowledge(backends[2]!.held, 40);
    backends[0]!.channel.say(encodeLoad(10));
    rig.settle();
    const [a, b, c] = share(rig, backends, 6);
    assert.deepEqual([a! + b!, c], [6, 0]);
  },
);

test("weights say how many of the others' shares a backend gets", {
  backends: [{ name: "a", weight: 3 }, { name: "b" }],
}, (rig) => {
  assert.deepEqual(share(rig, start(rig, ["a", "b"]), 40), [30, 10]);
});

test("each of the processes behind one path has a channel and gets its share", {}, (rig) => {
  const a = rig.start("a", 512);
  a.workers = 4;
  rig.until(() => a.channels.length === 4, "four channels");
  rig.settle();
  assert.equal(a.channels.length, 4);
  assert.deepEqual(share(rig, [a], 40), [40]);
  const counts = a.channels.map((channel) => a.held.filter((held) => held.channel === channel).length);
  assert.deepEqual(counts, [10, 10, 10, 10]);
});

test("one that is full takes nothing, and does not hold up the others", {
  backends: ["a", "b"],
  limits: { unacknowledged: 5 },
}, (rig) => {
  const [a, b] = start(rig, ["a", "b"]);
  assert.deepEqual(share(rig, [a!, b!], 10), [5, 5]);
  b!.manner = "serves";
  for (let i = 0; i < 30; i++) rig.client(request());
  b!.acknowledge(b!.held);
  rig.until(() => b!.served.length === 35, "everybody else to be served");
  assert.equal(a!.held.length, 5);
});

// --- stickiness -------------------------------------------------------------------------------------------------------

const STICKY = { backends: THREE, sites: [siteOf(THREE, true)] };
const ADDRESSES = Array.from({ length: 60 }, (_, index) => `127.0.${index % 3}.${10 + index}`);

/** Where the clients of these addresses go: the name of a backend for each. */
function placesOf(rig: Rig, backends: readonly ScriptedBackend[], addresses: readonly string[]): string[] {
  const clients = addresses.map((address) => rig.client(request(), "127.0.0.1", address));
  // A port alone is not enough: clients of two addresses may have the same one.
  const keys = clients.map(({ port }, index) => `${addresses[index]}:${port}`);
  const found = new Map<string, string>();
  rig.until(() => {
    for (const backend of backends) {
      for (const channel of backend.channels) {
        if (channel.closed) continue;
        const came = backend.read(channel);
        if (came.length === 0) continue;
        for (const { transfer } of came) {
          const { hostname, port } = readAddress(transfer.client);
          found.set(`${hostname}:${port}`, backend.name);
        }
        backend.acknowledge(came);
        for (const held of came) backend.serve(held);
      }
    }
    return keys.every((key) => found.has(key));
  }, "every client's place");
  return keys.map((key) => found.get(key)!);
}

test("a sticky client goes to the same process each time, and the clients spread", STICKY, (rig) => {
  const backends = start(rig, THREE);
  const first = placesOf(rig, backends, ADDRESSES);
  assert.deepEqual(placesOf(rig, backends, ADDRESSES), first);
  for (const name of THREE) {
    const count = first.filter((place) => place === name).length;
    assert.ok(count >= 10 && count <= 32, `${name} has ${count} of ${first.length}`);
  }
});

test("when a process goes only its clients move, and they move back when it returns", STICKY, (rig) => {
  const backends = start(rig, THREE);
  const first = placesOf(rig, backends, ADDRESSES);
  backends[1]!.close();
  rig.until(() => rig.reported("backend-lost").length === 1, "it to be lost");
  const second = placesOf(rig, [backends[0]!, backends[2]!], ADDRESSES);
  first.forEach((place, index) => {
    if (place === "b") assert.notEqual(second[index], "b");
    else assert.equal(second[index], place);
  });
  const again = rig.start("b", 512);
  again.instance = backends[1]!.instance;
  rig.until(() => rig.reported("backend-found").length === 4, "it to be found again");
  assert.deepEqual(placesOf(rig, [backends[0]!, again, backends[2]!], ADDRESSES), first);
});

for (
  const instances of [
    [undefined, undefined, undefined],
    THREE.map((digit) => digit.repeat(32)),
  ]
) {
  const what = instances[0] === undefined ? "say no instance" : "say who they are";
  test(
    `sticky clients spread over processes with the same number, as in containers, that ${what}`,
    STICKY,
    (rig) => {
      const backends = THREE.map((name, index) => {
        const backend = rig.start(name, 512, 7);
        backend.instance = instances[index];
        return backend;
      });
      rig.until(() => rig.reported("backend-found").length === 3, "the backends");
      const addresses = Array.from({ length: 60 }, (_, index) => `127.0.0.${index + 2}`);
      for (const address of addresses) rig.client(request(), undefined, address);
      rig.until(() => {
        for (const backend of backends) for (const channel of backend.channels) backend.read(channel);
        return backends.reduce((sum, { held }) => sum + held.length, 0) === addresses.length;
      }, "the hand-offs");
      for (const { name, held } of backends) assert.ok(held.length > 5, `${held.length} for ${name}`);
    },
  );
}

test("a sticky client of a process that is full goes elsewhere", {
  ...STICKY,
  limits: { unacknowledged: 1 },
}, (rig) => {
  const backends = start(rig, THREE);
  const places = Array.from({ length: 3 }, () => {
    rig.client(request(), "127.0.0.1", "127.0.0.9");
    return rig.until(() => backends.find((backend) => backend.read().length > 0)?.name, "a hand-off");
  });
  assert.deepEqual([...places].sort(), THREE);
});

test("weights count for sticky clients too", {
  backends: [{ name: "a", weight: 4 }, "b"],
  sites: [siteOf(["a", "b"], true)],
  limits: { unacknowledged: 512 },
}, (rig) => {
  const addresses = Array.from({ length: 250 }, (_, index) => `127.0.0.${index + 1}`);
  const count = placesOf(rig, start(rig, ["a", "b"]), addresses).filter((place) => place === "a").length;
  assert.ok(count >= 185 && count <= 215, `a has ${count} of 250`);
});
