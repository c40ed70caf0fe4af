// Clients that nobody here wrote, over TLS, on one kept connection through every kind of backend.
import assert from "node:assert/strict";
import { isInstalled, OtherProgram } from "../../support/other_programs.ts";
import { get } from "../../support/raw_client.ts";
import { until } from "../../support/waiting.ts";
import { testClients } from "./clients.ts";
import { client, large, NAME, SecureSite } from "./site.ts";

const here = await SecureSite.start();
globalThis.addEventListener("unload", () => {
  try {
    here.up.signal("SIGKILL");
  } catch {
    // It has ended.
  }
});

testClients(here);

Deno.test("a large file arrives as it is", async () => {
  const path = `${here.directory.path}/large`;
  const args = ["-sS", "--cacert", here.authority, "--noproxy", "*", "-o", path];
  await client("curl", [...args, `${here.url}/files/large.bin`]);
  assert.deepEqual(Deno.readFileSync(path), large());
});

Deno.test("Chromium: a page, a file, a WebSocket and a stream of events", {
  ignore: !isInstalled("chromium", "--version"),
}, async () => {
  await using _browser = new OtherProgram("chromium", [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-proxy-server",
    "--ignore-certificate-errors",
    `--user-data-dir=${here.directory.path}/profile`,
    `${here.url}/page`,
  ]);
  const said = await until(async () => {
    const { status, text } = await get(here.plainPort, "/said", NAME);
    return status === 200 && (JSON.parse(text) ?? undefined);
  }, "what the page has to say");
  assert.deepEqual(said, ["https:", "a file", "echo hello", "onetwo"]);
});

Deno.test("clear text on the address, and TLS on another one, are told apart", async () => {
  const answer = await client("curl", ["-sS", "--noproxy", "*", `http://${NAME}:${here.port}/`]);
  assert.match(answer, /^400 Bad Request[^]*https:\/\//);
  await client("curl", ["-sS", "--noproxy", "*", `https://${NAME}:${here.plainPort}/`], { fails: true });
  await here.up.message(/closed a connection unanswered, because the client speaks TLS/);
});

Deno.test("nobody is left with anything, and everything ends by itself", async () => {
  await here.up.stopCleanly();
  await here[Symbol.asyncDispose]();
});
