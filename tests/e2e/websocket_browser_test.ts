/** A browser holds a conversation through a front that ends in the middle of it, and another one that begins. */

import assert from "node:assert/strict";
import { fixture, Program, startFront, TemporaryDirectory } from "../support/processes.ts";
import { isInstalled, OtherProgram } from "../support/other_programs.ts";
import { freePort } from "../support/ports.ts";
import { get } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const BROWSER = "chromium";

/** A browser that shows one page, asks nobody else anything, and leaves nothing behind. */
const ARGUMENTS = [
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
];

async function converse(): Promise<void> {
  using directory = new TemporaryDirectory();
  const socket = directory.join("chat.sock");
  await using backend = new Program(["backend", "--socket", socket, "--fetch", fixture("chat.ts")], {
    permissions: ["--allow-all"],
  });
  await backend.line(/ ready on /);
  const configuration = (port: number) => ({
    listen: `127.0.0.1:${port}`,
    sites: [{ to: `fd://${socket}` }],
  });
  // Nobody else gets it while neither of them has it.
  const port = freePort();
  await using first = await startFront(configuration(port));
  await using browser = new OtherProgram(BROWSER, [
    ...ARGUMENTS,
    `--user-data-dir=${directory.join("profile")}`,
    `http://127.0.0.1:${port}/page`,
  ]);
  // The page says so when it has been answered once, and waits for more.
  await browser.until(async () => (await get(port, "/half-way")).status === 200, "the conversation to begin");
  await first.stopCleanly();
  await using second = await startFront(configuration(port));
  assert.equal((await get(port, "/tell?go%20on")).text, "1");
  const report = await until(async () => {
    const { status, text } = await get(port, "/report");
    return status === 200 && text;
  }, () => `the page's report:\n${browser.output}`);
  assert.deepEqual(JSON.parse(report), [
    "open chat",
    "echo hello",
    "news for all: go on",
    "bytes 1,2,3",
    "close 4000 enough true",
  ]);
  // Asked to end, it ends its own processes with it.
  await browser.kill("SIGTERM");
  await second.stopCleanly();
  await backend.stopCleanly();
}

const here = isInstalled(BROWSER, "--version");
Deno.test({
  name: `${BROWSER} holds a conversation while its front ends and another one begins${
    here ? "" : " (skipped: not installed)"
  }`,
  ignore: !here,
  fn: converse,
});
