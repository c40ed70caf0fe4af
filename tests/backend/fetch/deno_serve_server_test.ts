/** The server object and the options of `serve`, beside those of `Deno.serve`: in one process, over sockets. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { upgradeWebSocket } from "../../../src/backend/fetch/deno_websocket.ts";
import type { Client } from "../../front/clients.ts";
import { until, within } from "../../support/waiting.ts";
import {
  DenoSide,
  type Handler,
  type Options,
  OwnSide,
  quietly,
  type Server,
  type Side,
} from "./deno_serve/servers.ts";
import { SERVER_DIFFERENCES } from "./deno_serve/server_differences.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const hello = () => new Response("hello");
const fails = () => {
  throw new Error("mine");
};

async function responseOf(client: Client): Promise<string> {
  await until(() => /\r\n\r\n./s.test(client.received) || client.ended !== false, "a response");
  const head = /^.*?\r\n\r\n/s.exec(client.received)?.[0] ?? "";
  return head.toLowerCase().replace(/^date: .*\r\n/m, "") + client.received.slice(head.length);
}

const ended = (client: Client) => until(() => client.ended !== false, "the end of the connection");

/** A handler that waits until it is told to go on. */
function waiting() {
  const begun = Promise.withResolvers<void>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const handler = async () => {
    begun.resolve();
    await promise;
    return new Response("late");
  };
  return { handler, begun: begun.promise, goOn: resolve };
}

async function answerTo(side: Side, handler: Handler, options?: Options): Promise<string> {
  await using _server = side.start(handler, options);
  const client = await side.connect(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  return await responseOf(client);
}

/** What requests get, one after another, to which a handler has the same response. */
async function answersTo(side: Side, response: Response, methods = ["GET", "GET"]): Promise<string[]> {
  await using _server = side.start(() => response);
  const answers: string[] = [];
  for (const method of methods) {
    const client = await side.connect(`${method} / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`);
    await ended(client);
    answers.push(await responseOf(client));
  }
  return answers;
}

const HANDSHAKE = GET.replace(
  "\r\n\r\n",
  "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
);

/** What is looked at; the same on both sides unless its name is that of a difference. */
const CHECKS: Readonly<Record<string, (side: Side) => Promise<unknown>>> = {
  async "members"(side) {
    await using server = side.start(hello);
    const { finished, shutdown } = server;
    return [
      finished instanceof Promise,
      typeof shutdown,
      typeof server[Symbol.asyncDispose],
      "then" in server,
    ];
  },
  async "`ref()` and `unref()`"(side) {
    await using server = side.start(hello);
    return ["ref" in server, "unref" in server];
  },
  async "What `automaticCompression` compresses"(side) {
    const types = ["text/x", "application/x+json", "application/x+xml"];
    const text = GET.replace("\r\n\r\n", "\r\nAccept-Encoding: GZIP\r\nConnection: close\r\n\r\n");
    const large = () => new Response("a".repeat(1_000), { headers: { "content-type": types.shift()! } });
    await using _server = side.start(large, { automaticCompression: true });
    const answers: boolean[] = [];
    while (types.length > 0) {
      answers.push(/content-encoding: gzip/.test(await responseOf(await side.connect(text))));
    }
    return answers;
  },
  async "`addr`, and the address that `onListen` gets"(side) {
    let address: Deno.Addr | undefined;
    await using server = side.start(hello, { onListen: (it) => address = it });
    return [server.addr.transport, address?.transport];
  },
  async "onListen is called once, before anything else, with addr"(side) {
    const addresses: Deno.Addr[] = [];
    await using server = side.start(hello, { onListen: (it) => addresses.push(it) });
    const before = addresses.length;
    await answerTo(side, hello).catch(() => {});
    return [before, addresses.length, JSON.stringify(addresses[0]) === JSON.stringify(server.addr)];
  },
  "onError answers": (side) =>
    answerTo(side, fails, { onError: (error) => new Response(String(error), { status: 555 }) }),
  "onError fails": (side) => answerTo(side, fails, { onError: fails }),
  "onError returns no response": (side) =>
    answerTo(side, fails, { onError: () => undefined as unknown as Response }),
  "onError answers later": (side) =>
    answerTo(side, fails, { onError: async (error) => (await undefined, new Response(String(error))) }),
  "onError takes a rejection": (side) =>
    answerTo(side, () => Promise.reject("mine"), { onError: (error) => new Response(String(error)) }),
  "onError takes what is no response": (side) =>
    answerTo(side, () => undefined as unknown as Response, {
      onError: (error) => new Response(String(error instanceof TypeError)),
    }),
  async "onError is told of a stream that fails"(side) {
    const asked: unknown[] = [];
    const failing = () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new Uint8Array([65]));
            await new Promise((resolve) => setTimeout(resolve, 5));
            controller.error(new Error("mine"));
          },
        }),
      );
    const answer = await answerTo(side, failing, { onError: (error) => (asked.push(error), quietly()) });
    return [answer, asked.length];
  },
  async "a signal that is aborted ends it at once, whatever a handler does"(side) {
    const controller = new AbortController();
    const { handler, begun, goOn } = waiting();
    const server = side.start(handler, { signal: controller.signal });
    const client = await side.connect(GET);
    await within(begun, "the handler");
    controller.abort();
    await within(server.finished, "the end");
    await ended(client);
    goOn();
    return [client.received, client.ended !== false];
  },
  async "A `signal` that is aborted before"(side) {
    await using server = side.start(hello, { signal: AbortSignal.abort() });
    // Ours ends, however long a busy machine takes for that.
    if (side instanceof OwnSide) return await within(server.finished, "the end");
    const never = new Promise((resolve) => setTimeout(resolve, 50)).then(() => "still there");
    return await Promise.race([server.finished, never]);
  },
  async "shutdown() waits for a handler, and for its response"(side) {
    const { handler, begun, goOn } = waiting();
    const server = side.start(handler);
    const client = await side.connect(GET);
    await within(begun, "the handler");
    let isOver = false;
    const over = server.shutdown().then(() => isOver = true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const before = isOver;
    goOn();
    await within(over, "the end");
    return [before, (await responseOf(client)).endsWith("late"), await within(server.finished, "finished")];
  },
  async "shutdown() that a handler calls, and does not wait for"(side) {
    const server: Server = side.start(() => {
      void server.shutdown();
      return new Response("last");
    });
    const client = await side.connect(GET);
    const response = await responseOf(client);
    await within(server.finished, "the end");
    return response.endsWith("last");
  },
  async "shutdown() that a handler waits for, which waits for the handler"(side) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const server: Server = side.start(async () => {
      // In neither is it settled before the response; whoever waits for it alone waits for ever.
      await Promise.race([server.shutdown(), promise]);
      return new Response("last");
    });
    const client = await side.connect(GET);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = client.received;
    resolve();
    const response = await responseOf(client);
    await within(server.finished, "the end");
    return [before, response.endsWith("last")];
  },
  async "shutdown() waits for a stream"(side) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = side.start(() =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new Uint8Array([65]));
            await promise;
            controller.enqueue(new Uint8Array([66]));
            controller.close();
          },
        }),
      )
    );
    const client = await side.connect(GET);
    await until(() => client.received.endsWith("A\r\n"), "the first piece");
    const over = server.shutdown();
    resolve();
    await within(over, "the end");
    return client.received.replace(/^.*?\r\n\r\n/s, "");
  },
  "a text that is returned twice": (side) => answersTo(side, new Response("once")),
  "an empty text that is returned twice": (side) => answersTo(side, new Response("")),
  "bytes that are returned twice": (side) => answersTo(side, new Response(new Uint8Array(3))),
  "JSON that is returned twice": (side) => answersTo(side, Response.json({ a: 1 })),
  "a Blob that is returned twice": (side) => answersTo(side, new Response(new Blob(["once"]))),
  "a stream that is returned twice": (side) =>
    answersTo(side, new Response(ReadableStream.from([new Uint8Array([65])]))),
  "nothing that is returned twice": (side) => answersTo(side, new Response(null, { status: 404 })),
  "a 204 that is returned twice": (side) => answersTo(side, new Response(null, { status: 204 })),
  "a redirect that is returned twice": (side) => answersTo(side, Response.redirect("http://b.test/")),
  "a text that is returned twice, and once for HEAD": (side) =>
    answersTo(side, new Response("once"), ["HEAD", "GET", "GET"]),
  async "shutdown() twice"(side) {
    const server = side.start(hello);
    return await within(Promise.all([server.shutdown(), server.shutdown(), server.finished]), "the end");
  },
  async "`shutdown()` and connections on which nothing happens"(side) {
    const server = side.start(hello);
    const client = await side.connect(GET);
    await responseOf(client);
    await within(server.shutdown(), "the end");
    await new Promise((resolve) => setTimeout(resolve, 5));
    return client.ended;
  },
  async "shutdown() tells a WebSocket (1001)"(side) {
    const closed = Promise.withResolvers<void>();
    const server = side.start((request) => {
      const { socket, response } = upgradeWebSocket(request);
      socket.onclose = () => closed.resolve();
      return response;
    });
    const client = await side.connect(HANDSHAKE);
    await until(() => client.received.includes("\r\n\r\n"), "the handshake");
    const over = server.shutdown();
    await until(() => /\r\n\r\n\x88/.test(client.received), "a Close frame");
    const frame = Buffer.from(client.received.slice(client.received.indexOf("\r\n\r\n") + 4), "latin1");
    // The same code, masked with nothing.
    client.send(new Uint8Array([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]));
    await ended(client);
    client.end();
    await within(Promise.all([over, closed.promise, server.finished]), "the end");
    return [frame.readUInt16BE(2), frame.subarray(4).toString("latin1")];
  },
  async "An address that is in use"(side) {
    if (side instanceof DenoSide) {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      return errorOf(() => side.start(hello, { port: (listener.addr as Deno.NetAddr).port } as Options));
    }
    await using _server = side.start(hello);
    return errorOf(() => side.start(hello));
  },
};

function errorOf(start: () => unknown): string {
  try {
    start();
    return "";
  } catch (error) {
    return (error as Error).name;
  }
}

Deno.test("serve() does what Deno.serve() does, but for the differences that are told of", async (t) => {
  const met = new Set<string>();
  for (const [name, check] of Object.entries(CHECKS)) {
    await t.step(name, async () => {
      const [there, here] = [new DenoSide(), new OwnSide()];
      try {
        const seen = [await check(there), await check(here)];
        if (SERVER_DIFFERENCES.includes(name)) {
          assert.notDeepEqual(seen[1], seen[0], "this is no difference any more");
          met.add(name);
        } else assert.deepEqual(seen[1], seen[0]);
      } finally {
        there[Symbol.dispose]();
        here[Symbol.dispose]();
      }
    });
  }
  assert.deepEqual(
    SERVER_DIFFERENCES.filter((name) => !met.has(name)),
    [],
    "nobody has met these differences",
  );
});
