/** `fdpass reload` and what it says, with `up` and a front of its own, while clients ask on. */

import assert from "node:assert/strict";
import {
  type Ending,
  FrontProgram,
  PATIENT,
  Program,
  runProgram,
  STATIC_PERMISSIONS,
  TemporaryDirectory,
  whenReady,
} from "../support/processes.ts";
import { freePort } from "../support/ports.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

/** Files in two directories, a configuration, and an `up` that goes by it. */
class Running {
  readonly directory = new TemporaryDirectory();
  readonly path = this.directory.join("fdpass.json");
  readonly control = this.directory.join("control.sock");
  #up: FrontProgram | undefined;

  constructor() {
    for (const name of ["one", "two"]) {
      Deno.mkdirSync(this.directory.join(name));
      this.directory.write(`${name}/name`, name);
    }
  }

  get up(): FrontProgram {
    return this.#up!;
  }

  /** Writes a configuration with a backend for each of these directories; the first one has every path. */
  configure(directories: readonly string[], listen: readonly string[]): void {
    const backends = directories.map((name) => [name, { socket: `${name}.sock`, static: name }] as const);
    this.directory.write(
      "fdpass.json",
      JSON.stringify({
        ...PATIENT,
        listen,
        sites: [{ routes: [{ path: "/", to: directories[0] }] }],
        backends: Object.fromEntries(backends),
      }),
    );
  }

  async start(command: "up" | "front" = "up", workers = 1): Promise<void> {
    const args = [command, this.path, "--workers", `${workers}`, "--control", this.control];
    this.#up = await whenReady(new FrontProgram(args, { permissions: ["--allow-all"] }));
  }

  ask(...words: readonly string[]): Promise<Ending> {
    return runProgram([...words, "--control", this.control], { permissions: STATIC_PERMISSIONS });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#up?.[Symbol.asyncDispose]();
    this.directory[Symbol.dispose]();
  }
}

Deno.test("reload: a bad file is refused with the words of check, and nobody notices", async () => {
  await using running = new Running();
  const address = `127.0.0.1:${freePort()}`;
  running.configure(["one"], [address]);
  await running.start("up", 2);
  let served = 0;
  const clients = Array.from({ length: 10 }, async () => {
    using client = await RawClient.connect(running.up.port);
    for (let times = 0; times < 100; times++) {
      const { status, text } = await client.get("/name");
      if (status === 200 && text === "one") served++;
    }
  });
  running.directory.write("fdpass.json", `{ "listen": 99999, "sites": [{ "too": "x" }] }`);
  const reloads = [await running.ask("reload"), await running.ask("reload")];
  const checked = await runProgram(["check", running.path], { permissions: ["--allow-all"] });
  for (const { code, stdout, stderr } of reloads) {
    assert.equal(code, 2, stderr);
    assert.equal(stderr, checked.stderr);
    assert.equal(stdout, "");
  }
  await Promise.all(clients);
  assert.equal(served, 1_000);
  await running.up.stopCleanly();
});

Deno.test("reload: what cannot be applied leaves everything, the backend that was to go among it", async () => {
  await using running = new Running();
  const address = `127.0.0.1:${freePort()}`;
  running.configure(["one"], [address]);
  await running.start();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: freePort() });
  running.configure(["two"], [address, `127.0.0.1:${taken.addr.port}`]);
  const { code, stderr } = await running.ask("reload");
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `fdpass: Cannot listen on 127.0.0.1:${taken.addr.port}: the address is in use (EADDRINUSE)\n`,
  );
  for (let times = 0; times < 50; times++) {
    assert.equal((await get(running.up.port, "/name")).text, "one");
  }
  assert.deepEqual(
    [...Deno.readDirSync(running.directory.path)].filter(({ name }) => name === "two.sock"),
    [],
  );
  taken.close();
  assert.equal((await running.ask("reload")).code, 0);
  assert.equal((await get(running.up.port, "/name")).text, "two");
  await running.up.stopCleanly();
});

Deno.test("reload: once it has said so, requests on kept connections go by the new routes", async () => {
  await using running = new Running();
  const address = `127.0.0.1:${freePort()}`;
  running.configure(["one", "two"], [address]);
  await running.start("up", 4);
  const clients: RawClient[] = [];
  try {
    for (let index = 0; index < 20; index++) {
      const client = await RawClient.connect(running.up.port);
      clients.push(client);
      assert.equal((await client.get("/name")).text, "one");
    }
    for (const [first, second] of [["two", "one"], ["one", "two"], ["two", "one"]] as const) {
      running.configure([first, second], [address]);
      const { code, stdout } = await running.ask("reload");
      assert.equal(code, 0);
      assert.equal(stdout, `serving on ${address}\n`);
      for (let times = 0; times < 5; times++) {
        for (const client of clients) assert.equal((await client.get("/name")).text, first);
      }
    }
  } finally {
    for (const client of clients) client.close();
  }
  await running.up.stopCleanly();
});

Deno.test("reload: a front by itself answers, too; and the signal still works", async () => {
  await using running = new Running();
  const address = `127.0.0.1:${freePort()}`;
  running.configure(["one"], [address]);
  await running.start("front");
  assert.equal((await running.ask("reload")).code, 0);
  running.up.signal("SIGHUP");
  await until(() => running.up.stderr.match(/read again/g)?.length === 2, () => running.up.stderr);
  running.directory.write("fdpass.json", "{");
  assert.equal((await running.ask("reload")).code, 2);
  await running.up.stopCleanly();
  const { code, stderr } = await running.ask("reload");
  assert.equal(code, 1);
  assert.match(stderr, /^fdpass: Cannot reach fdpass at ".*": nobody listens there; start fdpass, or name/);
});

Deno.test("control: a path that was asked for has to be had, the usual one does not", async () => {
  await using running = new Running();
  running.configure(["one"], ["127.0.0.1:0"]);
  await running.start("front");
  const second = await runProgram(["front", running.path, "--control", running.control], {
    permissions: ["--allow-all"],
  });
  assert.equal(second.code, 1);
  assert.match(
    second.stderr,
    /^fdpass: Cannot listen for commands on ".*": process \d+ does; give each its own/m,
  );
  const args = ["front", running.path, "--run-dir", running.directory.path];
  await using third = await whenReady(new FrontProgram(args, { permissions: ["--allow-all"] }));
  assert.match(third.stderr, /info front: no commands can be given: Cannot listen for commands on/);
  await third.stopCleanly();
  await running.up.stopCleanly();
});

Deno.test("reload: a backend that cannot be replaced is said, and the one that runs stays", async () => {
  await using running = new Running();
  running.directory.write("app.ts", 'export default () => new Response("first");\n');
  const address = `127.0.0.1:${freePort()}`;
  running.directory.write(
    "fdpass.json",
    JSON.stringify({
      ...PATIENT,
      listen: address,
      sites: [{ to: "app" }],
      backends: { app: { socket: "app.sock", fetch: "app.ts" } },
    }),
  );
  await running.start();
  running.directory.write("app.ts", "export const nothing = 1;\n");
  const { code, stderr } = await running.ask("reload");
  assert.equal(code, 1);
  assert.equal(stderr, "fdpass: backend app cannot start; the one that runs stays\n");
  assert.equal((await get(running.up.port, "/")).text, "first");
  running.directory.write("app.ts", 'export default () => new Response("second");\n');
  assert.equal((await running.ask("reload")).code, 0);
  assert.equal((await get(running.up.port, "/")).text, "second");
  await running.up.stopCleanly();
});

Deno.test("SIGUSR1 and SIGUSR2 end nothing", async () => {
  await using running = new Running();
  running.configure(["one"], ["127.0.0.1:0"]);
  await running.start("front");
  await using backend = new Program(
    ["backend", "--socket", running.directory.join("one.sock"), "--static", running.directory.join("one")],
    { permissions: STATIC_PERMISSIONS },
  );
  await backend.line(/ready on/);
  for (const program of [running.up, backend]) {
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) program.signal(signal);
  }
  assert.equal((await get(running.up.port, "/name")).text, "one");
  await running.up.stopCleanly();
  await backend.stopCleanly();
});
