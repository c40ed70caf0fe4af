/** Idle connections wait in the front while their backends come and go. */

import assert from "node:assert/strict";
import { tell } from "../support/load.ts";
import {
  found,
  kindsAtRest,
  openKinds,
  startApplication,
  startWith,
  untilKinds,
} from "../support/lossless.ts";
import { TemporaryDirectory } from "../support/processes.ts";
import { residentMemory } from "../support/proc.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const COUNT = 5_000;
const AT_ONCE = 50;

Deno.test("5,000 parked connections outlive two restarts of every backend", async (t) => {
  using directory = new TemporaryDirectory();
  const names = ["a", "b"] as const;
  const sockets = names.map((name) => directory.join(`${name}.sock`));
  await using front = await startWith("front", {
    listen: ["127.0.0.1:0"],
    sites: [{ routes: names.map((name, index) => ({ path: `/${name}`, to: `fd://${sockets[index]}` })) }],
  });
  let backends = await Promise.all(sockets.map((socket) => startApplication(socket)));
  for (const name of names) await found(front, name);
  // What a front needs once for its first connections is not the price of the later ones.
  await warmUp(front.port, names);
  const [before] = await kindsAtRest(front.pid);
  const memory = residentMemory(front.pid);
  using stack = new DisposableStack();
  const clients: RawClient[] = [];
  while (clients.length < COUNT) clients.push(stack.use(await RawClient.connect(front.port)));
  const ports = clients.map(({ address }) => address.port);

  /** Every client asks its own route once; the processes that answered. */
  const ask = async () => {
    const processes = new Set<string>();
    for (let at = 0; at < COUNT; at += AT_ONCE) {
      await Promise.all(
        clients.slice(at, at + AT_ONCE).map(async (client, index) => {
          const number = at + index;
          const { status, text, fields } = await client.get(`/${names[number % 2]}?id=${number}`);
          const [id, process] = text.split(" ");
          assert.deepEqual([status, id, fields.get("connection")], [200, `${number}`, undefined]);
          processes.add(process!);
        }),
      );
    }
    return [...processes].sort();
  };
  const pids = () => backends.map(({ pid }) => `${pid}`).sort();
  const allParked = () =>
    until(() => openKinds(front.pid).socket! >= before!.socket! + COUNT, "the front to have them all");

  assert.deepEqual(await ask(), pids());
  await allParked();
  const grown = residentMemory(front.pid) - memory;
  await tell(t, `${COUNT} parked connections: ${Math.round(grown / COUNT)} bytes of the front's memory each`);

  for (let round = 0; round < 2; round++) {
    for (const [index, socket] of sockets.entries()) {
      const { code, stderr } = await backends[index]!.stop();
      assert.equal(code, 0, stderr);
      backends[index] = await startApplication(socket);
    }
  }
  backends = [...backends];
  await allParked();
  assert.deepEqual(await ask(), pids());
  assert.deepEqual(clients.map(({ address }) => address.port), ports);
  stack.dispose();
  await untilKinds(front.pid, before!);
  for (const backend of backends) await backend.stopCleanly();
  await front.stopCleanly();
});

/** Has as many connections parked, and lets them go. */
async function warmUp(port: number, names: readonly string[]): Promise<void> {
  for (let at = 0; at < 500; at += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) => {
      using client = await RawClient.connect(port);
      await client.get(`/${names[index % 2]}?id=1`);
      await client.get(`/${names[(index + 1) % 2]}?id=1`);
    }));
  }
}
