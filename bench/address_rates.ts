/**
 * What a limit per client costs where a connection is accepted, and what it remembers: `deno run bench/address_rates.ts`.
 * Addresses are those of 127.0.0.0/8 in an order by chance, so that the table is met where it is not in a cache.
 */

import { newClientsPlace, NOWHERE, SharedClients } from "../src/front/core/shared_clients.ts";
import { AddressRates } from "../src/trust/address_rates.ts";

const CALLS = 1_000_000;
const ROUNDS = 9;

/** Nanoseconds of one question, the best of some rounds: what else the machine does only adds. */
function nanoseconds(addresses: number, ask: (out: Uint8Array, now: number) => unknown): number {
  let best = Infinity;
  const out = new Uint8Array(20);
  out[0] = 4;
  out[4] = 127;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let call = 0, number = 1; call < CALLS; call++) {
      // All numbers up to 2^24, each once (Knuth, TAOCP 2, 3.2.1.2).
      number = Math.imul(number, 1_140_671_485) + 12_820_163 & 0xffffff;
      const address = number % addresses;
      out[5] = address >> 16;
      out[6] = address >> 8;
      out[7] = address;
      ask(out, call / 100);
    }
    best = Math.min(best, (performance.now() - start) * 1e6 / CALLS);
  }
  return best;
}

const encoder = new TextEncoder();
const say = (text: string) => Deno.stdout.writeSync(encoder.encode(`${text}\n`));

say("addresses  ns per accept  of that the loop  bytes of the table");
say("how often (maxConnectionRatePerClient):");
const NUMBERS = [1, 1_000, 32_768, 1_000_000];

function row(addresses: number, size: number, ask: (out: Uint8Array, now: number) => unknown): void {
  const all = nanoseconds(addresses, ask);
  const loop = nanoseconds(addresses, (out) => out[7]);
  say(
    [
      addresses.toLocaleString("en").padStart(9),
      all.toFixed(0).padStart(13),
      loop.toFixed(0).padStart(16),
      size.toLocaleString("en").padStart(18),
    ].join("  "),
  );
}

for (const addresses of NUMBERS) {
  const rates = new AddressRates({ rate: 10, burst: 10 }, 12_345);
  row(addresses, rates.size, (out, now) => rates.allows(out, 0, now));
}
say("how many at a time (maxConnectionsPerClient), and their ends; two Workers:");
for (const addresses of NUMBERS) {
  const clients = new SharedClients(newClientsPlace(2), 0);
  row(addresses, clients.size, (out) => {
    const place = clients.enter(out, 0);
    if (place !== NOWHERE) clients.leave(place);
  });
}
