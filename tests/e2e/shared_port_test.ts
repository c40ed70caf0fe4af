/** Listeners of one front on one port: every address beside a single one. */

import assert from "node:assert/strict";
import { freePort } from "../support/ports.ts";
import {
  FRONT_PERMISSIONS,
  runProgram,
  startBackend,
  startFront,
  TemporaryDirectory,
} from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";

/** Who answers at an address. */
async function who(host: string, port: number): Promise<string> {
  using client = await RawClient.connect(port, host);
  await client.write("GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  return (await client.response()).text;
}

for (const workers of ["1", "2"]) {
  for (const order of [["", "127.0.0.2:"], ["127.0.0.2:", ""]] as const) {
    const title = order[0] === "" ? "every address, then one" : "one address, then every";
    Deno.test(`${title}, with ${workers} Worker(s): each has its own site, and no second front gets in`, async () => {
      using directory = new TemporaryDirectory();
      const sites = [];
      const backends = [];
      const port = freePort();
      for (const [index, host] of order.entries()) {
        const name = directory.join(`${index}`);
        Deno.mkdirSync(name);
        Deno.writeTextFileSync(`${name}/who`, host === "" ? "every" : "one");
        const socket = directory.join(`${index}.sock`);
        backends.push(await startBackend(socket, { static: name }));
        sites.push({ listen: `${host}${port}`, to: `fd://${socket}` });
      }
      try {
        await using front = await startFront({ listen: sites.map((site) => site.listen), sites }, {
          args: ["--workers", workers],
        });
        assert.deepEqual(front.ports, [port, port]);
        for (let repeat = 0; repeat < 4; repeat++) {
          assert.equal(await who("127.0.0.1", port), "every");
          assert.equal(await who("127.0.0.2", port), "one");
        }
        for (const listen of order) {
          const input = JSON.stringify({ listen: `${listen}${port}`, sites: [{ to: "fd:///run/a.sock" }] });
          const { code, stderr } = await runProgram(["front", "-"], {
            permissions: FRONT_PERMISSIONS,
            input,
          });
          assert.equal(code, 1);
          assert.match(stderr, /Cannot listen on .*: the address is in use/);
        }
        await front.stopCleanly();
      } finally {
        for (const backend of backends) await backend[Symbol.asyncDispose]();
      }
    });
  }
}
