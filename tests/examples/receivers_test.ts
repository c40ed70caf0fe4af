/** Every receiver in examples/, behind a real front and with a front that says what no front would say. */

import assert from "node:assert/strict";
import { named } from "../support/other_user.ts";
import { DescriptorTables } from "../support/proc.ts";
import { startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { CASES, drains } from "./protocol_cases.ts";
import { missing, type Receiver, ReceiverProcess, RECEIVERS } from "./receivers.ts";

const REQUESTS = 100;
const AT_ONCE = 10;

/** One request, and the answer that says who asked. */
async function ask(port: number, path: string, { calls, keeps }: Receiver): Promise<void> {
  using client = await RawClient.connect(port);
  const { status, fields, text } = await client.get(path);
  const { hostname, port: own } = client.address;
  assert.equal(status, 200);
  assert.equal(text, `Hello ${hostname}:${own}, this is ${calls}. You asked for ${path}.\n`);
  if (keeps) return;
  assert.equal(fields.get("connection"), "close");
  await client.assertEnded();
}

for (const receiver of RECEIVERS) {
  const { name, ignore } = named(`the receiver in ${receiver.name}`, missing(receiver));
  Deno.test({
    name,
    ignore,
    fn: async (t) => {
      using directory = new TemporaryDirectory();
      await using process = await ReceiverProcess.start(receiver, directory.path);
      const socket = directory.join("receiver.sock");

      await t.step(
        `answers ${REQUESTS} requests, tells the clients apart and keeps no descriptor`,
        async () => {
          const to = `fd://${socket}`;
          await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to }] });
          for (let count = 0; count < AT_ONCE; count++) await get(front.port, "/");
          const tables = await DescriptorTables.of(front.pid, ...process.pids);
          for (let begun = 0; begun < REQUESTS; begun += AT_ONCE) {
            const batch = Array.from({ length: AT_ONCE }, (_, index) => `/number/${begun + index}?a=b`);
            await Promise.all(batch.map((path) => ask(front.port, path, receiver)));
          }
          await tables.untilRestored();
          assert.doesNotMatch(front.stderr, / lost | refused /);
          await front.stopCleanly();
        },
      );

      for (const { name, applies, run } of CASES) {
        if (applies?.(receiver) === false) continue;
        await t.step(name, async () => {
          const tables = await DescriptorTables.of(...process.pids);
          await run({ receiver, process, socket });
          await tables.untilRestored();
        });
      }

      await t.step(
        "finishes what it serves when it is told to stop, and ends without a complaint",
        async () => {
          await drains({ receiver, process, socket });
          const { code, said } = await process.end();
          assert.equal(code, 0, said);
          assert.doesNotMatch(said, /traceback|panic|error|warning/i);
        },
      );
    },
  });
}
