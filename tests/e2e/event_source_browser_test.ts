/** A browser's EventSource is open before there is an event. */

import assert from "node:assert/strict";
import { isInstalled, OtherProgram } from "../support/other_programs.ts";
import { startUp, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

const BROWSER = "chromium";

/** The first event is sent when the page has told that its source is open, and not before. */
const MODULE = `
const PAGE = "<!doctype html><script>" +
  "const source = new EventSource('/events');" +
  "source.onopen = () => fetch('/opened', { method: 'POST' });" +
  "source.onmessage = ({ data }) => { source.close(); fetch('/heard?' + data, { method: 'POST' }); };</script>";
let events;
let heard = "";
export default { fetch(request) {
  const { pathname, search } = new URL(request.url);
  if (pathname === "/page") return new Response(PAGE, { headers: { "content-type": "text/html" } });
  if (pathname === "/events") {
    const body = new ReadableStream({ start(controller) { events = controller; } });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
  if (pathname === "/opened") events.enqueue(new TextEncoder().encode("data: first\\n\\n"));
  if (pathname === "/heard" && request.method === "POST") heard = search;
  return new Response(heard);
} };`;

const here = isInstalled(BROWSER, "--version");
Deno.test({
  name: `EventSource in ${BROWSER} is open before the first event${here ? "" : " (skipped: not installed)"}`,
  ignore: !here,
  async fn() {
    using directory = new TemporaryDirectory();
    const app = { socket: directory.join("app.sock"), fetch: directory.write("app.js", MODULE) };
    await using up = await startUp({ listen: "127.0.0.1:0", sites: [{ to: "app" }], backends: { app } });
    await using browser = new OtherProgram(BROWSER, [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-extensions",
      "--no-proxy-server",
      `--user-data-dir=${directory.join("profile")}`,
      `http://127.0.0.1:${up.port}/page`,
    ]);
    await browser.until(async () => (await get(up.port, "/heard")).text === "?first", "the first event");
    assert.equal((await get(up.port, "/heard")).text, "?first");
    await browser.kill("SIGTERM");
    await up.stopCleanly();
  },
});
