/** What a service manager is told, and by whom. */

import assert from "node:assert/strict";
import { monotonicMicroseconds } from "../../ffi/mod.ts";
import { ALLOW_LIBC, FRONT_PERMISSIONS, Program, TemporaryDirectory } from "../support/processes.ts";
import { until } from "../support/waiting.ts";
import { descendantsOf } from "./family.ts";
import { Fronts } from "./fronts.ts";
import { Manager } from "./manager.ts";

const ALLOW_NOTIFY = "--allow-env=NOTIFY_SOCKET,FDSTORE";

/** A configuration with a backend of several processes and one of one, both of which know how to notify. */
function configuration(directory: TemporaryDirectory): object {
  return {
    listen: "127.0.0.1:0",
    sites: [{ routes: [{ path: "/a", to: "a" }, { path: "/b", to: "b" }] }],
    backends: {
      a: { socket: directory.join("a.sock"), static: directory.path, workers: 2 },
      b: { socket: directory.join("b.sock"), static: directory.path },
    },
  };
}

/** The environment that a process was started with. */
function environmentOf(pid: number): string[] {
  return Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0");
}

/** Takes the time out of a message that a reload has begun; it must lie between two others. */
function reloading(message: readonly string[], after: bigint): void {
  assert.equal(message.length, 2);
  assert.equal(message[0], "RELOADING=1");
  const microseconds = BigInt(/^MONOTONIC_USEC=(\d+)$/.exec(message[1]!)![1]!);
  assert.ok(after <= microseconds && microseconds <= monotonicMicroseconds(), message[1]);
}

Deno.test("up: tells the service manager once, for all of its processes", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.write("fdpass.json", JSON.stringify(configuration(directory)));
  using manager = new Manager(directory.join("notify.sock"));
  await using up = new Program(["up", path], {
    permissions: [
      ALLOW_LIBC,
      ALLOW_NOTIFY,
      `--allow-read=${path}`,
      `--allow-write=${directory.path}`,
      `--allow-run=${Deno.execPath()}`,
    ],
    environment: manager.environment,
  });
  await manager.count(1);
  await up.line(/^fdpass front ready on /m);
  const family = descendantsOf(up.pid);
  // Two backends, one of them with two processes; the front, and what holds its descriptors.
  assert.equal(family.length, 6);
  for (const pid of family) {
    const variables = environmentOf(pid).filter((variable) => variable.startsWith("NOTIFY_SOCKET"));
    assert.deepEqual(variables, ["NOTIFY_SOCKET="]);
  }

  const beforeGood = monotonicMicroseconds();
  up.signal("SIGHUP");
  await manager.count(3);
  await up.message(/backends follow the configuration/);

  directory.write("fdpass.json", "{");
  const beforeBad = monotonicMicroseconds();
  up.signal("SIGHUP");
  await manager.count(5);
  await up.message(/the old one stays/);

  await up.stopCleanly();
  const [ready, firstReload, firstDone, secondReload, secondDone, stopping, ...more] = manager.read();
  assert.deepEqual(ready, ["READY=1"]);
  reloading(firstReload!, beforeGood);
  assert.deepEqual(firstDone, ["READY=1"]);
  reloading(secondReload!, beforeBad);
  assert.deepEqual(secondDone, ["READY=1"]);
  assert.deepEqual(stopping, ["STOPPING=1"]);
  assert.deepEqual(more, []);
});

Deno.test("up: says nothing when it cannot start, but that it stops", async () => {
  using directory = new TemporaryDirectory();
  using manager = new Manager(directory.join("notify.sock"));
  await using up = new Program(["up", "-"], {
    permissions: ["--allow-all"],
    environment: manager.environment,
    input: JSON.stringify({
      listen: "127.0.0.1:0",
      sites: [{ to: "a" }],
      backends: { a: { socket: directory.join("a.sock"), static: directory.join("none") } },
    }),
  });
  assert.equal((await up.end()).code, 1);
  assert.deepEqual(manager.read(), [["STOPPING=1"]]);
});

Deno.test("front: answers every SIGHUP, one that it cannot follow included, at an abstract socket too", async () => {
  using directory = new TemporaryDirectory();
  using manager = new Manager(`@fdpass-test-${crypto.randomUUID()}`);
  await using front = new Program(["front", "-"], {
    permissions: [...FRONT_PERMISSIONS, ALLOW_NOTIFY],
    environment: manager.environment,
    input: JSON.stringify({ listen: "127.0.0.1:0", sites: [{ to: `fd://${directory.join("a.sock")}` }] }),
  });
  await manager.count(1);
  const before = monotonicMicroseconds();
  front.signal("SIGHUP");
  await manager.count(3);
  await front.stopCleanly();
  const [ready, reload, done, ...rest] = manager.read();
  assert.equal(ready!.length, 2);
  assert.equal(ready![0], "READY=1");
  assert.match(ready![1]!, /^STATUS=Serving on 127\.0\.0\.1:\d+$/);
  reloading(reload!, before);
  assert.deepEqual(done, ready);
  assert.deepEqual(rest, [["STOPPING=1"]]);
});

Deno.test("front: who takes over is named before it says that it is ready, and speaks for the service from then on", async () => {
  using fronts = new Fronts();
  using manager = new Manager(fronts.join("notify.sock"));
  await using old = await fronts.ready([fronts.configuration], { environment: manager.environment });
  // Started by hand: it knows of no manager.
  await using next = await fronts.takeOver();
  assert.equal((await old.end()).code, 0);
  next.signal("SIGHUP");
  // What goes into its store is told as well.
  const states = () =>
    manager.read().map(([state]) => state!).filter((state) => !/^(FDSTORE|BARRIER)=/.test(state));
  await until(() => states().length === 6, () => `six states: ${states()}`);
  await next.stopCleanly();
  const named = `MAINPID=${next.pid}`;
  // The old one first: a manager takes it from its main process alone, unless it was told to listen to all.
  assert.deepEqual(states(), [
    "READY=1",
    named,
    named,
    "READY=1",
    "RELOADING=1",
    "READY=1",
    "STOPPING=1",
  ]);
});

Deno.test("backend --workers: tells the service manager once, for all of its processes", async () => {
  using directory = new TemporaryDirectory();
  using manager = new Manager(directory.join("notify.sock"));
  const socket = directory.join("a.sock");
  await using backend = new Program(
    ["backend", "--socket", socket, "--static", directory.path, "--workers", "2"],
    {
      permissions: [ALLOW_LIBC, ALLOW_NOTIFY, `--allow-run=${Deno.execPath()}`],
      environment: manager.environment,
    },
  );
  await backend.line(/^fdpass backend a ready on /m);
  await manager.count(1);
  await backend.stopCleanly();
  assert.deepEqual(manager.read(), [["READY=1"], ["STOPPING=1"]]);
});

Deno.test("monotonicMicroseconds() reads the clock that other processes read", async () => {
  const read = async () => {
    const code = "import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)";
    const { stdout } = await new Deno.Command("python3", { args: ["-c", code] }).output();
    return BigInt(new TextDecoder().decode(stdout).trim());
  };
  const before = monotonicMicroseconds();
  let other: bigint;
  try {
    other = await read();
  } catch (error) {
    // Without Python there is nobody to compare with; that the clock goes on can be seen all the same.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    other = monotonicMicroseconds();
  }
  assert.ok(before <= other && other <= monotonicMicroseconds(), `${before}, ${other}`);
});
