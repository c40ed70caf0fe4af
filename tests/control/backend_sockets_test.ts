/** Sockets that a service manager has opened for backends, by themselves and below `up`. */

import assert from "node:assert/strict";
import { close, connectUnix, encodeUnixAddress, expect, SOCK_SEQPACKET, unixSocket } from "../../ffi/mod.ts";
import { isInstalled } from "../support/other_programs.ts";
import { freePort } from "../support/ports.ts";
import {
  ALLOW_LIBC,
  FrontProgram,
  PATIENT,
  Program,
  startUp,
  TemporaryDirectory,
  whenReady,
} from "../support/processes.ts";
import { until } from "../support/waiting.ts";
import { ACTIVATE, ALLOW_GIVEN, PASSED_ON } from "./activation.ts";
import { childWith } from "./family.ts";

Deno.test({
  name: "a backend takes the socket of a service manager, and leaves its file alone",
  ignore: !isInstalled(ACTIVATE, "--version"),
  fn: async () => {
    using directory = new TemporaryDirectory();
    directory.write("small.txt", "small\n");
    const socket = directory.join("files.sock");
    await using backend = new Program(["backend", "--socket", socket, "--static", directory.path], {
      permissions: [ALLOW_LIBC, ALLOW_GIVEN],
      through: [ACTIVATE, ...PASSED_ON, "--seqpacket", "-l", socket],
    });
    await backend.message(/Listening on/);
    const files = { socket };
    await using up = await startUp({ listen: "127.0.0.1:0", sites: [{ to: "files" }], backends: { files } });
    assert.equal(await (await fetch(`http://127.0.0.1:${up.port}/small.txt`)).text(), "small\n");
    await up.stopCleanly();
    await backend.stopCleanly();
    await until(() => Deno.lstatSync(socket).isSocket, "the file of the socket, which is the manager's");
  },
});

/** What a file is told by. */
function inodeOf(path: string): number | null {
  return Deno.lstatSync(path).ino;
}

/** Has a program started that waits for the first who connects. */
function knock(path: string): void {
  const fd = unixSocket(SOCK_SEQPACKET);
  expect(connectUnix(fd, encodeUnixAddress(path)), "Cannot connect");
  close(fd);
}

Deno.test({
  name:
    "up passes the sockets of a service manager on to its backends, whatever becomes of their processes, and names what is left",
  ignore: !isInstalled(ACTIVATE, "--version"),
  fn: async () => {
    using directory = new TemporaryDirectory();
    directory.write("small.txt", "small\n");
    const module = directory.write("app.ts", `export default () => new Response("app");`);
    const [files, app, other] = ["files.sock", "app.sock", "other.sock"].map((name) => directory.join(name));
    const port = freePort();
    const path = directory.write(
      "fdpass.json",
      JSON.stringify({
        ...PATIENT,
        listen: `127.0.0.1:${port}`,
        sites: [{ routes: [{ path: "/", to: "files" }, { path: "/app/", to: "app" }] }],
        backends: {
          files: { socket: files, static: directory.path, workers: 2 },
          app: { socket: app, fetch: module },
        },
      }),
    );
    await using up = new FrontProgram(["up", path, "--control", directory.join("control.sock")], {
      permissions: ["--allow-all"],
      through: [
        ACTIVATE,
        ...PASSED_ON,
        "--seqpacket",
        ...[files!, app!, other!].flatMap((path) => ["-l", path]),
        "--fdname=one:two:app",
      ],
    });
    await up.message(/Listening on .*other/);
    const inodes = () => [files!, app!, other!].map(inodeOf);
    const before = inodes();
    knock(app!);
    await whenReady(up);
    await up.message(
      /listens on \S*other\.sock \(app\).*is not used: backend app has its socket at \S*app\.sock/,
    );
    const ask = async (path: string) => await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    const [ofFiles, ofApp] = [childWith(up.pid, "files"), childWith(up.pid, "app")];
    assert.deepEqual([await ask("/small.txt"), await ask("/app/")], ["small\n", "app"]);
    for (const pid of [ofFiles, ofApp]) Deno.kill(pid, "SIGKILL");
    assert.deepEqual([await ask("/small.txt"), await ask("/app/")], ["small\n", "app"]);
    Deno.writeTextFileSync(module, `export default () => new Response("another");`);
    up.signal("SIGHUP");
    await up.message(/backends follow the configuration/);
    assert.deepEqual([await ask("/small.txt"), await ask("/app/")], ["small\n", "another"]);
    assert.deepEqual(inodes(), before);
    await up.stopCleanly();
    assert.deepEqual(inodes(), before);
  },
});

Deno.test({
  name: "a backend that is replaced leaves the socket of a service manager to the next one",
  ignore: !isInstalled(ACTIVATE, "--version"),
  fn: async () => {
    using directory = new TemporaryDirectory();
    const module = directory.write("app.ts", `export default () => new Response("0");`);
    const socket = directory.join("app.sock");
    await using backend = new Program(["backend", "--socket", socket, "--fetch", module], {
      permissions: ["--allow-all"],
      through: [ACTIVATE, ...PASSED_ON, "--seqpacket", "-l", socket],
    });
    await backend.message(/Listening on/);
    const before = inodeOf(socket);
    const app = { socket };
    await using up = await startUp({ listen: "127.0.0.1:0", sites: [{ to: "app" }], backends: { app } });
    const ask = async () => await (await fetch(`http://127.0.0.1:${up.port}/`)).text();
    assert.equal(await ask(), "0");
    for (const version of ["1", "2"]) {
      Deno.writeTextFileSync(module, `export default () => new Response("${version}");`);
      backend.signal("SIGHUP");
      await until(async () => await ask() === version, `version ${version}`);
      assert.equal(inodeOf(socket), before);
    }
    await up.stopCleanly();
    await backend.stopCleanly();
    assert.equal(inodeOf(socket), before);
  },
});
