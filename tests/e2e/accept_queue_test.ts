/** Clients that have connected to a front which has not accepted them yet: the kernel holds them in its queue. */

import assert from "node:assert/strict";
import { untilStopped } from "../support/proc.ts";
import { startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";

/** Many times what a front accepts in one go. */
const CLIENTS = 600;

Deno.test("a front that is told to stop serves everybody who has connected before", async () => {
  using directory = new TemporaryDirectory();
  directory.write("small.txt", "small\n");
  const socket = directory.join("files.sock");
  await using backend = await startBackend(socket, { static: directory.path });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  await backend.message(/front \d+\.1 connected/);
  // While the front stands still, the kernel goes on completing handshakes for it.
  front.signal("SIGSTOP");
  await untilStopped(front.pid);
  const clients: RawClient[] = [];
  try {
    for (let count = 0; count < CLIENTS; count++) {
      const client = await RawClient.connect(front.port);
      clients.push(client);
      await client.write("GET /small.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    }
    front.signal("SIGTERM");
    front.signal("SIGCONT");
    const answers = await Promise.allSettled(clients.map(async (client) => {
      const { status, text } = await client.response();
      await client.assertEnded();
      return `${status} ${text}`;
    }));
    const different = answers.filter((answer) =>
      answer.status === "rejected" || answer.value !== "200 small\n"
    );
    assert.deepEqual(different.slice(0, 3), [], `${different.length} of ${CLIENTS} were not served`);
  } finally {
    for (const client of clients) client.close();
  }
  const { code, stderr } = await front.end();
  assert.equal(code, 0, stderr);
  await backend.stopCleanly();
});
