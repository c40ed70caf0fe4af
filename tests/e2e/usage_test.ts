/** What users do wrong, and what they are told: one sentence, the way out, and the right exit code. */

import assert from "node:assert/strict";
import { freePort } from "../support/ports.ts";
import { untilStopped } from "../support/proc.ts";
import {
  ALLOW_LIBC,
  fixture,
  PATIENT,
  runProgram,
  startBackend,
  startFront,
  startFrontFrom,
  STATIC_PERMISSIONS,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

/** Runs a command that must fail: with this code, these words on standard error, no stack and nothing else. */
async function fails(
  args: readonly string[],
  code: number,
  message: RegExp,
  options: Parameters<typeof runProgram>[1] = {},
): Promise<void> {
  const ending = await runProgram(args, options);
  assert.equal(ending.code, code, ending.stderr);
  assert.match(ending.stderr, message);
  assert.doesNotMatch(ending.stderr, /^\s+at .*\(|Uncaught|panicked/m);
  assert.equal(ending.stdout, "");
}

Deno.test("the command line", async (t) => {
  await t.step("without a command prints its help and fails with 2", () => fails([], 2, /^Usage: fdpass/m));
  await t.step(
    "names the command that was meant",
    () => fails(["fornt"], 2, /unknown command 'fornt'[^]*front/),
  );
  await t.step("names the option that was meant", () => fails(["front", "--wrokers", "2"], 2, /--workers/));
  await t.step(
    "says what an option takes",
    () => fails(["front", "-", "--workers", "none"], 2, /whole number from 1 to 64/),
  );
  await t.step("says what is missing", () => fails(["backend"], 2, /--socket <path>/));
  await t.step(
    "says what a backend can run",
    () =>
      fails(
        ["backend", "--socket", "/tmp/x.sock"],
        2,
        /give one of --fetch MODULE, --static DIR, --exec, --upstream URL, .*--fastcgi ADDRESS and --tls CONFIG/,
      ),
  );
  await t.step("prints help and version on standard output, with 0", async () => {
    const help = await runProgram(["help"], { permissions: [] });
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^Usage: fdpass/);
    assert.equal(help.stderr, "");
    const version = await runProgram(["--version"], { permissions: [] });
    assert.equal(version.code, 0);
    assert.match(version.stdout, /^fdpass \d+\.\d+\.\d+\n$/);
  });
});

Deno.test("a configuration", async (t) => {
  using directory = new TemporaryDirectory();

  await t.step("that is wrong on standard input is told line by line, with places", () =>
    fails(
      ["front", "-"],
      2,
      /^fdpass: standard input:2:13: listen: .*\n[^]*^standard input:3:15: sites\[0\]\.too: .*"to"$/m,
      { input: '{\n  "listen": "localhost:80",\n  "sites": [{ "too": "fd:///run/app.sock" }]\n}\n' },
    ));
  await t.step("that is wrong in a file names the file as the user did", async () => {
    directory.write("wrong.json", '{ "listen": "127.0.0.1:0", "sites": [] }\n');
    const permissions = [ALLOW_LIBC, "--allow-read"];
    for (const command of ["front", "up", "check"]) {
      await fails([command, "wrong.json"], 2, /^fdpass: wrong\.json:1:\d+: sites: /, {
        permissions,
        directory: directory.path,
      });
    }
  });
  await t.step(
    "that does not exist is told so",
    () =>
      fails(["front", "none.json"], 2, /none\.json: Cannot find this file/, {
        permissions: [ALLOW_LIBC, "--allow-read"],
      }),
  );
  await t.step(
    "that may not be read names the permission",
    () => fails(["front", "none.json"], 2, /run with --allow-read/, { permissions: [ALLOW_LIBC] }),
  );
});

Deno.test("an address", async (t) => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  const configuration = (listen: string | string[]) =>
    JSON.stringify({ listen, sites: [{ to: "fd:///run/none.sock" }] });

  for (const workers of ["1", "2"]) {
    await t.step(
      `in use fails with 1 and a sentence, with ${workers} Workers`,
      () =>
        fails(
          ["front", "-", "--workers", workers],
          1,
          new RegExp(`^fdpass: .*127\\.0\\.0\\.1:${port}.*in use`, "m"),
          {
            input: configuration(["127.0.0.1:0", `127.0.0.1:${port}`]),
          },
        ),
    );
  }
  await t.step(
    "that this host does not have fails with 1 and a sentence",
    () =>
      fails(["front", "-"], 1, /^fdpass: .*192\.0\.2\.1:8080/m, { input: configuration("192.0.2.1:8080") }),
  );
});

Deno.test("a backend's socket", async (t) => {
  using directory = new TemporaryDirectory();
  const permissions = STATIC_PERMISSIONS;
  const socket = directory.join("app.sock");
  const start = (path: string) => ["backend", "--socket", path, "--static", directory.path];

  await t.step("that another backend listens on is left to it", async () => {
    await using backend = await startBackend(socket, { static: directory.path });
    await fails(start(socket), 1, /another backend listens there; .*--take-over/, { permissions });
    await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
    assert.equal((await get(front.port, "/none")).status, 404);
    await front.stopCleanly();
    await backend.stopCleanly();
  });
  await t.step("that a dead backend has left is replaced", async () => {
    await using dead = await startBackend(socket, { static: directory.path });
    await dead.stop("SIGKILL");
    assert.ok(Deno.statSync(socket).isSocket);
    await using backend = await startBackend(socket, { static: directory.path });
    await backend.stopCleanly();
  });
  await t.step("where a file stands is refused, and the file stays", async () => {
    const file = directory.write("file", "precious");
    await fails(start(file), 1, /a file that is no socket; remove it/, { permissions });
    assert.equal(Deno.readTextFileSync(file), "precious");
  });
  await t.step(
    "where a directory stands is refused",
    () => fails(start(directory.path), 1, /there is a directory/, { permissions }),
  );
  await t.step(
    "in a directory that does not exist is refused",
    () =>
      fails(start(directory.join("none/app.sock")), 1, /directory does not exist; make it first/, {
        permissions,
      }),
  );
  await t.step(
    "with too long a path is refused",
    () =>
      fails(start(directory.join("x".repeat(120))), 2, /write a path of at most 107 bytes/, { permissions }),
  );
});

Deno.test("what a backend runs", async (t) => {
  using directory = new TemporaryDirectory();
  const start = (...kind: string[]) => ["backend", "--socket", directory.join("app.sock"), ...kind];
  const permissions = [ALLOW_LIBC, "--allow-read"];

  await t.step(
    "cannot be a directory that does not exist",
    () => fails(start("--static", directory.join("none")), 2, /Cannot serve the directory/, { permissions }),
  );
  await t.step(
    "cannot be a module that does not exist",
    () => fails(start("--fetch", directory.join("none.ts")), 2, /Cannot load the module/, { permissions }),
  );
  await t.step("cannot be a module without a handler", async () => {
    const module = directory.write("empty.ts", "export const fetch = 1;\n");
    await fails(start("--fetch", module), 2, /no default export/, { permissions });
  });
  await t.step("cannot be a module with a mistake", async () => {
    const module = directory.write("mistake.ts", "export default {\n");
    await fails(start("--fetch", module), 2, /Cannot load the module/, { permissions });
  });
});

Deno.test("a missing permission", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  const input = JSON.stringify({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });

  await t.step(
    "to call libc is named, for a front",
    () => fails(["front", "-"], 2, /--allow-ffi=\S+libc\.so/, { permissions: [], input }),
  );
  await t.step(
    "to call libc is named, for a backend",
    () =>
      fails(["backend", "--socket", socket, "--static", "/tmp"], 2, /--allow-ffi=\S+libc\.so/, {
        permissions: [],
      }),
  );
  await t.step(
    "to read its own modules is named, for a front",
    () => fails(["front", "-"], 2, /--allow-read/, { permissions: [ALLOW_LIBC], input }),
  );
  await t.step(
    "to read the module is named, for a fetch backend",
    () =>
      fails(["backend", "--socket", socket, "--fetch", fixture("app.ts")], 2, /--allow-read/, {
        permissions: [ALLOW_LIBC],
      }),
  );
});

Deno.test("SIGHUP", async (t) => {
  using directory = new TemporaryDirectory();
  const first = `fd://${directory.join("first.sock")}`;
  const second = `fd://${directory.join("second.sock")}`;
  await using backend = await startBackend(directory.join("first.sock"), { fetch: fixture("app.ts") });
  await using other = await startBackend(directory.join("second.sock"), { fetch: fixture("app.ts") });
  const routes = [{ path: "/a", to: first }];
  const configuration = { ...PATIENT, listen: "127.0.0.1:0", sites: [{ routes }] };
  const path = directory.write("fdpass.json", JSON.stringify(configuration));
  await using front = await startFrontFrom(path);
  const { port } = front;

  const reread = async (content: string, message: RegExp) => {
    directory.write("fdpass.json", content);
    const before = front.stderr.length;
    front.signal("SIGHUP");
    await until(() => message.test(front.stderr.slice(before)), () => `${message}: ${front.stderr}`);
  };
  const READ = /configuration read again; serving on/;

  await t.step("makes a new route work, and keeps what is open", async () => {
    assert.equal((await get(port, "/b")).status, 404);
    using kept = await RawClient.connect(port);
    await kept.write("GET /b HTTP/1.1\r\nHo");
    routes.push({ path: "/b", to: second });
    await reread(JSON.stringify(configuration), READ);
    assert.equal(JSON.parse((await get(port, "/b")).text).process, other.pid);
    assert.equal(JSON.parse((await get(port, "/a")).text).process, backend.pid);
    await kept.write("st: test\r\n\r\n");
    assert.equal(JSON.parse((await kept.response()).text).process, other.pid);
  });

  await t.step("with a wrong configuration tells so and keeps the old one", async () => {
    await reread('{ "listen": 1 }', /the old one stays: .*fdpass\.json:1:\d+/);
    assert.equal((await get(port, "/b")).status, 200);
  });

  await t.step("with an address in use keeps the old one, and opens none of the others", async () => {
    using taken = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const free = freePort();
    const listen = ["127.0.0.1:0", `127.0.0.1:${free}`, `127.0.0.1:${taken.addr.port}`];
    await reread(JSON.stringify({ ...configuration, listen }), /the old one stays: .*in use/);
    assert.equal((await get(port, "/b")).status, 200);
    await assert.rejects(
      Deno.connect({ port: free, hostname: "127.0.0.1" }),
      Deno.errors.ConnectionRefused,
    );
  });

  await t.step("opens new addresses and closes old ones", async () => {
    const listen = ["127.0.0.1:0", "127.0.0.2:0"];
    await reread(
      JSON.stringify({ ...configuration, listen }),
      /serving on 127\.0\.0\.1:\d+, 127\.0\.0\.2:\d+/,
    );
    const ports = [...front.stderr.matchAll(/127\.0\.0\.2:(\d+)/g)];
    const added = Number(ports.at(-1)![1]);
    using client = await RawClient.connect(added, "127.0.0.2");
    assert.equal((await client.get("/b")).status, 200);
    await reread(JSON.stringify(configuration), READ);
    await assert.rejects(Deno.connect({ port: added, hostname: "127.0.0.2" }), Deno.errors.ConnectionRefused);
    assert.equal((await get(port, "/b")).status, 200);
  });

  await t.step("changes limits", async () => {
    await reread(JSON.stringify({ ...configuration, headTimeout: "200ms" }), READ);
    // It stands still until the client has sent something: its time begins to run then.
    front.signal("SIGSTOP");
    await untilStopped(front.pid);
    using client = await RawClient.connect(port);
    await client.write("GET");
    front.signal("SIGCONT");
    assert.equal((await client.response()).status, 408);
    await reread(JSON.stringify(configuration), READ);
  });

  await t.step("is harmless where the configuration came from a pipe, and for a backend", async () => {
    await using piped = await startFront(JSON.stringify(configuration));
    piped.signal("SIGHUP");
    await piped.message(/came from a pipe and cannot be read again/);
    assert.equal((await get(piped.port, "/b")).status, 200);
    await piped.stopCleanly();
    other.signal("SIGHUP");
    assert.equal((await get(port, "/b")).status, 200);
  });

  await front.stopCleanly();
  await backend.stopCleanly();
  await other.stopCleanly();
});
