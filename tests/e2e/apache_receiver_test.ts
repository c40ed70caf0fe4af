/** `fdpass backend --apache` behind a real Apache, whose mod_proxy_fdpass hands its clients over. */

import assert from "node:assert/strict";
import { Apache, APACHE_USER, noApache } from "../support/apache.ts";
import { heldBy } from "../support/lossless.ts";
import { named } from "../support/other_user.ts";
import { childrenOf, DescriptorTables, isRunning } from "../support/proc.ts";
import {
  ALLOW_LIBC,
  fixture,
  PATIENT,
  Program,
  runProgram,
  STATIC_PERMISSIONS,
  TemporaryDirectory,
} from "../support/processes.ts";
import { RawClient, type RawResponse, seededBytes, sha256 } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const COUNT = 1_000;
/** Clients at a time. */
const TOGETHER = 50;
const REQUEST = "GET /some/path HTTP/1.1\r\nHost: test\r\n\r\n";

/** So that Apache can connect, and may hand over. */
const FOR_APACHE = [
  "--mode",
  "660",
  "--owner",
  `:${APACHE_USER.gid}`,
  "--allow-user",
  String(APACHE_USER.uid),
];

/** The configuration of docs/apache.md. */
const HANDS_OVER = `ProxyPassMatch "^/(.*)$" "fd://app.sock$2"`;

function startApache(directory: TemporaryDirectory, more = ""): Promise<Apache> {
  return Apache.start(directory, ["proxy", "proxy_fdpass", "headers"], `${HANDS_OVER}\n${more}`);
}

async function startReceiver(
  directory: TemporaryDirectory,
  kind: readonly string[],
  permissions: readonly string[] = STATIC_PERMISSIONS,
): Promise<Program> {
  const time = ["--drain-timeout", PATIENT.drainTimeout];
  const args = ["backend", "--apache", "--socket", directory.join("app.sock"), ...time, ...kind];
  const program = new Program(args, { permissions });
  try {
    await program.line(/^fdpass backend app ready on /m);
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

const HANDLER = fixture("apache_app.ts");

function startHandler(directory: TemporaryDirectory, more: readonly string[] = []): Promise<Program> {
  // Workers are started with the permissions of their kind, by a process that may start Deno.
  const permissions = more.includes("--workers") ? ["--allow-all"] : [ALLOW_LIBC, `--allow-read=${HANDLER}`];
  return startReceiver(directory, ["--fetch", HANDLER, ...FOR_APACHE, ...more], permissions);
}

/** What a backend has open while it holds none of Apache's clients: the last one may still be on its way out. */
async function atRest(backend: Program, apache: Apache): Promise<DescriptorTables> {
  await until(() => heldBy(backend.pid, apache.port) === 0, "the backend to hold nobody");
  return await DescriptorTables.of(backend.pid);
}

/** Asks so often, many at a time; what came back is looked at as it comes. */
async function askAll(
  port: number,
  count: number,
  look: (response: RawResponse, client: RawClient) => void | Promise<void>,
): Promise<void> {
  let left = count;
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    while (left-- > 0) {
      using client = await RawClient.connect(port);
      await client.write(REQUEST);
      await look(await client.response(), client);
      await client.assertEnded();
    }
  }));
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ ...named(name, noApache), fn });
}

test(`${COUNT} connections from Apache get a file, whole`, async () => {
  using directory = new TemporaryDirectory();
  const content = seededBytes(100_000, 4711);
  const hash = await sha256(content);
  const file = directory.write("file.bin", content);
  await using backend = await startReceiver(directory, ["--static", file, ...FOR_APACHE]);
  await using apache = await startApache(directory, `Header set Content-Type application/x-test`);
  await askAll(apache.port, 1, () => {});
  const tables = await atRest(backend, apache);
  await askAll(apache.port, COUNT, async ({ status, fields, body }) => {
    assert.equal(status, 200);
    assert.match(fields.get("server")!, /^Apache/);
    assert.equal(fields.get("connection"), "close");
    assert.equal(fields.get("content-type"), "application/x-test");
    assert.equal(await sha256(body), hash);
  });
  await tables.untilRestored();
  // The file that is there by then.
  directory.write("file.bin", "another");
  await askAll(apache.port, 1, ({ text }) => assert.equal(text, "another"));
  await backend.stopCleanly();
  assert.equal(backend.stderr.replace(/^.*SIGTERM.*\n/m, ""), "");
  await assert.rejects(Deno.lstat(directory.join("app.sock")), Deno.errors.NotFound);
});

test("a handler gets a request without a head, and the addresses of the socket", async () => {
  using directory = new TemporaryDirectory();
  await using backend = await startHandler(directory);
  await using apache = await startApache(directory);
  await askAll(apache.port, 1, () => {});
  const tables = await atRest(backend, apache);
  await askAll(apache.port, 200, ({ status, fields, text }, client) => {
    assert.equal(status, 200, "Apache has said so before");
    assert.equal(fields.get("x-unsaid"), undefined);
    const { front, ...told } = JSON.parse(text);
    assert.deepEqual(told, {
      method: "GET",
      url: "http://localhost/",
      fields: [],
      remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: client.address.port },
      localAddr: { transport: "tcp", hostname: "127.0.0.1", port: apache.port },
      site: "",
      route: "",
      path: "/",
      process: backend.pid,
    });
    assert.equal(front.name, "apache");
    assert.ok(childrenOf(apache.program.pid).includes(front.process), "a process of Apache's");
  });
  await tables.untilRestored();
  await backend.stopCleanly();
  assert.equal(backend.stderr.match(/status 202 was not sent/g)?.length, 1, backend.stderr);
});

test("a program per connection writes the content, and learns who the client is", async () => {
  using directory = new TemporaryDirectory();
  const script =
    'echo "$TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALPORT"; dd if=/dev/zero bs=1000 count=100 2>/dev/null';
  await using backend = await startReceiver(directory, [...FOR_APACHE, "--exec", "--", "sh", "-c", script]);
  await using apache = await startApache(directory);
  await askAll(apache.port, 1, () => {});
  const tables = await atRest(backend, apache);
  await askAll(apache.port, 100, ({ text }, client) => {
    assert.equal(text, `127.0.0.1 ${client.address.port} ${apache.port}\n${"\0".repeat(100_000)}`);
  });
  await tables.untilRestored();
  await until(() => childrenOf(backend.pid).length === 0, "the end of all programs");
  await backend.stopCleanly();
});

test("several processes at one path share what Apache hands over, and another takes the place of one", async () => {
  using directory = new TemporaryDirectory();
  await using backend = await startHandler(directory, ["--workers", "2"]);
  await using apache = await startApache(directory);
  const workers = new Set(childrenOf(backend.pid));
  assert.equal(workers.size, 2);
  const seen = new Set<number>();
  await until(async () => {
    await askAll(apache.port, 100, ({ text }) => void seen.add(JSON.parse(text).process));
    return seen.size === 2;
  }, "both to serve");
  assert.deepEqual(seen, workers);

  const [victim] = workers;
  Deno.kill(victim!, "SIGKILL");
  await until(() => !isRunning(victim!), "its end");
  // What comes meanwhile is the other one's, or waits for the next.
  await askAll(apache.port, 200, ({ text }) => assert.notEqual(JSON.parse(text).process, victim));
  await until(() => childrenOf(backend.pid).some((pid) => !workers.has(pid)), "another worker");
  const { code, stderr } = await backend.stop();
  assert.equal(code, 0, stderr);
});

test("a backend that is told to stop finishes what it sends", async () => {
  using directory = new TemporaryDirectory();
  const content = seededBytes(16 << 20, 4711);
  const file = directory.write("file.bin", content);
  await using backend = await startReceiver(directory, ["--static", file, ...FOR_APACHE]);
  await using apache = await startApache(directory);
  using client = await RawClient.connect(apache.port);
  await client.write(REQUEST);
  await client.through("\r\n\r\n");
  await client.bytes(1);
  backend.signal("SIGTERM");
  await backend.message(/finishing 1 connections/);
  const rest = await client.rest();
  assert.equal(await sha256(rest), await sha256(content.slice(1)));
  client.close();
  const { code, stderr } = await backend.end();
  assert.equal(code, 0, stderr);
});

test("another backend takes the path over, while the first finishes", async () => {
  using directory = new TemporaryDirectory();
  const content = seededBytes(16 << 20, 4711);
  const large = directory.write("large.bin", content);
  const small = directory.write("small.txt", "small");
  await using first = await startReceiver(directory, ["--static", large, ...FOR_APACHE]);
  await using apache = await startApache(directory);
  using client = await RawClient.connect(apache.port);
  await client.write(REQUEST);
  await client.through("\r\n\r\n");
  await client.bytes(1);
  const refused = await runProgram(
    ["backend", "--apache", "--socket", directory.join("app.sock"), "--static", small],
    { permissions: STATIC_PERMISSIONS },
  );
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /another backend listens there; .* take over with --take-over$/m);
  await using second = await startReceiver(directory, ["--static", small, "--take-over", ...FOR_APACHE]);
  await askAll(apache.port, 20, ({ text }) => assert.equal(text, "small"));
  first.signal("SIGTERM");
  assert.equal((await client.rest()).length, content.length - 1);
  client.close();
  assert.equal((await first.end()).code, 0);
  // The path is the second one's, and stays.
  await askAll(apache.port, 1, ({ text }) => assert.equal(text, "small"));
  await second.stopCleanly();
});

test("an Apache whose user is not named hands nothing over", async () => {
  if (APACHE_USER.uid === Deno.uid()) return; // It is this user's, who always may.
  using directory = new TemporaryDirectory();
  const file = directory.write("file.txt", "text");
  await using backend = await startReceiver(directory, ["--static", file, "--mode", "666"]);
  await using apache = await startApache(directory);
  using client = await RawClient.connect(apache.port);
  await client.write(REQUEST);
  await client.rest().catch(() => {});
  await backend.message(new RegExp(`refused a front of user ${APACHE_USER.uid}`));
  await backend.stopCleanly();
});

Deno.test("--apache with what it does not go with is told so, and nothing is started", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  const refused = async (name: string, args: readonly string[], message: RegExp) =>
    await t.step(name, async () => {
      const { code, stderr, stdout } = await runProgram(
        ["backend", "--apache", "--socket", socket, ...args],
        {
          permissions: STATIC_PERMISSIONS,
        },
      );
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.equal(stdout, "");
      await assert.rejects(Deno.lstat(socket), Deno.errors.NotFound);
    });
  const relay = ["--upstream", "http://127.0.0.1:1"];
  await refused("a relay", relay, /^fdpass: Cannot relay with --apache: Apache has read the request/);
  await refused("several relays", [...relay, "--workers", "2"], /^fdpass: Cannot relay with --apache/);
  await refused("a CGI program", ["--exec", "--cgi", "--", "true"], /Cannot use --cgi with --apache/);
  await refused("no kind", [], /Cannot tell what the backend runs/);
  await refused(
    "a directory",
    ["--static", directory.path],
    /Cannot serve the file ".*": it is a directory; write the path of one file/,
  );
  await refused(
    "no file",
    ["--static", directory.join("none")],
    /Cannot serve the file ".*none": no such file/,
  );
});
