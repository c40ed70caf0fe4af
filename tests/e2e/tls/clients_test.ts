// Clients that nobody here wrote, over TLS, on one kept connection through every kind of backend.
import assert from "node:assert/strict";
import { clientTrials } from "./clients.ts";
import { client, large, NAME, SecureSite } from "./site.ts";

const here = await SecureSite.start();
globalThis.addEventListener("unload", () => here.kill());

for (const trial of clientTrials(here)) Deno.test(trial);

Deno.test("a large file arrives as it is", async () => {
  const path = `${here.directory.path}/large`;
  const args = ["-sS", "--cacert", here.authority, "--noproxy", "*", "-o", path];
  await client("curl", [...args, `${here.url}/files/large.bin`]);
  assert.deepEqual(Deno.readFileSync(path), large());
});

Deno.test("clear text on the address, and TLS on another one, are told apart", async () => {
  const answer = await client("curl", ["-sS", "--noproxy", "*", `http://${NAME}:${here.port}/`]);
  assert.match(answer, /^400 Bad Request[^]*https:\/\//);
  await client("curl", ["-sS", "--noproxy", "*", `https://${NAME}:${here.plainPort}/`], { fails: true });
  await here.up.message(/closed a connection of 127\.0\.0\.1 unanswered, because the client speaks TLS/);
});

Deno.test("nobody is left with anything, and everything ends by itself", async () => {
  await here.up.stopCleanly();
  await here[Symbol.asyncDispose]();
});
