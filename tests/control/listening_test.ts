/** Listening sockets that a front did not open itself: of its supervisor, or of a service manager. */

import assert from "node:assert/strict";
import { initialDescriptorLimit } from "../../ffi/mod.ts";
import type { FrontStatus } from "../../src/control/front/front_status.ts";
import { ask } from "../../src/control/socket/ask.ts";
import { ACTIVATE, ALLOW_GIVEN, PASSED_ON } from "./activation.ts";
import { childWith } from "./family.ts";
import { listeningAt, Visitors } from "./take_over_load.ts";
import { isInstalled } from "../support/other_programs.ts";
import { freePort } from "../support/ports.ts";
import {
  FRONT_PERMISSIONS,
  FrontProgram,
  PATIENT,
  Program,
  startBackend,
  TemporaryDirectory,
  whenReady,
} from "../support/processes.ts";
import { until } from "../support/waiting.ts";

/** As many as there are descriptors for: an ordinary user has 1,024. */
const CLIENTS = initialDescriptorLimit() > 2_000 ? 1_000 : 500;

/** What one request for a small file gets: a status, or what happened to the connection. */
async function answer(port: number): Promise<string> {
  try {
    using client = await Deno.connect({ hostname: "127.0.0.1", port });
    await client.write(
      new TextEncoder().encode("GET /small.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    );
    return (await new Response(client.readable).text()).slice(9, 12);
  } catch (error) {
    return (error as Error).message;
  }
}

/** A front with a backend that gives kept connections back. */
function parking(directory: TemporaryDirectory, port: number): object {
  return {
    ...PATIENT,
    maxParked: 2 * CLIENTS,
    listen: `127.0.0.1:${port}`,
    sites: [{ routes: [{ path: "/", to: "files", keepAlive: "return" }] }],
    backends: { files: { socket: directory.join("files.sock"), static: directory.path } },
  };
}

/** Waits until a front has parked so many. */
async function untilParked(control: string, count: number): Promise<void> {
  await until(async () => {
    const { status } = await ask(control, { command: "status" });
    return (status as FrontStatus).counters.parked === count;
  }, "all of them to be parked");
}

/** Connections on which nobody asks anything at that moment. */
const PARKED = 200;

Deno.test(`a front is killed while ${CLIENTS} clients connect: all are answered, and ${PARKED} that it had parked`, async () => {
  using directory = new TemporaryDirectory();
  directory.write("small.txt", "small\n");
  const path = directory.write("fdpass.json", JSON.stringify(parking(directory, freePort())));
  const control = directory.join("control.sock");
  await using up = new FrontProgram(["up", path, "--control", control], { permissions: ["--allow-all"] });
  const { port } = await whenReady(up);
  const before = listeningAt(port);
  const front = childWith(up.pid, "front");
  const visitors = new Visitors(port);
  await visitors.park(PARKED);
  await untilParked(control, PARKED);
  let answered = 0;
  const lost: string[] = [];
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    const status = await answer(port);
    // By now some are served, some handed over, some queued, some about to connect.
    if (++answered === 50) Deno.kill(front, "SIGKILL");
    if (status !== "200") lost.push(status);
  }));
  assert.deepEqual(lost, []);
  assert.deepEqual(await visitors.leave(), { "parked: 200": PARKED });
  assert.deepEqual(listeningAt(port), before);
  await up.message(/front ended \(signal SIGKILL\); starting it again/);
  await up.message(/goes on with \d{3,} connections of the front before/);
  await up.stopCleanly();
});

Deno.test("what is listened at no more is closed by the supervisor too", async () => {
  using directory = new TemporaryDirectory();
  directory.write("small.txt", "small\n");
  const [one, other] = [freePort(), freePort()];
  const configuration = (...ports: number[]) =>
    JSON.stringify({
      listen: ports.map((port) => `127.0.0.1:${port}`),
      sites: [{ to: "files" }],
      backends: { files: { socket: directory.join("files.sock"), static: directory.path } },
    });
  const path = directory.write("fdpass.json", configuration(one));
  await using up = new Program(["up", path, "--control", directory.join("control.sock")], {
    permissions: ["--allow-all"],
  });
  await up.line(/^fdpass front ready/m);
  Deno.writeTextFileSync(path, configuration(other));
  up.signal("SIGHUP");
  await up.message(/backends follow the configuration/);
  assert.equal(await answer(other), "200");
  assert.deepEqual([listeningAt(one).length, listeningAt(other).length], [0, 1]);
  await up.stopCleanly();
});

Deno.test({
  name: "sockets of a service manager are taken by their addresses, and what is meant for nothing is told",
  ignore: !isInstalled(ACTIVATE, "--version"),
  fn: async () => {
    using directory = new TemporaryDirectory();
    directory.write("small.txt", "small\n");
    const socket = directory.join("files.sock");
    await using backend = await startBackend(socket, { static: directory.path });
    const [port, other] = [freePort(), freePort()];
    const configuration = {
      ...parking(directory, port),
      backends: { files: { socket } },
    };
    const path = directory.write("front.json", JSON.stringify(configuration));
    const through = [ACTIVATE, ...PASSED_ON, "-l", `127.0.0.1:${port}`, "-l", `127.0.0.1:${other}`];
    await using front = new Program(
      ["front", path, "--workers", "2", "--control", directory.join("c.sock")],
      {
        permissions: [
          ...FRONT_PERMISSIONS.map((flag) => flag.replace("--allow-read=", `--allow-read=${path},`)),
          ALLOW_GIVEN,
        ],
        through,
      },
    );
    await front.message(/Listening on/);
    const inodes = listeningAt(port);
    // It is started for the first of them.
    const answers = await Promise.all(Array.from({ length: 20 }, () => answer(port)));
    assert.deepEqual(answers.filter((status) => status !== "200"), []);
    assert.deepEqual(listeningAt(port), inodes);
    await front.message(new RegExp(`listens on 127\\.0\\.0\\.1:${other}.*is not used`));
    // It is started again, without anybody who would pass them on once more.
    const visitors = new Visitors(port);
    await visitors.park(CLIENTS);
    await using next = new Program(
      ["front", path, "--workers", "3", "--control", directory.join("c.sock"), "--take-over"],
      {
        permissions: FRONT_PERMISSIONS.map((flag) => flag.replace("--allow-read=", `--allow-read=${path},`)),
      },
    );
    assert.equal((await front.end()).code, 0);
    assert.deepEqual(await visitors.leave(), { "parked: 200": CLIENTS });
    assert.deepEqual(listeningAt(port), inodes);
    await next.stopCleanly();
    await backend.stopCleanly();
  },
});

Deno.test({
  name:
    `up takes the sockets of a service manager: its front is killed, and ${CLIENTS} that were parked are answered`,
  ignore: !isInstalled(ACTIVATE, "--version"),
  fn: async () => {
    using directory = new TemporaryDirectory();
    directory.write("small.txt", "small\n");
    const port = freePort();
    const path = directory.write("fdpass.json", JSON.stringify(parking(directory, port)));
    const control = directory.join("control.sock");
    await using up = new FrontProgram(["up", path, "--control", control], {
      permissions: ["--allow-all"],
      through: [ACTIVATE, ...PASSED_ON, "-l", `127.0.0.1:${port}`],
    });
    await up.message(/Listening on/);
    const inodes = listeningAt(port);
    const visitors = new Visitors(port);
    // The first of them has it started.
    await visitors.park(CLIENTS);
    await untilParked(control, CLIENTS);
    Deno.kill(childWith(up.pid, "front"), "SIGKILL");
    assert.deepEqual(await visitors.leave(), { "parked: 200": CLIENTS });
    assert.deepEqual(listeningAt(port), inodes);
    await up.stopCleanly();
  },
});

const FORBIDDEN = "inject=pidfd_getfd:error=EPERM";
const STRACE = ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=pidfd_getfd", "-e", FORBIDDEN];

Deno.test({
  name: "where a supervisor may not look into a front that was killed, that is told, and another one serves",
  ignore: !isInstalled("strace", "-V"),
  fn: async () => {
    using directory = new TemporaryDirectory();
    directory.write("small.txt", "small\n");
    const path = directory.write("fdpass.json", JSON.stringify(parking(directory, freePort())));
    const control = directory.join("control.sock");
    // As Yama does it for whoever is not root (ptrace_scope).
    await using up = await whenReady(
      new FrontProgram(["up", path, "--control", control], { permissions: ["--allow-all"], through: STRACE }),
    );
    const visitors = new Visitors(up.port);
    await visitors.park(3);
    await untilParked(control, 3);
    Deno.kill(childWith(up.pid, "front"), "SIGKILL");
    await up.message(
      /the front has died, and its connections with it: this process may not look into others/,
    );
    await visitors.once();
    const { "new: 200": served, "parked: 200": answered = 0 } = await visitors.leave();
    assert.deepEqual([served, answered], [1, 0]);
    await up.stopCleanly();
  },
});
