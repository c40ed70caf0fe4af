/**
 * The front in the place of Apache's mod_proxy_fdpass: it hands over to tests/fixtures/apache_receiver.py, which was
 * written by Apache's documentation and knows nothing else.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isInstalled, OtherProgram } from "../support/other_programs.ts";
import { AS_OTHER_USER, named, OTHER_USER } from "../support/other_user.ts";
import { DescriptorTables } from "../support/proc.ts";
import {
  fixture,
  type FrontProgram,
  startBackend,
  startFront,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get, RawClient, type RawResponse } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const RECEIVER = fileURLToPath(new URL("../fixtures/apache_receiver.py", import.meta.url));
const COUNT = 1_000;
/** Clients at a time. */
const TOGETHER = 50;
const noPython = isInstalled("python3", "--version") ? undefined : "there is no python3";

/** The first one on the PATH may be somebody's own. */
const SYSTEM_PYTHON = "/usr/bin/python3";
const noUser = isInstalled(AS_OTHER_USER[0]!, ...AS_OTHER_USER.slice(1), SYSTEM_PYTHON, "--version")
  ? undefined
  : "python3 cannot be started as another user";

type Flusher = "none" | "flush";

async function startReceiver(
  socket: string,
  flusher: Flusher,
  through: readonly string[] = [],
): Promise<OtherProgram> {
  const [command, ...args] = [...through, "python3", RECEIVER, socket, flusher];
  const receiver = new OtherProgram(command!, args);
  await receiver.until(/^listening$/m, "the receiver to listen");
  return receiver;
}

/** A front whose only backend is at this socket. The JSON syntax has `none` where nothing is said. */
function startFrontTo(socket: string, flusher: Flusher, more: object = {}): Promise<FrontProgram> {
  return startFront({
    listen: "127.0.0.1:0",
    sites: [{ to: "app" }],
    backends: { app: flusher === "none" ? { socket } : { socket, flusher } },
    ...more,
  });
}

/** Asks once; the body must be whole, and that of this client. */
async function ask(port: number, request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"): Promise<RawResponse> {
  using client = await RawClient.connect(port);
  await client.write(request);
  const response = await client.response();
  if (response.status === 200) {
    assert.equal(response.text, `${client.address.port}\n${"a".repeat(20_000)}`);
    await client.assertEnded();
  }
  return response;
}

/** Asks so often, many at a time. */
async function askAll(port: number, count: number): Promise<void> {
  let left = count;
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    while (left-- > 0) assert.equal((await ask(port)).status, 200);
  }));
}

for (const flusher of ["none", "flush"] as const) {
  Deno.test({
    ...named(`${COUNT} connections to a receiver of Apache's, flusher ${flusher}`, noPython),
    async fn() {
      using directory = new TemporaryDirectory();
      const socket = directory.join("app.sock");
      await using receiver = await startReceiver(socket, flusher);
      await using front = await startFrontTo(socket, flusher);
      const { head } = await ask(front.port);
      if (flusher === "flush") {
        assert.match(
          head,
          /^HTTP\/1\.1 200 OK\r\nDate: [^\r]+ GMT\r\nServer: fdpass\r\nConnection: close\r\n\r\n$/,
        );
      }
      const tables = await DescriptorTables.of(front.pid, receiver.pid);
      await askAll(front.port, COUNT);
      // The socket for the next hand-off is another one.
      await tables.untilRestored(undefined, { alike: true });
      await front.stopCleanly();
      assert.match(front.stderr, /found at .*SOCK_STREAM/);
      assert.doesNotMatch(front.stderr, /lost|error/);
    },
  });
}

Deno.test({
  ...named("the lines that a real Apache needs do the same here, and flush", noPython),
  async fn() {
    using directory = new TemporaryDirectory();
    await using _receiver = await startReceiver(directory.join("app.sock"), "flush");
    await using front = await startFront([
      `ServerRoot "${directory.path}"`,
      "Listen 127.0.0.1:0",
      "LoadModule proxy_module modules/mod_proxy.so",
      "LoadModule proxy_fdpass_module modules/mod_proxy_fdpass.so",
      `ProxyPassMatch "^/(.*)$" "fd://app.sock$2"`,
      "",
    ].join("\n"));
    const { status, fields } = await ask(front.port, "GET /some/path?x HTTP/1.1\r\nHost: any\r\n\r\n");
    assert.deepEqual([status, fields.get("server")], [200, "fdpass"]);
    await front.stopCleanly();
  },
});

Deno.test({
  ...named("a receiver of Apache's that is away, comes, dies, and comes again", noPython),
  async fn() {
    using directory = new TemporaryDirectory();
    const socket = directory.join("app.sock");
    await using front = await startFrontTo(socket, "flush", { queueTimeout: "300ms" });
    const away = await ask(front.port);
    assert.equal(away.status, 503);
    assert.equal(away.fields.get("retry-after"), "1");
    {
      await using _receiver = await startReceiver(socket, "flush");
      await until(async () => (await ask(front.port)).status === 200, "the receiver to be found");
    }
    // Killed: its file is still there, and nobody listens.
    assert.equal((await ask(front.port)).status, 503);
    await front.message(/backend app lost at .*ECONNREFUSED/);
    await using _next = await startReceiver(socket, "flush");
    await until(async () => (await ask(front.port)).status === 200, "the next receiver to be found");
    await front.stopCleanly();
  },
});

Deno.test({
  ...named(
    "a receiver of Apache's takes the place of a backend of fdpass, and the other way round",
    noPython,
  ),
  async fn() {
    using directory = new TemporaryDirectory();
    const socket = directory.join("app.sock");
    await using front = await startFrontTo(socket, "none");
    const served = async () => {
      const { status, text } = await get(front.port, "/x");
      assert.equal(status, 200);
      return text.startsWith("{") ? "ours" : "theirs";
    };
    const ours = { fetch: fixture("app.ts") };
    {
      await using backend = await startBackend(socket, ours);
      assert.equal(await served(), "ours");
      await backend.stopCleanly();
    }
    {
      await using _receiver = await startReceiver(socket, "none");
      assert.equal(await served(), "theirs");
    }
    await using backend = await startBackend(socket, ours);
    assert.equal(await served(), "ours");
    await backend.stopCleanly();
    await front.stopCleanly();
  },
});

Deno.test({
  ...named("a receiver of a user whom allowUsers does not name gets nobody", noPython, noUser),
  async fn() {
    using directory = new TemporaryDirectory();
    Deno.chmodSync(directory.path, 0o777);
    const socket = directory.join("app.sock");
    // The file in this project may be unreadable to others.
    const program = directory.write("receiver.py", Deno.readTextFileSync(RECEIVER));
    Deno.chmodSync(program, 0o644);
    await using receiver = new OtherProgram(AS_OTHER_USER[0]!, [
      ...AS_OTHER_USER.slice(1),
      SYSTEM_PYTHON,
      program,
      socket,
      "none",
    ]);
    await receiver.until(/^listening$/m, "the receiver to listen");
    {
      await using front = await startFrontTo(socket, "none", { queueTimeout: "300ms" });
      assert.equal((await ask(front.port)).status, 503);
      await front.message(/it belongs to user 65534, which allowUsers does not name/);
      await front.stopCleanly();
    }
    await using front = await startFrontTo(socket, "none", { allowUsers: [OTHER_USER] });
    assert.equal((await ask(front.port)).status, 200);
    await front.stopCleanly();
  },
});
