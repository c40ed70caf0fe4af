/** A front below `up` whose control plane does nothing any more: noticed, replaced, and what it had goes on. */

import assert from "node:assert/strict";
import type { FrontStatus } from "../../src/control/front/front_status.ts";
import { ask } from "../../src/control/socket/ask.ts";
import { isInstalled } from "../support/other_programs.ts";
import { freePort } from "../support/ports.ts";
import { FrontProgram, PATIENT, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import { childWith } from "./family.ts";
import { Held } from "./held.ts";
import { listeningAt, Visitors } from "./take_over_load.ts";

const PARKED = 60;

Deno.test({
  name:
    "a front below up whose control plane hangs is replaced: whoever is parked, asks or connects is answered",
  ignore: !isInstalled("python3", "--version"),
  fn: async () => {
    using directory = new TemporaryDirectory();
    directory.write("small.txt", "small\n");
    const [control, port] = [directory.join("c.sock"), freePort()];
    const path = directory.write(
      "fdpass.json",
      JSON.stringify({
        ...PATIENT,
        listen: `127.0.0.1:${port}`,
        sites: [{ routes: [{ path: "/", to: "files", keepAlive: "return" }] }],
        backends: { files: { socket: directory.join("files.sock"), static: directory.path } },
      }),
    );
    await using up = await whenReady(
      new FrontProgram(["up", path, "--control", control], { permissions: ["--allow-all"] }),
    );
    const inodes = listeningAt(port);
    const visitors = new Visitors(port);
    await visitors.park(PARKED);
    const counters = async () => ((await ask(control, { command: "status" })).status as FrontStatus).counters;
    await until(async () => (await counters()).parked === PARKED, "all connections to be parked");
    using slow = await RawClient.connect(port);
    await slow.write("GET /small.txt HTTP/1.1\r\nHo");
    const front = childWith(up.pid, "front");
    let asked: Promise<unknown>;
    {
      // Its main thread alone: its Worker serves on.
      await using _held = await Held.hold(front);
      await visitors.once();
      asked = ask(control, { command: "reload" });
      await up.message(
        new RegExp(`the front \\(process ${front}\\) has given no sign of life for \\d+ s; ending it`),
      );
    }
    await up.message(/front ended \(signal SIGKILL\); starting it again/);
    const clients = Array.from({ length: 30 }, () => visitors.once());
    await up.message(/goes on with \d+ connections of the front before/);
    await Promise.all(clients);
    await slow.write("st: a\r\nConnection: close\r\n\r\n");
    assert.match(await slow.through("\r\n\r\n"), /^HTTP\/1\.1 200 /);
    assert.deepEqual(await visitors.leave(), { "new: 200": 31, "parked: 200": PARKED });
    assert.deepEqual(listeningAt(port), inodes);
    // Who had asked the one that hung is told that it is being started again.
    assert.equal((await asked as { readonly code: number }).code, 1);
    await up.stopCleanly();
  },
});
