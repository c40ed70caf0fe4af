/** Connections that leave HTTP: who owns them at every moment, and what may be upgraded at all. */

import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { ExchangeInfo } from "../../../src/backend/fetch/info.ts";
import type { FetchHandler, RequestInfo, Upgrade } from "../../../src/backend/fetch/handler.ts";
import { NACK_FULL } from "../../../src/protocol/messages.ts";
import { type HttpRig, testFetch } from "../rig.ts";

const UPGRADE = "GET /x?y HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

/** Answers with 101 by itself, as a library would, and says everything back. */
function echo({ socket, head }: Upgrade): void {
  socket.write(SWITCHED);
  socket.write(head);
  socket.on("data", (piece: Uint8Array) => socket.write(piece));
  socket.on("end", () => socket.end("bye"));
}

/** What a handler has been given, for the test to look at. */
let last: Upgrade;

const upgrading: FetchHandler = (_, info) => {
  last = info.upgrade();
  echo(last);
  return last.response;
};

async function isOver({ rig }: HttpRig): Promise<void> {
  await rig.until(() => rig.backend.active === 0, "the end of the connection");
}

testFetch("upgrade() gives the request, what was read behind it, and the socket", upgrading, async (http) => {
  const { rig, give, errors } = http;
  const client = give(`${UPGRADE}X-A: 1\r\nx-a: 2\r\nCookie: a\r\nCookie: b\r\n\r\nearly`);
  await rig.until(() => client.received === SWITCHED + "early", "what was sent early");
  assert.equal(last.head.toString(), "early");
  const { request, socket } = last;
  assert.equal(request.method, "GET");
  assert.equal(request.url, "/x?y");
  assert.equal(request.httpVersion, "1.1");
  assert.deepEqual({ ...request.headers }, {
    host: "a.test",
    connection: "keep-alive, Upgrade",
    upgrade: "echo",
    "x-a": "1, 2",
    cookie: "a; b",
  });
  assert.equal(request.socket, socket);
  assert.equal(socket.remotePort, client.port);
  client.send("late");
  await rig.until(() => client.received.endsWith("late"), "the echo");
  assert.equal(rig.backend.active, 1);
  client.end();
  assert.equal(await rig.rest(client), SWITCHED + "earlylatebye");
  await isOver(http);
  assert.deepEqual(errors, []);
});

testFetch("what came along with the hand-off comes first", upgrading, async ({ rig, give }) => {
  const preread = new TextEncoder().encode(`${UPGRADE}\r\none`);
  const client = give("two", { preread });
  await rig.until(() => client.received === SWITCHED + "onetwo", "all of it, in order");
});

testFetch("deadlines of HTTP mean nothing to an upgraded connection", upgrading, async ({ rig, give }) => {
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => client.received === SWITCHED, "the upgrade");
  await rig.advance(600_000);
  client.send("still here");
  await rig.until(() => client.received.endsWith("still here"), "the echo");
});

testFetch("a client that resets its upgraded connection harms nobody", upgrading, async (http) => {
  const { rig, give, errors } = http;
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => client.received === SWITCHED, "the upgrade");
  client.reset();
  await isOver(http);
  assert.deepEqual(errors, []);
});

for (
  const [what, handler] of [
    ["throws", (_request, info) => {
      echo(info.upgrade());
      throw new Error("mine");
    }],
    ["rejects later", async (_request, info) => {
      echo(info.upgrade());
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error("mine");
    }],
  ] as const satisfies readonly (readonly [string, FetchHandler])[]
) {
  testFetch(
    `a handler that upgrades and then ${what} loses the connection, and is told of`,
    handler,
    async (http) => {
      const { rig, give, errors } = http;
      const client = give(`${UPGRADE}\r\n`);
      await rig.rest(client);
      await isOver(http);
      assert.deepEqual(errors.map(String), ["Error: mine"]);
    },
  );
}

let cancelled = 0;

testFetch("what a handler returns after an upgrade is not sent", (_, info) => {
  echo(info.upgrade());
  return new Response(new ReadableStream({ cancel: () => void cancelled++ }), { status: 404 });
}, async ({ rig, give, errors }) => {
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => client.received === SWITCHED && cancelled === 1, "the upgrade");
  client.send("x");
  await rig.until(() => client.received === SWITCHED + "x", "the echo");
  assert.deepEqual(errors, []);
});

const thrown: string[] = [];

testFetch("a second upgrade() throws, and the first one stands", (_, info) => {
  const upgrade = info.upgrade();
  for (const again of [() => info.upgrade(), () => info.upgradeWebSocket()]) {
    try {
      again();
    } catch (error) {
      thrown.push(String(error));
    }
  }
  echo(upgrade);
  return upgrade.response;
}, async ({ rig, give }) => {
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => client.received === SWITCHED, "the upgrade");
  const already = "TypeError: Cannot upgrade: the connection has been upgraded already";
  assert.deepEqual(thrown, [already, already]);
});

let kept: RequestInfo;

testFetch("upgrade() after the response throws, and the next request is served", (_, info) => {
  kept = info;
  return new Response("first");
}, async ({ rig, give }) => {
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => client.received.endsWith("first"), "the response");
  assert.throws(() => kept.upgrade(), /^TypeError: Cannot upgrade: the request has been answered already$/);
  client.send(`${UPGRADE}\r\n`);
  await rig.until(() => client.received.split("first").length === 3, "the second response");
});

testFetch("upgrade() after the handler has failed throws", (_, info) => {
  kept = info;
  throw new Error("mine");
}, async ({ rig, give }) => {
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => client.received.includes(" 500 "), "the response");
  assert.throws(() => kept.upgrade(), /answered already/);
});

testFetch("upgrade() after the client has gone throws", async (_, info) => {
  kept = info;
  await new Promise(() => {});
  return new Response();
}, async (http) => {
  const { rig, give } = http;
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => kept !== undefined && rig.backend.active === 1, "the request");
  const [connection] = [
    ExchangeInfo.exchange(kept as ExchangeInfo).connection,
  ];
  connection.close();
  assert.throws(() => kept.upgrade(), /answered already/);
  client.close();
});

/** Requests that ask for no upgrade, or may not; and why they are refused. */
const REFUSED: readonly (readonly [what: string, request: string, why: RegExp])[] = [
  ["HTTP/1.0", UPGRADE.replace("1.1", "1.0") + "\r\n", /an HTTP\/1\.0 client cannot ask for it/],
  ["no Upgrade field", "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n", /with an Upgrade field/],
  [
    "an Upgrade field that is not for the next hop",
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n",
    /no "Connection: Upgrade"/,
  ],
  ["content that is not read", `${UPGRADE}Content-Length: 3\r\n\r\nabc`, /content that nobody has read/],
];

for (const [what, request, why] of REFUSED) {
  testFetch(`${what}: 400, and nobody is to blame`, (_, info) => info.upgrade().response, async (http) => {
    const { rig, give, errors } = http;
    const client = give(request);
    await rig.until(
      () => client.received.endsWith("\n") && client.received.includes("\r\n\r\n"),
      "the answer",
    );
    assert.match(client.received, /^HTTP\/1\.1 400 /);
    assert.match(client.received, why);
    assert.deepEqual(errors, []);
  });
}

testFetch("a handler may catch that, and answer as it likes", (_, info) => {
  try {
    return info.upgrade().response;
  } catch (error) {
    return new Response(String(error), { status: 426, headers: { upgrade: "echo" } });
  }
}, async ({ rig, give }) => {
  const client = give("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(
    await rig.rest(client),
    /^HTTP\/1\.1 426 [^]*UpgradeError: Cannot upgrade: the request has no/,
  );
});

testFetch("a request whose content has been read may be upgraded", async (request, info) => {
  const text = await request.text();
  const upgrade = info.upgrade();
  echo(upgrade);
  upgrade.socket.write(text);
  return upgrade.response;
}, async ({ rig, give }) => {
  const client = give(
    `${UPGRADE.replace("GET", "POST")}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\ndef`,
  );
  await rig.until(() => client.received === SWITCHED + "defabc", "the upgrade");
});

testFetch(
  "draining waits for an upgraded connection, and does not cut it",
  upgrading,
  async ({ rig, give }) => {
    const client = give(`${UPGRADE}\r\n`);
    await rig.until(() => client.received === SWITCHED, "the upgrade");
    let drained = false;
    void rig.backend.drain().then(() => drained = true);
    await rig.settle();
    client.send("x");
    await rig.until(() => client.received === SWITCHED + "x", "the echo");
    assert.equal(drained, false);
    client.end();
    await rig.until(() => drained, "the end of the drain");
  },
);

testFetch("the end of the backend is the end of its upgraded connections", upgrading, async (http) => {
  const { rig, give } = http;
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => client.received === SWITCHED, "the upgrade");
  rig.backend.close();
  await rig.until(() => client.ended !== false, "the end of the connection");
  assert.equal(last.socket.destroyed, true);
});

testFetch("an upgraded connection counts among those that a backend may hold", upgrading, async (http) => {
  const { rig, front, give } = http;
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => client.received === SWITCHED, "the upgrade");
  const { fd } = front.accept(`${UPGRADE}\r\n`);
  const id = front.handOff(fd);
  await rig.until(() => front.refused.length > 0, "the refusal");
  assert.deepEqual(front.refused, [[id, NACK_FULL]]);
  last.socket.destroy();
  await isOver(http);
  const second = front.handOff(fd);
  await rig.until(() => front.acknowledged.includes(second), "the acknowledgement");
  front.drop(fd);
}, { maxConnections: 1 });

const sockets: Socket[] = [];

testFetch("an error on an upgraded socket reaches whoever listens", (_, info) => {
  const { socket, response } = info.upgrade();
  socket.on("error", (error: Error) => thrown.push(String(error)));
  socket.resume();
  sockets.push(socket);
  return response;
}, async (http) => {
  const { rig, give } = http;
  const client = give(`${UPGRADE}\r\n`);
  await rig.until(() => sockets.length === 1, "the upgrade");
  thrown.length = 0;
  client.reset();
  await isOver(http);
  assert.match(thrown.join(), /ECONNRESET/);
});
