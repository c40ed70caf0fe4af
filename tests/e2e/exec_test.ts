/** Programs behind a front: `fdpass backend --exec`, alone, in several processes, and under `fdpass up`. */

import assert from "node:assert/strict";
import { childrenOf, DescriptorTables, isRunning } from "../support/proc.ts";
import {
  ALLOW_LIBC,
  PATIENT,
  Program,
  runProgram,
  startFront,
  startUpFrom,
  TemporaryDirectory,
} from "../support/processes.ts";
import { until } from "../support/waiting.ts";

/** Starts a backend that runs a program, with the one permission that it needs. */
async function startExec(socket: string, args: readonly string[]): Promise<Program> {
  const backend = new Program(["backend", "--socket", socket, "--exec", ...args], {
    permissions: [ALLOW_LIBC],
  });
  try {
    await backend.line(/^fdpass backend \S+ ready on /m);
    return backend;
  } catch (error) {
    await backend[Symbol.asyncDispose]();
    throw error;
  }
}

const front = (socket: string, routes: readonly object[] = []) =>
  startFront({
    listen: "127.0.0.1:0",
    sites: [{ routes: [...routes, { path: "/", to: `fd://${socket}` }] }],
  });

/** Waits until each of these backends has a channel to a front. */
async function untilConnected(front: Program, ...backends: readonly Program[]): Promise<void> {
  for (const backend of backends) await backend.message(new RegExp(`front ${front.pid}\\.1 connected`));
}

async function curl(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const { code, stdout } = await new Deno.Command("curl", {
    args: ["--silent", "--show-error", "--max-time", "20", ...args],
    stdin: "null",
    stderr: "null",
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout) };
}

/** Says something over a connection, ends that, and reads what comes back. */
async function converse(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  return await converseOn(connection, text);
}

async function converseOn(connection: Deno.TcpConn, text: string): Promise<string> {
  await connection.write(new TextEncoder().encode(text));
  await connection.closeWrite();
  return await new Response(connection.readable).text();
}

/** What a process was started with; nothing of one that has just ended. */
function environmentOf(pid: number): string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0");
  } catch {
    return [];
  }
}

const REQUEST = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

Deno.test("backend --exec gives each connection to a program of its own, as inetd does", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("cat.sock");
  await using backend = await startExec(socket, ["--", "cat"]);
  await using server = await front(socket);
  await untilConnected(server, backend);
  const tables = await DescriptorTables.of(backend.pid);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, number) => converse(server.port, `${REQUEST}number ${number}`)),
  );
  assert.deepEqual(answers, Array.from({ length: 20 }, (_, number) => `${REQUEST}number ${number}`));
  await until(() => childrenOf(backend.pid).length === 0, "the end of all programs");
  await tables.untilRestored();
  await backend.stopCleanly();
});

Deno.test("backend --exec serves HTTP by a line of shell", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("line.sock");
  const script =
    `read -r method target rest; while read -r field && [ "$field" != "$(printf '\\r')" ]; do :; done
    printf 'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\n%s of %s from %s\\n' "$method" "$target" "$TCPREMOTEIP"`;
  await using _backend = await startExec(socket, ["--", "sh", "-c", script]);
  await using server = await front(socket);
  const { code, stdout } = await curl(`http://127.0.0.1:${server.port}/some/where`);
  assert.equal(code, 0);
  assert.equal(stdout, "GET of /some/where from 127.0.0.1\n");
});

const PYTHON = `#!/usr/bin/env python3
import os, sys
body = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH", 0)))
if os.environ["PATH_INFO"] == "/die":
    os.kill(os.getpid(), 9)
print("Content-Type: text/plain")
print("X-Process:", os.getpid())
print()
print(os.environ["REQUEST_METHOD"], os.environ["SCRIPT_NAME"], os.environ["PATH_INFO"], len(body))
`;

Deno.test("up runs a CGI script in Python beside another kind, with several processes", async () => {
  using directory = new TemporaryDirectory();
  Deno.chmodSync(directory.write("app.py", PYTHON), 0o755);
  directory.write("index.html", "a file");
  const configuration = directory.write(
    "fdpass.json",
    JSON.stringify({
      ...PATIENT,
      listen: "127.0.0.1:0",
      sites: [{ routes: [{ path: "/app", to: "app" }, { path: "/", to: "files" }] }],
      backends: {
        app: { socket: "app.sock", exec: ["./app.py"], cgi: true, workers: 2, programTimeout: "1m" },
        files: { socket: "files.sock", static: "." },
      },
    }),
  );
  await using up = await startUpFrom(configuration);
  const url = `http://127.0.0.1:${up.port}`;
  // One connection of the client for all: it goes from one backend to the other.
  const { code, stdout } = await curl(
    ...[`${url}/app/a%20b`, "--next", "-s", `${url}/index.html`],
    ...["--next", "-s", "--data", "x".repeat(50_000), `${url}/app/post`],
    ...["--next", "-s", "-H", "Transfer-Encoding: chunked", "--data", "12345", `${url}/app/chunked`],
    ...["--next", "-s", "-o", "/dev/null", "-w", "%{http_code} %{num_connects}", `${url}/app/die`],
  );
  assert.equal(code, 0);
  assert.equal(stdout, "GET /app /a b 0\na filePOST /app /post 50000\nPOST /app /chunked 5\n502 0");
  await up.message(/warning backend app\.\d: program \d+ ended: SIGKILL/);
  const { code: ended, stderr } = await up.stop();
  assert.equal(ended, 0, stderr);
});

Deno.test("backend --exec: programs that hang, die, flood and fork leave nothing behind", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("odd.sock");
  const script = `exec 3<&0; read -r method target rest
  while read -r field && [ \${#field} -gt 1 ]; do :; done
  case $target in
    /hang) trap '' TERM; sleep 1000 & while :; do wait; done ;;
    /die) kill -SEGV $$ ;;
    /flood) yes flood | head -c 3000000 >&2; printf '\\033[31mforged\\n' >&2 ;;
    /fork) (sleep 1000) & echo $! ;;
  esac`;
  await using backend = await startExec(socket, ["--", "sh", "-c", script]);
  // The others may take their time.
  const soon = directory.join("soon.sock");
  await using hasty = await startExec(soon, ["--program-timeout", "200ms", "--", "sh", "-c", script]);
  await using server = await front(socket, [{ path: "/hang", to: `fd://${soon}` }]);
  const backends = [backend, hasty];
  await untilConnected(server, ...backends);
  const tables = await DescriptorTables.of(...backends.map(({ pid }) => pid));
  const ask = (path: string) => converse(server.port, REQUEST.replace("/", path));
  using forking = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const forked = converseOn(forking, REQUEST.replace("/", "/fork"));
  await Promise.all([ask("/hang"), ask("/die"), ask("/flood")]);
  await backend.message(/program \d+ ended: SIGSEGV/);
  await hasty.message(/program \d+ has run for 200ms and is ended/);
  await backend.message(/program \d+ wrote too much: \d+ bytes of its standard error are left out/);
  await until(
    () => backends.every(({ pid }) => childrenOf(pid).length === 0),
    "the end of all programs",
  );
  await tables.untilRestored();
  assert.ok(backend.stderr.length < 200_000, `${backend.stderr.length} bytes of log`);
  assert.ok(!backend.stderr.includes("\x1b"));
  // The descendant holds the connection, and nobody else does.
  const client = `TCPREMOTEPORT=${forking.localAddr.port}`;
  const other = await until(async () => {
    const { stdout } = await new Deno.Command("ps", { args: ["-eo", "pid,args"] }).output();
    const table = new TextDecoder().decode(stdout);
    const sleeping = [...table.matchAll(/^\s*(\d+) sleep 1000$/gm)].map(([, pid]) => Number(pid));
    return sleeping.find((pid) => environmentOf(pid).includes(client));
  }, "the descendant to sleep");
  Deno.kill(other, "SIGKILL");
  assert.equal(await forked, `${other}\n`);
  for (const one of backends) await one.stopCleanly();
});

Deno.test("SIGTERM lets programs finish for as long as draining may take, and ends them then", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("drain.sock");
  const script = `read -r method target rest; case $target in
    /soon) echo ready >&2; read -r line; printf 'finished\\n' ;;
    *) trap '' TERM; echo ready >&2; sleep 1000 & while :; do wait; done ;;
  esac`;
  await using backend = await startExec(socket, ["--drain-timeout", "300ms", "--", "sh", "-c", script]);
  await using server = await front(socket);
  using never = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await never.write(new TextEncoder().encode(REQUEST));
  const [, process] = await backend.message(/program (\d+): ready/);
  const asked = performance.now();
  backend.signal("SIGTERM");
  const { code } = await backend.end(asked);
  assert.equal(code, 0);
  await until(() => {
    const table = new TextDecoder().decode(
      new Deno.Command("ps", { args: ["-eo", "pgid="] }).outputSync().stdout,
    );
    return !table.split("\n").some((line) => Number(line) === Number(process));
  }, "the end of its group");
});

Deno.test("a second signal ends programs at once", async () => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("twice.sock");
  await using backend = await startExec(socket, [
    "--drain-timeout",
    "1m",
    "--",
    "sh",
    "-c",
    "echo ready >&2; exec sleep 1000",
  ]);
  await using server = await front(socket);
  using client = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await client.write(new TextEncoder().encode(REQUEST));
  const [, process] = await backend.message(/program (\d+): ready/);
  backend.signal("SIGTERM");
  await backend.message(/SIGTERM: finishing 1 connections/);
  backend.signal("SIGTERM");
  const { code } = await backend.end();
  assert.equal(code, 1);
  await until(() => !isRunning(Number(process)), "the end of the program");
});

Deno.test("--exec refuses what cannot be run, in a sentence", async (t) => {
  const cases: readonly (readonly [name: string, args: readonly string[], message: RegExp])[] = [
    [
      "no program",
      ["--exec"],
      /Cannot tell what to run: write the program and its arguments at the end, behind --/,
    ],
    [
      "one that is not there",
      ["--exec", "--", "no-such-program"],
      /Cannot run "no-such-program": no directory of PATH/,
    ],
    [
      "a file that is none",
      ["--exec", "--", "/etc/passwd"],
      /Cannot run "\/etc\/passwd": it is not an executable file/,
    ],
    ["an option of its own without it", ["--static", ".", "--cgi"], /Cannot use --cgi without --exec/],
    [
      "a program for another kind",
      ["--static", ".", "--", "cat"],
      /Cannot use "cat": only --exec takes a program/,
    ],
    ["no time at all", ["--exec", "--program-timeout", "0", "--", "cat"], /Cannot use --program-timeout 0/],
    ["--cgi for Apache", ["--apache", "--exec", "--cgi", "--", "cat"], /Cannot use --cgi with --apache/],
  ];
  for (const [name, args, message] of cases) {
    await t.step(name, async () => {
      const { code, stderr } = await runProgram(["backend", "--socket", "/tmp/never.sock", ...args], {
        permissions: [ALLOW_LIBC],
      });
      assert.match(stderr, message);
      assert.equal(code, 2);
    });
  }
});
