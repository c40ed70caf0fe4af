/** Kept connections outlive the process that served them: they go back to the front, and from there to the next one. */

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
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const COUNT = 1_000;

Deno.test("idle kept connections are returned at SIGTERM, and served by the next process", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using front = await startWith("front", {
    listen: ["127.0.0.1:0"],
    sites: [{ to: `fd://${socket}` }],
  });
  await using first = await startApplication(socket);
  await found(front, "app");
  const [before] = await kindsAtRest(front.pid);
  using stack = new DisposableStack();
  const clients: RawClient[] = [];
  while (clients.length < COUNT) clients.push(stack.use(await RawClient.connect(front.port)));

  /** Every client asks once; how many answers came from which process. */
  const ask = async () => {
    const processes: Record<string, number> = {};
    for (let at = 0; at < COUNT; at += 50) {
      await Promise.all(
        clients.slice(at, at + 50).map(async (client, index) => {
          const { status, text, fields } = await client.get(`/?id=${at + index}`);
          const [id, process] = text.split(" ");
          assert.equal(status, 200);
          assert.notEqual(fields.get("connection"), "close");
          assert.equal(id, `${at + index}`);
          processes[process!] = (processes[process!] ?? 0) + 1;
        }),
      );
    }
    return processes;
  };

  assert.deepEqual(await ask(), { [first.pid]: COUNT });
  await untilKinds(front.pid, before!);
  const { code, stderr, milliseconds } = await first.stop();
  assert.equal(code, 0, stderr);
  await until(
    () => openKinds(front.pid).socket! >= before!.socket! + COUNT - 1,
    "the front to have them all",
  );

  await using second = await startApplication(socket);
  assert.deepEqual(await ask(), { [second.pid]: COUNT });
  await tell(
    t,
    `${COUNT} idle connections: returned within ${
      Math.round(milliseconds)
    } ms, all served by the next process`,
  );

  await t.step("and again when the next one takes over before the old one ends", async () => {
    await using third = await startApplication(socket, ["--take-over"]);
    const ending = await second.stop();
    assert.equal(ending.code, 0, ending.stderr);
    assert.deepEqual(await ask(), { [third.pid]: COUNT });
    await untilKinds(front.pid, before!);
    stack.dispose();
    await third.stopCleanly();
  });
});
