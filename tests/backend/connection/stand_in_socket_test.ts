/** The stand-in for a socket of node:net, on a connection as it came. */

import assert from "node:assert/strict";
import { StandIn } from "../../../src/backend/connection/stand_in_socket.ts";
import type { Client } from "../../front/clients.ts";
import { type Recorder, type Rig, test } from "../rig.ts";

/** A client, and the stream on its connection. */
async function connected(rig: Rig<Recorder>): Promise<{ client: Client; stream: StandIn }> {
  const front = await rig.front();
  const client = front.give();
  const connection = await rig.until(() => rig.server.connections[0], "the connection");
  return { client, stream: new StandIn(connection) };
}

test("the stand-in passes bytes both ways, and either side ends by itself", async (rig) => {
  const { client, stream } = await connected(rig);
  assert.equal(stream.remotePort, client.port);
  let heard = "";
  stream.on("data", (piece: Uint8Array) => heard += new TextDecoder().decode(piece));
  stream.on("end", () => stream.end("bye"));
  client.send("one");
  await rig.until(() => heard === "one", "what was sent");
  await rig.advance(600_000);
  client.send("two");
  await rig.until(() => heard === "onetwo", "the rest");
  client.end();
  assert.equal(await rig.rest(client), "bye");
  await rig.until(() => rig.backend.active === 0, "the end");
  assert.deepEqual([stream.bytesRead, stream.bytesWritten], [6, 3]);
});

test("the stand-in holds back what its reader and its client do not take", async (rig) => {
  const { client, stream } = await connected(rig);
  const piece = "x".repeat(1 << 20);
  for (let count = 0; count < 8; count++) stream.write(piece);
  await rig.settle();
  assert.ok(stream.writableLength > 0);
  stream.end();
  assert.equal((await rig.rest(client)).length, 8 << 20);
  client.send("y".repeat(400_000));
  await rig.settle();
  stream.read(1);
  await rig.settle();
  assert.ok(stream.bytesRead < 400_000, `${stream.bytesRead} bytes were read for nobody`);
  stream.destroy();
  await rig.until(() => rig.backend.active === 0, "the end");
});

test("the stand-in ends with a client that resets, and with its connection", async (rig) => {
  const { client, stream } = await connected(rig);
  stream.resume();
  client.reset();
  await rig.until(() => stream.destroyed && rig.backend.active === 0, "the end");
});

test("the stand-in comes to an end with the backend", async (rig) => {
  const { client, stream } = await connected(rig);
  stream.resume();
  await rig.settle();
  rig.backend.close();
  await rig.until(() => stream.destroyed, "the end");
  assert.equal(await rig.rest(client), "");
});
