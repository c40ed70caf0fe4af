/** Every receiver in examples/, behind a real front and with a front that says what no front would say. */

import assert from "node:assert/strict";
import { withoutLeaks } from "../support/descriptors.ts";
import { named } from "../support/other_user.ts";
import { DescriptorTables } from "../support/proc.ts";
import { startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import type { Setting } from "./protocol_case.ts";
import { CASES, drains } from "./protocol_cases.ts";
import { make, missing, type Receiver, ReceiverProcess, RECEIVERS } from "./receivers.ts";

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

const frontOf = (socket: string) => startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });

async function assertEnds(process: ReceiverProcess): Promise<void> {
  const { code, said } = await process.end();
  assert.equal(code, 0, said);
  assert.doesNotMatch(said, /traceback|panic|error|warning/i);
}

/** Many requests, after which everything is as it was. */
async function serves({ receiver, process, socket }: Setting): Promise<void> {
  await using front = await frontOf(socket);
  for (let count = 0; count < AT_ONCE; count++) await get(front.port, "/");
  const tables = await DescriptorTables.of(front.pid, ...process.pids);
  for (let begun = 0; begun < REQUESTS; begun += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, index) => `/number/${begun + index}?a=b`);
    await Promise.all(batch.map((path) => ask(front.port, path, receiver)));
  }
  await tables.untilRestored();
  assert.doesNotMatch(front.stderr, / lost | refused /);
  await front.stopCleanly();
}

/** Clients ask without a pause; the process ends, and another one comes. */
async function isReplaced(receiver: Receiver, directory: TemporaryDirectory): Promise<void> {
  await using first = await ReceiverProcess.start(receiver, directory.path);
  await using front = await frontOf(directory.join("receiver.sock"));
  let answered = 0;
  let enough = false;
  const client = async () => {
    for (; !enough; answered++) await ask(front.port, "/again", receiver);
  };
  const clients = Promise.all([client(), client(), client(), client()]);
  const more = (count: number) => {
    const aim = answered + count;
    return Promise.race([until(() => answered >= aim, "answers"), clients]);
  };
  await more(REQUESTS);
  first.signal("SIGTERM");
  await assertEnds(first);
  await using second = await ReceiverProcess.start(receiver, directory.path);
  await more(REQUESTS);
  enough = true;
  await clients;
  await front.stopCleanly();
  second.signal("SIGTERM");
  await assertEnds(second);
}

for (const receiver of RECEIVERS) {
  const { name, ignore } = named(`the receiver in ${receiver.name}`, missing(receiver));
  const test = async (t: Deno.TestContext) => {
    using directory = new TemporaryDirectory();
    await make(receiver, directory.path);
    await using process = await ReceiverProcess.start(receiver, directory.path);
    const setting: Setting = { receiver, process, socket: directory.join("receiver.sock") };

    await t.step(
      `answers ${REQUESTS} requests, tells the clients apart and keeps no descriptor`,
      () => serves(setting),
    );
    for (const { name, applies, run } of CASES) {
      if (applies?.(receiver) === false) continue;
      await t.step(name, async () => {
        const tables = await DescriptorTables.of(...process.pids);
        await withoutLeaks(() => run(setting));
        await tables.untilRestored();
      });
    }
    await t.step(
      "finishes what it serves when it is told to stop, and ends without a complaint",
      async () => {
        await drains(setting);
        await assertEnds(process);
      },
    );
    await t.step("is replaced under load, and no client notices", () => isReplaced(receiver, directory));
  };
  Deno.test({ name, ignore, fn: test });
}
