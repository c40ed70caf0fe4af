// How often a client may do something: by address, in a table that does not grow.
import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { readAddress } from "../../src/rules/networks.ts";
import { AddressRates, OwnRates, RATES_SIZE } from "../../src/trust/address_rates.ts";
import { writeAddress } from "../../src/trust/addresses.ts";

const SEED = 12_345;

function wire(text: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(20);
  writeAddress(out, 0, readAddress(text)!);
  return out;
}

/** 127.0.0.0/8, one after the other. */
function loopback(number: number, out: Uint8Array): Uint8Array {
  out.set([127, number >> 16, number >> 8, number], 4);
  return out;
}

Deno.test("a client has its burst at once, and then its rate", () => {
  const rates = new AddressRates({ rate: 10, burst: 3 }, SEED);
  const client = wire("192.0.2.1");
  const allowed = (now: number) => rates.allows(client, 0, now);
  assert.deepEqual([0, 0, 0, 0].map(allowed), [true, true, true, false]);
  assert.deepEqual([99, 100, 100, 199, 200].map(allowed), [false, true, false, false, true]);
  assert.deepEqual([10_000, 10_000, 10_000, 10_000].map(allowed), [true, true, true, false]);
  // Another one has its own.
  assert.equal(rates.allows(wire("192.0.2.2"), 0, 10_000), true);
});

Deno.test("a rate is kept whatever is asked, and never more is refused than has to be", () => {
  const gaps = fc.array(fc.nat(400), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 5 }),
      (gaps, rate, burst) => {
        const rates = new AddressRates({ rate, burst }, SEED);
        const client = wire("2001:db8::1");
        // The same as a bucket that is filled.
        let [now, tokens, before] = [1_000, burst, 1_000];
        for (const gap of gaps) {
          now += gap;
          tokens = Math.min(burst, tokens + (now - before) * rate / 1_000);
          before = now;
          const may = tokens >= 1 - 1e-6;
          assert.equal(rates.allows(client, 0, now), may);
          if (may) tokens--;
        }
      },
    ),
  );
});

Deno.test("IPv6 counts by 64 bits, IPv4 by the whole address, and neither is the other", () => {
  const rates = new AddressRates({ rate: 1, burst: 1 }, SEED);
  const allowed = (text: string) => rates.allows(wire(text), 0, 5);
  assert.deepEqual(["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(allowed), [true, false, true]);
  assert.deepEqual(["32.1.13.184", "32.1.13.184", "32.1.13.185"].map(allowed), [true, false, true]);
});

Deno.test("the table is the same for 1,000 clients and for 1,000,000, and strangers never get anybody refused", () => {
  const rates = new AddressRates({ rate: 1, burst: 1 }, SEED);
  const { size } = rates;
  const out = new Uint8Array(20);
  out[0] = 4;
  for (const clients of [1_000, 1_000_000]) {
    const table = new AddressRates({ rate: 1, burst: 1 }, SEED);
    for (let number = 0; number < clients; number++) {
      assert.ok(table.allows(loopback(number, out), 0, 1), `client ${number}`);
    }
    assert.equal(table.size, size);
  }
  // One that asks all the time is not forgotten for strangers that come and go beside it.
  const greedy = wire("192.0.2.1");
  let answered = 0;
  for (let number = 0; number < 20_000; number++) {
    const now = 1 + number / 20;
    if (rates.allows(greedy, 0, now)) answered++;
    rates.allows(loopback(number, out), 0, now);
  }
  assert.ok(answered <= 3, String(answered));
});

Deno.test("who shares memory counts together; tables in it are apart", () => {
  const memory = new SharedArrayBuffer(2 * RATES_SIZE);
  const [one, other, apart] = [0, 0, RATES_SIZE].map((offset) =>
    new AddressRates({ rate: 1, burst: 3 }, SEED, new OwnRates(memory, offset))
  );
  const client = wire("192.0.2.1");
  const answers = [one, other, one, other, apart].map((rates) => rates!.allows(client, 0, 0));
  assert.deepEqual(answers, [true, true, true, false, true]);
});

Deno.test("another rate forgives nobody", () => {
  const rates = new AddressRates({ rate: 1, burst: 1 }, SEED);
  const client = wire("192.0.2.1");
  assert.deepEqual([rates.allows(client, 0, 0), rates.allows(client, 0, 0)], [true, false]);
  rates.apply({ rate: 10, burst: 1 });
  assert.deepEqual([rates.allows(client, 0, 999), rates.allows(client, 0, 1_000)], [false, true]);
});

Deno.test("nobody is refused for longer than there is a reason for, whatever others write", () => {
  for (const said of [1e300, Infinity, NaN, -1, 1e6]) {
    const memory = new SharedArrayBuffer(RATES_SIZE);
    const rates = new AddressRates({ rate: 10, burst: 5 }, SEED, new OwnRates(memory));
    const client = wire("192.0.2.1");
    assert.equal(rates.allows(client, 0, 1_000), true);
    const numbers = new Float64Array(memory);
    numbers.forEach((number, place) => {
      if (place % 2 === 1 && number > 0) numbers[place] = said;
    });
    assert.equal(rates.allows(client, 0, 1_000), true, String(said));
  }
});
