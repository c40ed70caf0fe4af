import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { ClientTable } from "../../../src/front/core/client_table.ts";
import { Crowd, type InCrowd } from "../../../src/front/connection/crowd.ts";
import { SIZE_ADDRESS } from "../../../src/protocol/messages.ts";

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

class One implements InCrowd<One> {
  crowd: Crowd<One> | undefined;
  clientNumber = 0;
  ahead: One | undefined;
  behind: One | undefined;
  readonly at = 0;
  constructor(readonly addresses: Uint8Array) {}
}

Deno.test("ClientTable: an address has one number while it is used, and numbers are used again", () => {
  const table = new ClientTable(1);
  const [a, b] = [table.enter(v4(1), 0), table.enter(v4(2), 0)];
  assert.notEqual(a, b);
  assert.equal(table.enter(v4(1), 0), a);
  assert.equal(table.uses(a), 2);
  table.leave(a);
  table.leave(a);
  assert.equal(table.count, 1);
  assert.equal(table.enter(v4(3), 0), a, "the number that is free");
  // IPv6 by its network; an IPv4 address is none of them.
  const c = table.enter(v6(7, 1), 0);
  assert.equal(table.enter(v6(7, 2), 0), c);
  assert.notEqual(table.enter(v6(8, 1), 0), c);
  assert.notEqual(table.enter(v4(7), 0), c);
});

Deno.test("ClientTable: memory follows the addresses that are there, not those that have been", () => {
  const table = new ClientTable();
  for (let number = 0; number < 1_000_000; number++) table.leave(table.enter(v4(number), 0));
  assert.equal(table.size, 256);
  const numbers = Array.from({ length: 100_000 }, (_, number) => table.enter(v4(number), 0));
  assert.equal(new Set(numbers).size, numbers.length);
  assert.ok(table.size <= 2 ** 17);
  for (const number of numbers) table.leave(number);
  assert.equal(table.count, 0);
});

/** Who goes first, by looking at all of them. */
function worstOf(present: readonly One[]): number {
  const counts = new Map<string, number>();
  for (const { addresses } of present) {
    const key = addresses.join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

Deno.test("Crowd: the worst is the oldest of a client that has most, whatever has come and gone", () => {
  const step = fc.oneof(
    fc.record({ enter: fc.nat(5) }),
    fc.record({ leave: fc.nat(1_000) }),
    fc.constant({ worst: true } as const),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.nat(), (steps, seed) => {
    const crowd = new Crowd<One>(seed);
    let present: One[] = [];
    const go = (one: One) => {
      crowd.leave(one);
      assert.equal(one.crowd, undefined);
      present = present.filter((other) => other !== one);
    };
    for (const step of steps) {
      if ("enter" in step) {
        const one = new One(v4(step.enter));
        crowd.enter(one);
        present.push(one);
      } else if ("leave" in step) {
        if (present.length > 0) go(present[step.leave % present.length]!);
      } else {
        const { worst } = crowd;
        if (worst === undefined) assert.equal(present.length, 0);
        else {
          const own = present.filter(({ addresses }) => addresses.join() === worst.addresses.join());
          assert.equal(own.length, worstOf(present));
          assert.equal(own[0], worst, "its oldest");
          go(worst);
        }
      }
      assert.equal(crowd.size, present.length);
    }
  }));
});

Deno.test("Crowd: among clients with one connection each the oldest goes first", () => {
  const crowd = new Crowd<One>();
  const all = [3, 1, 2].map((number) => new One(v4(number)));
  for (const one of all) crowd.enter(one);
  for (const one of all) {
    assert.equal(crowd.worst, one);
    crowd.leave(one);
  }
  assert.equal(crowd.worst, undefined);
});

Deno.test("Crowd: a million clients cost each what a thousand do, and leave nothing behind", () => {
  const crowd = new Crowd<One>();
  const all = Array.from({ length: 1_000_000 }, (_, number) => new One(v4(number)));
  for (const one of all) crowd.enter(one);
  const many = new One(v4(123));
  crowd.enter(many);
  assert.equal(crowd.worst, all[123]);
  for (const one of all) crowd.leave(one);
  assert.equal(crowd.worst, many);
  crowd.leave(many);
  assert.deepEqual([crowd.size, crowd.worst], [0, undefined]);
});
