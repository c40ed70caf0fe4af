import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { IPPROTO_TCP, setOption, TCP_NODELAY } from "../../../ffi/mod.ts";
import { FetchRequestHandler } from "../../../src/backend/fetch/fetch_handler.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import type { Client } from "../../front/clients.ts";
import { type Case, latin1, LIMITS, seen, show } from "../../http/compliance/case.ts";
import { Reader } from "../../http/compliance/reader.ts";
import { CASES } from "../../http/compliance/table.ts";
import { Rig, withRig } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";
import { isOfHandler, requestOf, responsesOf, sayWhatWasSeen } from "./responses.ts";

/** So many connections at once. */
const BATCH = 60;

/** A case on its connection. */
interface Run {
  readonly of: Case;
  readonly client: Client;
  /** What is still to be sent. */
  readonly pieces: Uint8Array<ArrayBuffer>[];
}

/** In which pieces the bytes arrive. */
type Cut = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>[];

const CUTS: readonly (readonly [how: string, cut: Cut])[] = [
  ["whole", (bytes) => [bytes]],
  ["in two halves", (bytes) => at(bytes, bytes.length >> 1)],
  ["without the last byte, and that", (bytes) => at(bytes, bytes.length - 1)],
  ["the first byte, and the rest", (bytes) => at(bytes, 1)],
  ["byte by byte", (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte))],
];

function at(bytes: Uint8Array<ArrayBuffer>, place: number): Uint8Array<ArrayBuffer>[] {
  return [bytes.slice(0, place), bytes.slice(place)];
}

/** A client whose kernel does not keep a small piece back until the one before it is acknowledged (Nagle). */
function promptClient(front: ScriptedFront): Client {
  const client = front.give();
  setOption(client.fd, IPPROTO_TCP, TCP_NODELAY, true);
  return client;
}

/** Sends the pieces of all of them, one after the other, and looks at what came of it. */
async function play(rig: Rig<HttpServer>, front: ScriptedFront, cases: readonly Case[], cut: Cut) {
  const runs = cases.map((of): Run => ({ of, client: promptClient(front), pieces: cut(latin1(of[1])) }));
  await rig.settle();
  while (runs.some(({ pieces }) => pieces.length > 0)) {
    for (const { client, pieces } of runs) {
      const piece = pieces.shift();
      // Whoever has been told that it is over need not go on, and gets a reset if it does.
      if (piece !== undefined && client.ended === false) client.send(piece);
    }
    await rig.settle();
  }
  for (const { of, client } of runs) {
    await rig.until(() => isAsExpected(of, client), show(of)).catch(() => {});
    assert.deepEqual(outcome(client), expected(of), show(of));
  }
  // What a connection waits for shows when nothing more comes.
  const waiting = runs.filter(({ client }) => client.ended === false);
  for (const { client } of waiting) client.end();
  for (const { of, client } of waiting) {
    const last = responsesOf(await rig.rest(client)).slice(requestsOf(of).length).map(({ status }) => status);
    // Who sends empty lines and ends has asked nothing.
    const refused = of[2] === "head" && !/(?:^|\r\n\r\n)(?:\r\n?)+$/.test(of[1]);
    assert.deepEqual(last, refused ? [400] : [], `${show(of)} at its end`);
    assert.equal(client.ended, "end");
  }
  for (const { of, client } of runs) {
    // Each field, also those that the table does not show.
    const reader = new Reader(LIMITS);
    reader.feed(latin1(of[1]));
    const good = responsesOf(client.received).filter(isOfHandler);
    assert.deepEqual(good.map(requestOf), reader.requests, show(of));
    client.close();
  }
}

/** What a client sees: the requests that were answered, the statuses of refusals, and whether it is over. */
function outcome(client: Client): unknown {
  const responses = responsesOf(client.received);
  const good = responses.filter(isOfHandler);
  return {
    requests: good.map(requestOf).map(seen),
    refusals: responses.slice(good.length).map(({ status }) => status),
    ended: client.ended,
    saysSo: responses.some(({ fields }) => fields.get("connection") === "close"),
  };
}

function isAsExpected(of: Case, client: Client): boolean {
  try {
    return isDeepStrictEqual(outcome(client), expected(of));
  } catch {
    return false; // half a response
  }
}

function requestsOf([, , , ...requests]: Case): readonly string[] {
  return requests;
}

function expected(of: Case): unknown {
  const then = of[2];
  const refused = typeof then === "number" ? then : then === "broken" ? 400 : undefined;
  const over = refused !== undefined || then === "close";
  return {
    requests: requestsOf(of),
    refusals: refused === undefined ? [] : [refused],
    ended: over ? "end" : false,
    saysSo: over,
  };
}

for (const [how, cut] of CUTS) {
  Deno.test(`a served connection and each case of the compliance table, ${how}`, () => {
    const errors: unknown[] = [];
    const server = () =>
      new HttpServer({ handle: sayWhatWasSeen }, { limits: LIMITS, onError: (error) => errors.push(error) });
    return withRig(() => new Rig(server()), async (rig) => {
      const front = await rig.front();
      for (let first = 0; first < CASES.length; first += BATCH) {
        await play(rig, front, CASES.slice(first, first + BATCH), cut);
      }
      assert.deepEqual(errors, []);
    });
  });
}

Deno.test("a fetch handler gets each request that the compliance table lets through, or the client is told", () => {
  const errors: unknown[] = [];
  const handler = new FetchRequestHandler(async (request) => {
    const { method, url, headers } = request;
    const content = (await request.arrayBuffer()).byteLength;
    // Success would open a tunnel (RFC 9110, 9.3.6).
    const status = method === "CONNECT" ? 405 : 200;
    return Response.json({ method, url, headers: [...headers], content }, { status });
  }, (error) => void errors.push(error));
  const server = () => new HttpServer(handler, { limits: LIMITS, onError: (error) => errors.push(error) });
  return withRig(() => new Rig(server()), async (rig) => {
    const front = await rig.front();
    for (const of of CASES) {
      const client = front.give();
      client.send(latin1(of[1]));
      client.end();
      await rig.until(() => client.ended !== false, show(of));
      const statuses = [...client.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) =>
        Number(status)
      );
      const own = statuses.filter((status) => ![100, 200, of[2]].includes(status));
      // A URL that a Request cannot have; or what a case that waits has come to.
      assert.ok(own.every((status) => status === 400 || status === 405), `${show(of)}: ${statuses}`);
      assert.deepEqual(errors, [], show(of));
      client.close();
      // A front that reads no answers gets none, and its hand-offs wait.
      front.read();
    }
  });
});
