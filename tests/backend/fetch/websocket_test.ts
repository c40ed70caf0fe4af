/** WebSockets that handlers ask for: the handshake, messages, closing, and clients that fall silent. */

import assert from "node:assert/strict";
import { upgradeWebSocket } from "../../../src/backend/fetch/deno_websocket.ts";
import type { FetchHandler, WebSocketOptions } from "../../../src/backend/fetch/handler.ts";
import type { Client } from "../../front/clients.ts";
import { isRead } from "../../support/proc.ts";
import { type HttpRig, testFetch } from "../rig.ts";
import { BINARY, CLOSE, closeFrame, frame, framesIn, PING, PONG, TEXT } from "./frames.ts";

const FIELDS: Readonly<Record<string, string>> = {
  Host: "a.test",
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** A handshake; a field that is undefined is left out. */
function handshake(
  change: Readonly<Record<string, string | undefined>> = {},
  line = "GET /chat HTTP/1.1",
): string {
  const fields = Object.entries({ ...FIELDS, ...change }).filter(([, value]) => value !== undefined);
  return `${line}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** What has happened to the sockets of the handler, in order. */
let events: string[] = [];
let socket: WebSocket;

function serving(options?: WebSocketOptions): FetchHandler {
  return (request) => {
    events = [];
    const upgrade = upgradeWebSocket(request, options);
    socket = upgrade.socket;
    events.push(`state ${socket.readyState}`);
    socket.onopen = () => events.push(`open ${socket.readyState}`);
    socket.onmessage = ({ data }) => events.push(`message ${typeof data} ${data}`);
    socket.onerror = (event) => events.push(`error ${(event as ErrorEvent).message}`);
    socket.onclose = ({ code, reason, wasClean }) => {
      events.push(`close ${code} ${reason} ${wasClean} ${socket.readyState}`);
    };
    return upgrade.response;
  };
}

async function opened({ rig, give }: HttpRig, change = {}): Promise<Client> {
  const client = give(handshake(change));
  await rig.until(() => client.received.includes("\r\n\r\n") && events.length > 1, "the handshake");
  return client;
}

/** Waits for frames, and takes those of this kind. */
async function frames({ rig }: HttpRig, client: Client, opcode: number, count = 1): Promise<string[]> {
  const found = () => framesIn(client.received).filter((frame) => frame.opcode === opcode);
  await rig.until(() => found().length >= count, `${count} frames of kind ${opcode}`);
  return found().map(({ code, text }) => code === undefined ? text : `${code} ${text}`);
}

/** Waits until the server has ended its side, which it does first (RFC 6455, 7.1.1), and ends the client's. */
async function ending({ rig }: HttpRig, client: Client): Promise<void> {
  await rig.until(() => client.ended !== false, "the end of the connection");
  client.close();
}

async function closed({ rig }: HttpRig): Promise<void> {
  await rig.until(() => rig.backend.active === 0 && events.at(-1)!.startsWith("close"), "the end");
}

/** The interval at which a WebSocket looks after its client: it comes when a test says so, not when it is late itself. */
class Heart {
  readonly #setInterval = globalThis.setInterval;
  #look = () => {};

  constructor() {
    const take = (look: () => void) => {
      this.#look = look;
      return 0;
    };
    Object.assign(globalThis, { setInterval: take });
  }

  /** The WebSocket has it: whoever wants another one gets it as ever. */
  release(): void {
    globalThis.setInterval = this.#setInterval;
  }

  /** Comes after so many milliseconds. */
  beat({ rig }: HttpRig, milliseconds: number): void {
    rig.clock.now += milliseconds;
    this.#look();
  }
}

testFetch("the handshake is that of RFC 6455, 1.3", serving(), async (http) => {
  const client = await opened(http);
  assert.equal(
    client.received,
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
  );
  assert.deepEqual(events, ["state 0", "open 1"]);
});

testFetch("messages come and go, as text and as bytes", serving(), async (http) => {
  const client = await opened(http);
  client.send(frame(TEXT, "grüß"));
  await http.rig.until(() => events.includes("message string grüß"), "a text");
  client.send(frame(BINARY, new Uint8Array([1, 2])));
  await http.rig.until(() => events.at(-1) === "message object [object ArrayBuffer]", "bytes");
  socket.binaryType = "blob";
  client.send(frame(BINARY, new Uint8Array([1, 2])));
  await http.rig.until(() => events.at(-1) === "message object [object Blob]", "a Blob");

  const bytes = new Uint8Array([0x61, 0x62, 0x63]);
  socket.send("text");
  socket.send(bytes);
  // What is sent is what it was then.
  bytes.fill(0x7a);
  socket.send(bytes.buffer);
  socket.send(new DataView(new Uint8Array([0x78, 0x79]).buffer, 1));
  socket.send(new Blob(["blob"]));
  assert.deepEqual(await frames(http, client, TEXT), ["text"]);
  assert.deepEqual(await frames(http, client, BINARY, 4), ["abc", "zzz", "y", "blob"]);
});

testFetch("what was sent with the handshake is the first message", serving(), async (http) => {
  const client = http.give(new TextDecoder().decode(
    new Uint8Array([
      ...new TextEncoder().encode(handshake()),
    ]),
  ));
  client.send(frame(TEXT, "early"));
  await http.rig.until(() => events.at(-1) === "message string early", "the message");
  assert.deepEqual(events, ["state 0", "open 1", "message string early"]);
});

testFetch("it is a WebSocket to those who ask, and handlers are listeners like others", (request) => {
  events = [];
  const upgrade = upgradeWebSocket(request);
  ({ socket } = upgrade);
  assert.ok(socket instanceof WebSocket && socket instanceof EventTarget);
  assert.deepEqual([socket.OPEN, socket.onmessage, socket.url, socket.binaryType, socket.extensions], [
    1,
    null,
    "",
    "arraybuffer",
    "",
  ]);
  assert.throws(() => socket.send("x"), { name: "InvalidStateError" });
  socket.onmessage = () => events.push("first");
  socket.addEventListener("message", () => events.push("second"), { once: true });
  socket.onmessage = (event) => events.push(event.constructor.name);
  return upgrade.response;
}, async (http) => {
  const client = http.give(handshake());
  client.send(frame(TEXT, "x"));
  client.send(frame(TEXT, "y"));
  await http.rig.until(() => events.length === 3, "the events");
  assert.deepEqual(events, ["MessageEvent", "second", "MessageEvent"]);
});

testFetch(
  "the subprotocol is spoken if the client offers it",
  serving({ protocol: "chat" }),
  async (http) => {
    const client = await opened(http, { "Sec-WebSocket-Protocol": "other, chat" });
    assert.match(client.received, /\r\nSec-WebSocket-Protocol: chat\r\n/);
    assert.equal(socket.protocol, "chat");
    const second = await opened(http, { "Sec-WebSocket-Protocol": "other" });
    assert.doesNotMatch(second.received, /protocol:/i);
    assert.equal(socket.protocol, "");
  },
);

testFetch("fields of the response go with the handshake, and no extension is agreed on", (request) => {
  const { socket, response } = upgradeWebSocket(request);
  assert.equal(response.status, 101);
  assert.equal(response.ok, false);
  response.headers.append("Set-Cookie", "a=1");
  response.headers.append("Set-Cookie", "b=2");
  socket.onopen = () => events.push("open");
  return response;
}, async (http) => {
  const client = await opened(http, { "Sec-WebSocket-Extensions": "permessage-deflate" });
  assert.match(client.received, /\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n$/i);
  assert.doesNotMatch(client.received, /extensions/i);
});

testFetch("a client closes, and is answered with its own code", serving(), async (http) => {
  const client = await opened(http);
  client.send(closeFrame(4001, "enough"));
  assert.deepEqual(await frames(http, client, CLOSE), ["4001 enough"]);
  await ending(http, client);
  await closed(http);
  assert.deepEqual(events.slice(2), ["close 4001 enough true 3"]);
  socket.send("nobody hears this");
  socket.close();
});

testFetch("a handler closes with a code and a reason", serving(), async (http) => {
  const client = await opened(http);
  socket.close(1012, "come again");
  assert.equal(socket.readyState, 2);
  assert.deepEqual(await frames(http, client, CLOSE), ["1012 come again"]);
  client.send(closeFrame(1012));
  await ending(http, client);
  await closed(http);
  assert.deepEqual(events.slice(2), ["close 1012  true 3"]);
});

testFetch("codes and reasons that cannot be sent are refused", serving(), async (http) => {
  await opened(http);
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, NaN]) {
    assert.throws(() => socket.close(code), { name: "InvalidAccessError" }, String(code));
  }
  assert.throws(() => socket.close(1000, "ü".repeat(62)), { name: "SyntaxError" });
  assert.equal(socket.readyState, 1);
});

testFetch("a socket that is closed before it opens closes as soon as it has", (request) => {
  events = [];
  const upgrade = upgradeWebSocket(request);
  ({ socket } = upgrade);
  socket.onopen = () => events.push("open");
  socket.onclose = () => events.push("close");
  socket.close(4000);
  events.push(`state ${socket.readyState}`);
  return upgrade.response;
}, async (http) => {
  const client = http.give(handshake());
  assert.deepEqual(await frames(http, client, CLOSE), ["4000 "]);
  client.send(closeFrame(4000));
  await ending(http, client);
  await closed(http);
  assert.deepEqual(events, ["state 2", "close"]);
});

testFetch("a client that is gone without a word closes unclean", serving(), async (http) => {
  const client = await opened(http);
  client.close();
  await closed(http);
  assert.deepEqual(events.slice(2), ["close 1006  false 3"]);
});

testFetch("a message that is too long ends it with 1009", serving({ maxPayload: 3 }), async (http) => {
  const client = await opened(http);
  client.send(frame(TEXT, "abc"));
  client.send(frame(TEXT, "abcd"));
  assert.match((await frames(http, client, CLOSE))[0]!, /^1009/);
  client.close();
  await closed(http);
  assert.equal(events[2], "message string abc");
  assert.match(events[3]!, /^error Max payload size exceeded/);
});

testFetch("frames that break the protocol end it with 1002", serving(), async (http) => {
  const client = await opened(http);
  client.send(new Uint8Array([0x81, 0x01, 0x61])); // not masked
  assert.match((await frames(http, client, CLOSE))[0]!, /^1002/);
  client.close();
  await closed(http);
});

testFetch("a Ping is answered, with what it says", serving(), async (http) => {
  const client = await opened(http);
  client.send(frame(PING, "are you there"));
  assert.deepEqual(await frames(http, client, PONG), ["are you there"]);
});

testFetch(
  "a silent client is asked for a sign of life, and stays if it gives one",
  serving({ idleTimeout: 60 }),
  async (http) => {
    const heart = new Heart();
    const client = await opened(http).finally(() => heart.release());
    // The handshake is a sign of life.
    heart.beat(http, 30_000);
    for (let count = 1; count <= 2; count++) {
      heart.beat(http, 30_000);
      await frames(http, client, PING, count);
      client.send(frame(PONG));
      await http.rig.until(() => isRead(http.front.port, client.port), "the answer to be read");
      await http.rig.settle();
      heart.beat(http, 30_000);
      assert.equal(socket.readyState, 1);
    }
    heart.beat(http, 30_000);
    await frames(http, client, PING, 3);
    // A process that was held up has not looked, and asks once more.
    heart.beat(http, 60_000);
    await frames(http, client, PING, 4);
    assert.equal(socket.readyState, 1);
    // And now the client falls silent.
    heart.beat(http, 30_000);
    await closed(http);
    assert.deepEqual(events.slice(2), ["error The client gives no sign of life", "close 1006  false 3"]);
  },
);

testFetch("idleTimeout 0 never asks", serving({ idleTimeout: 0 }), async (http) => {
  const client = await opened(http);
  await http.rig.advance(600_000);
  client.send(frame(TEXT, "x"));
  await http.rig.until(() => events.includes("message string x"), "a message");
  assert.deepEqual(framesIn(client.received), []);
});

testFetch("bufferedAmount tells what a client does not take", serving(), async (http) => {
  const client = await opened(http);
  const message = "x".repeat(65_000);
  for (let count = 0; count < 200; count++) socket.send(message);
  await http.rig.settle();
  assert.ok(socket.bufferedAmount > 1_000_000, `${socket.bufferedAmount}`);
  await http.rig.until(() => (client.received, socket.bufferedAmount === 0), "all of it to be sent");
  await frames(http, client, TEXT, 200);
});

/** Requests that are no handshake. */
const REFUSED: readonly (readonly [what: string, request: string, why: RegExp])[] = [
  ["another method", handshake({}, "POST / HTTP/1.1"), /a WebSocket begins with GET/],
  ["HTTP/1.0", handshake({}, "GET / HTTP/1.0"), /HTTP\/1\.0/],
  ["no Upgrade field", handshake({ Upgrade: undefined }), /with an Upgrade field/],
  ["another protocol", handshake({ Upgrade: "h2c" }), /does not name websocket/],
  ["no Connection field", handshake({ Connection: undefined }), /no "Connection: Upgrade"/],
  ["no key", handshake({ "Sec-WebSocket-Key": undefined }), /Sec-WebSocket-Key/],
  ["a key that is too short", handshake({ "Sec-WebSocket-Key": "YQ==" }), /Sec-WebSocket-Key/],
  [
    "another version",
    handshake({ "Sec-WebSocket-Version": "8" }),
    /^Sec-WebSocket-Version: 13\r$[^]*is not 13/m,
  ],
  [
    "no subprotocol where one is named",
    handshake({ "Sec-WebSocket-Protocol": "a,,b" }),
    /not a list of names/,
  ],
  ["content", handshake({ "Content-Length": "1" }) + "x", /content that nobody has read/],
];

for (const [what, request, why] of REFUSED) {
  testFetch(`no handshake: ${what}: 400, and nobody is to blame`, serving(), async (http) => {
    const client = http.give(request);
    await http.rig.until(() => /\r\n\r\n.*\n/.test(client.received), "the answer");
    assert.match(client.received, /^HTTP\/1\.1 400 /);
    assert.match(client.received, why);
    assert.deepEqual(http.errors, []);
  });
}

testFetch("options that make no sense are the handler's fault", (_, info) => {
  for (
    const options of [{ idleTimeout: -1 }, { idleTimeout: Infinity }, { maxPayload: 0 }, { maxPayload: 1.5 }]
  ) {
    assert.throws(() => info.upgradeWebSocket(options), RangeError);
  }
  return new Response("fine");
}, async (http) => {
  const client = http.give(handshake());
  await http.rig.until(() => client.received.endsWith("fine"), "the response");
});

for (
  const [what, respond, status] of [
    ["responds otherwise", () => new Response("no", { status: 403 }), 403],
    ["fails", () => {
      throw new Error("mine");
    }, 500],
  ] as const
) {
  testFetch(
    `a handler that asks for a WebSocket and then ${what}: there is none, and the socket says so`,
    (request) => {
      serving()(request, {} as never);
      return respond();
    },
    async (http) => {
      const client = http.give(handshake());
      await http.rig.until(() => client.received.includes("\r\n\r\n"), "the response");
      assert.match(client.received, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(events.length, 3);
      assert.match(events[1]!, /^error Cannot open the WebSocket: the handler has/);
      assert.equal(events[2], "close 1006  false 3");
    },
  );
}

testFetch(
  "a client that leaves before the response: there is none, and nobody is to blame",
  async (request) => {
    const response = serving()(request, {} as never);
    await new Promise((resolve) => setTimeout(resolve, 10));
    return response;
  },
  async (http) => {
    const client = http.give(handshake());
    await http.rig.until(() => events.length > 0, "the handler");
    client.reset();
    await closed(http);
    assert.equal(events.at(-1), "close 1006  false 3");
    assert.deepEqual(http.errors, []);
  },
);

testFetch(
  "at the end of a backend, WebSockets say that they go away, and others do not hold it up",
  (request, info) => {
    if (request.url.endsWith("/raw")) {
      const { socket, response } = info.upgrade();
      socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
      return response;
    }
    return serving()(request, info);
  },
  async (http) => {
    const { rig } = http;
    const client = await opened(http);
    const raw = http.give(handshake({}, "GET /raw HTTP/1.1"));
    await rig.until(() => raw.received !== "", "the other upgrade");
    let left = false;
    const leaving = rig.backend.takeLeave(60_000).then(() => left = true);
    assert.deepEqual(await frames(http, client, CLOSE), ["1001 Server shutting down"]);
    assert.equal(left, false);
    client.send(closeFrame(1001));
    await ending(http, client);
    await rig.until(() => left, "the end of the WebSocket");
    await leaving;
    assert.equal(rig.backend.active, 1);
    // One that does not answer is not waited for.
    await opened(http);
    await rig.backend.takeLeave(10);
  },
);

Deno.test("upgradeWebSocket() is Deno's for requests that are not this backend's", () => {
  assert.throws(() => upgradeWebSocket(new Request("http://a/")), TypeError);
});
