/** Connections that a module takes raw, beside HTTP or instead of it. */

import assert from "node:assert/strict";
import type { ConnectionServer } from "../../../src/backend/connection/connection_server.ts";
import { fetchServer } from "../../../src/backend/fetch/fetch_server.ts";
import type { ConnectionHandler, FetchHandler, RawConnection } from "../../../src/backend/fetch/handler.ts";
import { handlersOf, loadHandlers } from "../../../src/backend/fetch/module.ts";
import { Rig, withRig } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";

interface RawRig {
  readonly rig: Rig<ConnectionServer>;
  readonly front: ScriptedFront;
  readonly errors: string[];
}

function testRaw(
  name: string,
  connection: ConnectionHandler,
  body: (raw: RawRig) => Promise<void>,
  fetch?: FetchHandler,
): void {
  const errors: string[] = [];
  const server = () => {
    return fetchServer({ connection, ...fetch && { fetch } }, (error) => void errors.push(String(error)));
  };
  Deno.test(name, () =>
    withRig(() => new Rig(server()), async (rig) => {
      await body({ rig, front: await rig.front(), errors });
    }));
}

const seen: Record<string, unknown>[] = [];
let last: RawConnection;

async function isOver({ rig }: RawRig): Promise<void> {
  await rig.until(() => rig.backend.active === 0, "the end of the connection");
}

testRaw("a connection as a socket: what came along is read first", (connection) => {
  const { remoteAddr, localAddr, site, route, path, front } = connection;
  seen.push({ remoteAddr, localAddr, site, route, path, front });
  const { socket } = connection;
  assert.equal(connection.socket, socket);
  socket.on("data", (piece: Uint8Array) => socket.write(piece));
  socket.on("end", () => socket.end("bye"));
}, async (raw) => {
  const { rig, front, errors } = raw;
  const preread = new TextEncoder().encode("one ");
  const client = front.give("two ", { preread, site: "a.test", route: "/r/", path: "/p" });
  await rig.until(() => client.received === "one two ", "the echo");
  const address = (port: number) => ({ transport: "tcp", hostname: "127.0.0.1", port });
  assert.deepEqual(seen, [{
    remoteAddr: address(client.port),
    localAddr: address(front.port),
    site: "a.test",
    route: "/r/",
    path: "/p",
    front: { name: "scripted", process: 99 },
  }]);
  client.end();
  assert.equal(await rig.rest(client), "one two bye");
  await isOver(raw);
  assert.deepEqual(errors, []);
});

testRaw(
  "a connection as streams of the web",
  ({ readable, writable }) => readable.pipeTo(writable),
  async (raw) => {
    const { rig, front, errors } = raw;
    const client = front.give("two", { preread: new TextEncoder().encode("one") });
    await rig.until(() => client.received === "onetwo", "the echo");
    client.send("three");
    await rig.until(() => client.received === "onetwothree", "the echo");
    client.end();
    assert.equal(await rig.rest(client), "onetwothree");
    client.close();
    await isOver(raw);
    assert.deepEqual(errors, []);
  },
);

for (
  const [what, handler] of [
    ["throws before it has taken it", () => {
      throw new Error("mine");
    }],
    ["throws", ({ socket }) => {
      socket.resume();
      throw new Error("mine");
    }],
    ["rejects", async ({ readable }) => {
      await readable.getReader().read();
      throw new Error("mine");
    }],
  ] as const satisfies readonly (readonly [string, ConnectionHandler])[]
) {
  testRaw(`a handler that ${what} loses the connection, and is told of`, handler, async (raw) => {
    const { rig, front, errors } = raw;
    const client = front.give("x");
    await rig.rest(client);
    await isOver(raw);
    assert.deepEqual(errors, ["Error: mine"]);
  });
}

testRaw("a handler that does not want a connection loses it", () => {}, async (raw) => {
  const client = raw.front.give("x");
  await raw.rig.rest(client);
  await isOver(raw);
  assert.deepEqual(raw.errors, []);
});

testRaw("close() ends it at once", (connection) => {
  if (connection.path === "/taken") connection.socket.resume();
  connection.close();
}, async (raw) => {
  for (const path of ["/", "/taken"]) {
    const client = raw.front.give("x", { path });
    await raw.rig.rest(client);
    await isOver(raw);
  }
  assert.deepEqual(raw.errors, []);
});

testRaw("a client that resets its connection is no fault of the handler's", async ({ readable }) => {
  for await (const _ of readable) { /* reads on until it fails */ }
}, async (raw) => {
  const { rig, front, errors } = raw;
  const client = front.give("x");
  await rig.settle();
  client.reset();
  await isOver(raw);
  assert.deepEqual(errors, []);
});

const GET = "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n";

testRaw("answer() serves HTTP, and draining knows the connection as any other", (connection) => {
  last = connection;
  if (connection.route === "/raw/") return void connection.socket.end("raw\n");
  connection.answer();
}, async (raw) => {
  const { rig, front, errors } = raw;
  assert.equal(await rig.rest(front.give(GET, { route: "/raw/" })), "raw\n");
  const client = front.give("", { preread: new TextEncoder().encode(GET) });
  await rig.until(() => client.received.endsWith("http /x"), "the response");
  assert.throws(() => last.socket, /^TypeError: Cannot take the connection: HTTP is served on it already$/);
  assert.throws(() => last.answer(), /^TypeError: Cannot answer: the connection has been taken already$/);
  client.send(GET);
  await rig.until(() => client.received.split("http /x").length === 3, "the second response");
  void rig.backend.drain();
  await rig.until(() => front.returned.length === 1, "the return");
  assert.deepEqual(errors, []);
}, (request) => new Response(`http ${new URL(request.url).pathname}`));

testRaw("answer() needs a fetch beside it", (connection) => connection.answer(), async (raw) => {
  await raw.rig.rest(raw.front.give(GET));
  assert.deepEqual(raw.errors, [
    "TypeError: Cannot answer: the module has no default export { fetch(request, info) }",
  ]);
});

testRaw("draining waits for it; the end of the backend ends it", ({ socket }) => {
  socket.pipe(socket);
}, async ({ rig, front }) => {
  const client = front.give("x");
  await rig.until(() => client.received === "x", "the echo");
  let drained = false;
  void rig.backend.drain().then(() => drained = true);
  client.send("y");
  await rig.until(() => client.received === "xy", "the echo");
  assert.equal(drained, false);
  rig.backend.close();
  await rig.until(() => client.ended !== false, "the end of the connection");
});

Deno.test("handlersOf() finds connection() beside fetch() or alone, by name or as a method", async () => {
  const connection = () => {};
  assert.equal(handlersOf(undefined, "x", connection).connection, connection);
  assert.equal(handlersOf(undefined, "x", connection).fetch, undefined);
  const object = {
    taken: 0,
    connection() {
      this.taken++;
    },
  };
  handlersOf(object, "x").connection!({} as RawConnection);
  assert.equal(object.taken, 1);
  const module = "data:text/javascript,export default () => new Response(); export function connection() {}";
  assert.deepEqual(Object.keys(await loadHandlers(module)).sort(), ["connection", "fetch"]);
});
