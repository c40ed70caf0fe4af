import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { newClientsPlace, NOWHERE, SharedClients } from "../../src/front/core/shared_clients.ts";
import { SIZE_ADDRESS } from "../../src/protocol/messages.ts";

/** An IPv4 address as hand-offs carry it. */
function v4(number: number): Uint8Array {
  const address = new Uint8Array(SIZE_ADDRESS);
  address[0] = 4;
  new DataView(address.buffer).setUint32(4, number);
  return address;
}

/** An IPv6 address by its halves. */
function v6(network: number, host: number): Uint8Array {
  const address = new Uint8Array(SIZE_ADDRESS);
  address[0] = 6;
  new DataView(address.buffer).setUint32(8, network);
  new DataView(address.buffer).setUint32(16, host);
  return address;
}

Deno.test("SharedClients: Workers count a client together, IPv6 by its network", () => {
  const place = newClientsPlace(2);
  const [one, other] = [new SharedClients(place, 0), new SharedClients(place, 1)];
  const a = one.enter(v4(1), 0);
  assert.deepEqual([other.enter(v4(1), 0), other.count], [a, 2]);
  assert.notEqual(one.enter(v4(2), 0), a);
  assert.equal(one.count, 1);
  const c = one.enter(v6(7, 1), 0);
  assert.deepEqual([other.enter(v6(7, 2), 0), other.count], [c, 2]);
  for (const address of [v6(8, 1), v4(7)]) {
    one.enter(address, 0);
    assert.equal(one.count, 1);
  }
  // What another one has counted stays where one begins anew.
  one.clear();
  assert.deepEqual([one.enter(v4(1), 0), one.count], [a, 2]);
  assert.deepEqual([one.enter(v4(2), 0) === NOWHERE, one.count], [false, 1]);
});

Deno.test("SharedClients: counts are those of a list, whoever comes, goes and is forgotten", () => {
  const step = fc.oneof(
    fc.record({ worker: fc.nat(2), enter: fc.nat(5) }),
    fc.record({ worker: fc.nat(2), leave: fc.nat(1_000) }),
    fc.record({ clear: fc.nat(2) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const place = newClientsPlace(3);
      const workers = [0, 1, 2].map((worker) => new SharedClients(place, worker));
      let present: { readonly worker: number; readonly client: number; readonly place: number }[] = [];
      for (const step of steps) {
        if ("enter" in step) {
          const { worker, enter: client } = step;
          const clients = workers[worker]!;
          present.push({ worker, client, place: clients.enter(v4(client), 0) });
          assert.equal(clients.count, present.filter((other) => other.client === client).length);
        } else if ("leave" in step) {
          const own = present.filter(({ worker }) => worker === step.worker);
          const gone = own[step.leave % Math.max(1, own.length)];
          if (gone === undefined) continue;
          workers[gone.worker]!.leave(gone.place);
          present = present.filter((one) => one !== gone);
        } else {
          workers[step.clear]!.clear();
          present = present.filter(({ worker }) => worker !== step.clear);
        }
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("SharedClients: a million clients take no more memory, and nobody is counted as another", () => {
  const clients = new SharedClients(newClientsPlace(1), 0);
  const { size } = clients;
  // 127.0.0.0/8, one after another.
  for (let number = 0; number < 1_000_000; number++) {
    const place = clients.enter(v4(0x7f00_0000 + number), 0);
    assert.equal(clients.count, 1);
    clients.leave(place);
  }
  // All at a time: who has no place is let in.
  let without = 0;
  for (let number = 0; number < 1_000_000; number++) {
    if (clients.enter(v4(0x7f00_0000 + number), 0) === NOWHERE) without++;
    else assert.equal(clients.count, 1);
  }
  assert.ok(without > 730_000 && without < 745_000, `${without} of a million have no place`);
  assert.equal(clients.size, size);
  assert.equal(clients.enter(v4(1), 0), NOWHERE);
});
