/** Signals that reach more processes than one, and those that insist. */

import assert from "node:assert/strict";
import { startWith } from "../support/lossless.ts";
import { childrenOf, signalAll, untilStopped } from "../support/proc.ts";
import { Program, startFront, startUp } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { assertGone, childWith, descendantsOf, Download, Site, untilGone } from "./family.ts";

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`up: ${signal} to its whole process group cuts nobody off`, async () => {
    using site = new Site();
    // setsid(1) makes it the leader of a process group, as a shell does for each job of a terminal.
    await using up = await startWith("up", site.configuration(2), [], { through: ["setsid"] });
    const all = descendantsOf(up.pid);
    // The last one holds the front's descriptors.
    assert.equal(all.length, 6);
    using download = await Download.begin(up.port);
    using begun = await RawClient.connect(up.port);
    await begun.write("GET /small.txt HTTP/1.1\r\nHost: files.test\r\n");
    Deno.kill(-up.pid, signal);
    await up.message(/SIG(?:TERM|INT): finishing what is under way/);
    // The backends are not asked before the front has ended: whoever has begun to ask is served.
    await begun.write("Connection: close\r\n\r\n");
    assert.equal((await begun.response()).text, "small\n");
    await up.message(/backend files: SIGTERM: the workers finish what they serve/);
    await download.assertCompletes();
    const { code, stderr } = await up.end();
    assert.equal(code, 0, stderr);
    assertGone(all);
  });
}

Deno.test("up: SIGTERM to each of its processes, more than once, cuts nobody off", async () => {
  using site = new Site();
  await using up = await startUp(site.configuration(2));
  const all = descendantsOf(up.pid);
  using download = await Download.begin(up.port);
  // As a service manager does that signals every process of the service.
  signalAll([...all, up.pid], "SIGTERM");
  await up.message(/backend files\.\d: SIGTERM: finishing 1 connections/);
  signalAll(all, "SIGTERM");
  signalAll(all, "SIGINT");
  await download.readHalf();
  signalAll(all, "SIGTERM");
  await download.assertCompletes();
  const { code, stderr } = await up.end();
  assert.equal(code, 0, stderr);
  assertGone(all);
});

Deno.test("up: a second SIGTERM or SIGINT ends everything at once, whatever state it is in", async () => {
  using site = new Site();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using up = await startUp(site.configuration(2));
    const all = descendantsOf(up.pid);
    using _download = await Download.begin(up.port);
    // Somebody for the front to wait for, so that the backends have not been asked to end.
    using begun = await RawClient.connect(up.port);
    await begun.write("GET / HTTP/1.1\r\n");
    // One that no signal but SIGKILL can end.
    const app = childWith(up.pid, "backend", "app");
    Deno.kill(app, "SIGSTOP");
    await untilStopped(app);
    up.signal("SIGTERM");
    await up.message(/SIGTERM: finishing what is under way/);
    const { code } = await up.stop(signal);
    assert.equal(code, 1);
    await untilGone(all);
  }
});

Deno.test("backend --workers: a second SIGTERM ends its processes with it", async () => {
  using site = new Site();
  await using backend = new Program(
    ["backend", "--socket", site.socket, "--static", site.path, "--workers", "2", "--drain-timeout", "2m"],
    { permissions: ["--allow-all"] },
  );
  await backend.line(/^fdpass backend files ready on /m);
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${site.socket}` }] });
  const workers = childrenOf(backend.pid);
  assert.equal(workers.length, 2);
  using _download = await Download.begin(front.port);
  backend.signal("SIGTERM");
  await backend.message(/SIGTERM: finishing 1 connections/);
  assert.equal((await backend.stop()).code, 1);
  await untilGone(workers);
  await front.stopCleanly();
});

Deno.test("up: killed by force, its processes finish what they serve, and end", async () => {
  using site = new Site();
  await using up = await startUp(site.configuration(2));
  const all = descendantsOf(up.pid);
  const app = childWith(up.pid, "backend", "app");
  using download = await Download.begin(up.port);
  up.signal("SIGKILL");
  assert.equal((await up.ended).signal, "SIGKILL");
  // It serves nobody, so it ends as soon as the kernel has told it.
  await untilGone([app]);
  await download.readHalf();
  await download.assertCompletes();
  await untilGone(all);
});
