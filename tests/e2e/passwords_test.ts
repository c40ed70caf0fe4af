/** Passwords that are slow to check: whoever tries many keeps only himself waiting. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { hashSync } from "bcryptjs";
import { startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { freePort } from "../support/ports.ts";
import { TellingServers } from "./apache/rule_rig.ts";

/** A tenth of a second and more for each. */
const COST = 10;
/** As many of one client as may wait. */
const TRIES = 16;

function status(port: number, from: string, path: string, user?: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = user === undefined ? {} : { Authorization: `Basic ${btoa(user)}` };
  const sent = request(
    { host: "127.0.0.1", port, path, localAddress: from, agent: false, headers },
    (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode!));
    },
  );
  sent.on("error", reject);
  sent.end();
  return promise;
}

Deno.test("many wrong passwords of one client keep nobody else waiting", async () => {
  await using servers = await TellingServers.start();
  using directory = new TemporaryDirectory();
  directory.write("USERS", `ann:${hashSync("right", COST)}\n`);
  const port = freePort();
  const path = directory.write(
    "fdpass.json",
    JSON.stringify({
      listen: `127.0.0.1:${port}`,
      queueTimeout: "60s",
      sites: [{
        routes: [
          { path: "/in/", to: "app", basicAuth: { realm: "x", file: "USERS" } },
          { path: "/", to: "app" },
        ],
      }],
      backends: { app: { socket: directory.join("app.sock"), upstream: servers.url("a") } },
    }),
  );
  await using fdpass = await startUpFrom(path);
  let answered = 0;
  const tries = Array.from({ length: TRIES }, async (_, number) => {
    const result = await status(port, "127.0.0.1", "/in/", `ann:wrong${number}`);
    answered++;
    return result;
  });
  // Not before the others are in the line: the first of them has had its turn.
  await Promise.race(tries);
  const [open, good] = [status(port, "127.0.0.3", "/"), status(port, "127.0.0.2", "/in/", "ann:right")];
  assert.equal(await open, 200);
  assert.ok(answered < TRIES, "the data plane was held up");
  assert.equal(await good, 200);
  assert.ok(answered < TRIES, "another client had to wait for all of them");
  assert.deepEqual(await Promise.all(tries), Array.from({ length: TRIES }, () => 401));
  // It is known by now: no more than a look, and the same after a new look at the file.
  assert.equal(await status(port, "127.0.0.2", "/in/", "ann:right"), 200);
  assert.equal(await status(port, "127.0.0.1", "/in/"), 401);
  assert.equal((await fdpass.stop()).code, 0);
});

Deno.test("a file of users that is not there lets nobody in, and one that comes is read", async () => {
  await using servers = await TellingServers.start();
  using directory = new TemporaryDirectory();
  const port = freePort();
  const path = directory.write(
    "site.conf",
    `DefaultRuntimeDir "${directory.path}"\nListen 127.0.0.1:${port}\nProxyPass / ${
      servers.url("a")
    }/\n<Location /in>\n` +
      `AuthType Basic\nAuthName x\nAuthUserFile ${directory.join("LATER")}\nRequire valid-user\n</Location>`,
  );
  await using fdpass = await startUpFrom(path);
  assert.equal(await status(port, "127.0.0.1", "/in", "ann:right"), 500);
  directory.write("LATER", `ann:${hashSync("right", 4)}\n`);
  // Another name: what was found out about the first one is remembered for a moment.
  assert.equal(await status(port, "127.0.0.1", "/in", "bob:right"), 401);
  directory.write("LATER", `eve:${hashSync("right", 4)}\n`);
  assert.equal(await status(port, "127.0.0.1", "/in", "eve:right"), 200);
  assert.equal((await fdpass.stop()).code, 0);
});
