/** A system, or a service, that has no IPv6. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { isInstalled } from "../support/other_programs.ts";
import { named } from "../support/other_user.ts";
import { FrontProgram, PATIENT, runProgram, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

const WITHOUT = ["python3", fileURLToPath(new URL("../support/without_ipv6.py", import.meta.url))];
const missing = isInstalled(WITHOUT[0]!, WITHOUT[1]!, "true")
  ? undefined
  : "there is no python3, or it may not filter system calls";

Deno.test({
  ...named(
    "without IPv6, every address means those of IPv4, and a name leads to its IPv4 addresses",
    missing,
  ),
  async fn() {
    const server = createServer((_, response) => response.end("from the server"));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    try {
      using directory = new TemporaryDirectory();
      const configuration = (listen: string) =>
        JSON.stringify({
          ...PATIENT,
          listen,
          sites: [{ to: "relay" }],
          backends: { relay: { socket: directory.join("relay.sock"), upstream: `http://localhost:${port}` } },
        });
      const options = { permissions: ["--allow-all"], through: WITHOUT };
      const args = ["up", "-", "--workers", "2"];
      const program = new FrontProgram(args, { ...options, input: configuration("[::]:0") });
      await using front = await whenReady(program);
      assert.match(front.stdout, /^fdpass front ready on 0\.0\.0\.0:\d+$/m);
      assert.equal((await get(front.port, "/")).text, "from the server");
      await front.stopCleanly();

      const { code, stderr } = await runProgram(["front", "-"], {
        ...options,
        input: configuration("[::1]:0"),
      });
      assert.equal(code, 1);
      assert.match(
        stderr,
        /Cannot listen on \[::1\]:0: this system does not have the address family \(EAFNOSUPPORT\)/,
      );
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  },
});
