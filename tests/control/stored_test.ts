/** What a front leaves to its service manager, and what the next one makes of it. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { initialDescriptorLimit } from "../../ffi/mod.ts";
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
import { listeningAt, Visitors } from "./take_over_load.ts";

const MANAGER = fileURLToPath(new URL("./service_manager.py", import.meta.url));
const ignore = !isInstalled("python3", "--version");

const REQUEST = "GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n";
/** As many as there are descriptors for: an ordinary user has 1,024, and the stand-in needs four for each at a start. */
const PARKED = initialDescriptorLimit() > 5_000 ? 1_000 : 200;

/** A front's configuration and its backend, and the front below a service manager. */
class Managed extends TemporaryDirectory {
  readonly port = freePort();
  readonly socket = this.join("files.sock");

  constructor() {
    super();
    this.write("small.txt", "small\n");
  }

  /** How many connections the front has parked. */
  async parked(): Promise<number> {
    const { status } = await ask(this.join("control.sock"), { command: "status" });
    return (status as FrontStatus).counters.parked;
  }

  /**
   * @param room descriptors that the manager keeps at most
   * @param command `up` runs the backend as well
   */
  async start(room: number, command: "front" | "up" = "front"): Promise<Program> {
    const path = this.write(
      "front.json",
      JSON.stringify({
        ...PATIENT,
        maxParked: 2_000,
        listen: `127.0.0.1:${this.port}`,
        sites: [{
          routes: [{ path: "/", to: "files", keepAlive: "return" }, {
            path: "/kept/",
            to: "files",
            keepAlive: "hold",
          }],
        }],
        backends: { files: { socket: this.socket, ...command === "up" ? { static: this.path } : {} } },
      }),
    );
    const front = new Program([command, path, "--control", this.join("control.sock"), "--workers", "2"], {
      permissions: command === "up" ? ["--allow-all"] : [
        ALLOW_LIBC,
        FRONT_PERMISSIONS[1]!.replace("read=", `read=${this.path},`),
        "--allow-env=NOTIFY_SOCKET,FDSTORE,LISTEN_PID,LISTEN_FDS,LISTEN_FDNAMES",
      ],
      environment: { WATCHDOG_USEC: "4000000" },
      through: ["python3", MANAGER, String(room)],
    });
    await front.line(/^fdpass front ready on /m);
    return front;
  }
}

/** Waits until the front has been ready so many times. */
async function readyTimes(front: Program, times: number): Promise<void> {
  await until(
    () => front.stdout.split("fdpass front ready on").length > times,
    () => `readiness:\n${front.stdout}${front.stderr}`,
  );
}

/** Asks on so many new connections at a time. @returns how often there was which status, or what else has happened */
async function visit(port: number, count: number): Promise<Record<string, number>> {
  const visitors = new Visitors(port);
  await Promise.all(Array.from({ length: count }, () => visitors.once()));
  return visitors.counts;
}

Deno.test({
  name: `a restart by the service manager keeps listeners and ${PARKED} parked connections: all are answered`,
  ignore,
  fn: async () => {
    using managed = new Managed();
    await using backend = await startBackend(managed.socket, { static: managed.path });
    await using front = await managed.start(PARKED + 100);
    const inodes = listeningAt(managed.port);
    const visitors = new Visitors(managed.port);
    await visitors.park(PARKED);
    await until(async () => (await managed.parked()) === PARKED, "all connections to be parked");
    // Its backend has this one, and gives it back to the next front.
    using kept = await RawClient.connect(managed.port);
    await kept.write(REQUEST.replace("/", "/kept/"));
    await kept.through("small\n");
    visitors.comeAndGo();
    front.signal("SIGHUP");
    await front.line(/manager: started \d+ with \d{3}/);
    await readyTimes(front, 2);
    // Nothing but the sockets is left there: a connection in it would not end when its owner ends it.
    await front.line(/manager: FDSTOREREMOVE=1 FDNAME=fdpass-state/);
    assert.deepEqual(listeningAt(managed.port), inodes);
    await kept.write(REQUEST);
    await kept.through("small\n");
    const counts = await visitors.leave();
    assert.deepEqual(Object.keys(counts).toSorted(), ["new: 200", "parked: 200"]);
    assert.equal(counts["parked: 200"], PARKED);

    // Killed, it leaves the sockets, and who connects meanwhile waits.
    front.signal("SIGUSR1");
    // Not before it is dead: what it has accepted ends with it.
    await front.line(/manager: ended with -9\nmanager: started \d+ with 2\n/);
    assert.deepEqual(await visit(managed.port, 100), { "new: 200": 100 });
    assert.deepEqual(listeningAt(managed.port), inodes);
    await readyTimes(front, 3);
    await front.stopCleanly();
    await backend.stopCleanly();
  },
});

Deno.test({
  name: "a store that is too small keeps what finds room, and the others end as they would without it",
  ignore,
  fn: async () => {
    using managed = new Managed();
    await using backend = await startBackend(managed.socket, { static: managed.path });
    // Two sockets, what is known of connections, and five of those.
    await using front = await managed.start(8);
    const visitors = new Visitors(managed.port);
    await visitors.park(20);
    await until(async () => (await managed.parked()) === 20, "all connections to be parked");
    front.signal("SIGHUP");
    await front.message(/goes on with 5 connections of the front before/);
    assert.doesNotMatch(front.stderr, / (warn|error|fatal) /);
    const { "parked: 200": answered } = await visitors.leave();
    assert.equal(answered, 5);
    assert.deepEqual(await visit(managed.port, 5), { "new: 200": 5 });
    await front.stopCleanly();
    await backend.stopCleanly();
  },
});

Deno.test({
  name: `a restart of up keeps listeners and parked connections, and it gives signs of life`,
  ignore,
  fn: async () => {
    using managed = new Managed();
    await using up = await managed.start(PARKED + 100, "up");
    const inodes = listeningAt(managed.port);
    const visitors = new Visitors(managed.port);
    await visitors.park(PARKED);
    await until(async () => (await managed.parked()) === PARKED, "all connections to be parked");
    up.signal("SIGHUP");
    await up.line(/manager: started \d+ with \d{3}/);
    await readyTimes(up, 2);
    await up.line(/manager: FDSTOREREMOVE=1 FDNAME=fdpass-state/);
    assert.deepEqual(listeningAt(managed.port), inodes);
    assert.deepEqual(await visitors.leave(), { "parked: 200": PARKED });
    await up.line(/manager: WATCHDOG=1/);
    await up.stopCleanly();
  },
});
