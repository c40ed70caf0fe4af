/** A Worker that does nothing any more: noticed, replaced, and what it had goes on. */

import assert from "node:assert/strict";
import type { FrontStatus } from "../../src/control/front/front_status.ts";
import { ask } from "../../src/control/socket/ask.ts";
import { isInstalled } from "../support/other_programs.ts";
import { freePort } from "../support/ports.ts";
import {
  ALLOW_LIBC,
  FRONT_PERMISSIONS,
  PATIENT,
  Program,
  startBackend,
  TemporaryDirectory,
} from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import { Held } from "./held.ts";
import { Manager } from "./manager.ts";
import { listeningAt, Visitors } from "./take_over_load.ts";

const PARKED = 60;

/** The thread of a Worker, counted from 1. */
function threadOf(pid: number, worker: number): number {
  const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => Number(name));
  return threads.find((thread) =>
    Deno.readTextFileSync(`/proc/${pid}/task/${thread}/comm`) === `worker-${worker}\n`
  )!;
}

/** The system call that a thread is in, by its number. */
function callOf(pid: number, thread: number): string {
  return Deno.readTextFileSync(`/proc/${pid}/task/${thread}/syscall`).split(" ")[0]!;
}

Deno.test({
  name:
    "a Worker that hangs is replaced: whoever is parked, asks or has connected there is answered by another",
  ignore: !isInstalled("python3", "--version"),
  fn: async () => {
    using directory = new TemporaryDirectory();
    directory.write("small.txt", "small\n");
    const [socket, control, port] = [directory.join("files.sock"), directory.join("c.sock"), freePort()];
    await using backend = await startBackend(socket, { static: directory.path });
    const path = directory.write(
      "front.json",
      JSON.stringify({
        ...PATIENT,
        listen: `127.0.0.1:${port}`,
        sites: [{ routes: [{ path: "/", to: "files", keepAlive: "return" }] }],
        backends: { files: { socket } },
      }),
    );
    using manager = new Manager(directory.join("notify.sock"));
    await using front = new Program(["front", path, "--control", control, "--workers", "2"], {
      permissions: [
        ALLOW_LIBC,
        FRONT_PERMISSIONS[1]!.replace("read=", `read=${directory.path},`),
        "--allow-env=NOTIFY_SOCKET,FDSTORE,WATCHDOG_USEC,WATCHDOG_PID",
      ],
      environment: { ...manager.environment, WATCHDOG_USEC: "20000000" },
    });
    await front.line(/^fdpass front ready on /m);
    const inodes = listeningAt(port);
    const visitors = new Visitors(port);
    await visitors.park(PARKED);
    const counters = async () => ((await ask(control, { command: "status" })).status as FrontStatus).counters;
    await until(async () => (await counters()).parked === PARKED, "all connections to be parked");
    // Has begun to ask, at one of the two.
    using slow = await RawClient.connect(port);
    await slow.write("GET /small.txt HTTP/1.1\r\nHo");
    const thread = threadOf(front.pid, 1);
    {
      await using _held = await Held.hold(thread);
      const clients = Array.from({ length: 30 }, () => visitors.once());
      await front.message(/Worker 1 \(thread \d+\) has done nothing for 6 s; replacing it/);
      await front.message(/Worker 1 is another one, and goes on with \d+ connections; 0 have ended/);
      await Promise.all(clients);
      await slow.write("st: a\r\nConnection: close\r\n\r\n");
      assert.match(await slow.through("\r\n\r\n"), /^HTTP\/1\.1 200 /);
    }
    // It wakes up, and does nothing all the same.
    await until(
      () => callOf(front.pid, thread) === (Deno.build.arch === "x86_64" ? "34" : "73"),
      "its pause",
    );
    assert.deepEqual(listeningAt(port), inodes);
    assert.equal((await counters()).parked, PARKED);
    assert.deepEqual(await visitors.leave(), { "new: 200": 30, "parked: 200": PARKED });
    const { accepted, open } = await counters();
    assert.deepEqual([accepted, open], [PARKED + 31, 0]);
    // The manager had signs of life before and after, and none while a Worker hung.
    const signs = manager.read().filter(([state]) => state === "WATCHDOG=1").length;
    assert.ok(signs > 0);
    await until(
      () => manager.read().filter(([state]) => state === "WATCHDOG=1").length > signs,
      "signs of life",
    );
    await front.stopCleanly();
    await backend.stopCleanly();
  },
});
