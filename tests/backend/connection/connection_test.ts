import assert from "node:assert/strict";
import { adopt, close, duplicate } from "../../../ffi/mod.ts";
import { type Connection, ConnectionLost } from "../../../src/backend/connection/connection.ts";
import { encodeTls } from "../../../src/protocol/tls_field.ts";
import type { Transfer } from "../../../src/protocol/transfer.ts";
import type { Client } from "../../front/clients.ts";
import { bytes, type Recorder, type Rig, test } from "../rig.ts";

const IN_THE_KERNEL = encodeTls({
  way: "kernel",
  version: 0x0304,
  cipher: 0x1301,
  cipherName: "TLS_AES_128_GCM_SHA256",
  resumed: false,
  serverName: "one.test",
  policy: 0,
});

/** A client's connection, handed over and served by nobody. */
async function given(
  rig: Rig<Recorder>,
  text = "",
  change: Partial<Transfer> = {},
): Promise<{ client: Client; connection: Connection }> {
  const front = rig.fronts[0] ?? await rig.front();
  const count = rig.server.connections.length;
  const client = front.give(text, change);
  await rig.until(() => rig.server.connections.length > count, "the connection");
  front.read();
  return { client, connection: rig.server.connections.at(-1)! };
}

/** What became of a wait: still `pending`, `done`, or an error's text. */
function outcome(promise: Promise<unknown>): { readonly now: string } {
  const state = { now: "pending" };
  promise.then(() => state.now = "done", (error) => {
    assert.ok(error instanceof ConnectionLost);
    state.now = error.message;
  });
  return state;
}

/** Fills what the client's side has room for. */
function fill(connection: Connection): void {
  const piece = new Uint8Array(200_000);
  while (connection.send(piece, false) > 0);
}

test("readable() ends when something comes, at once when it is there, and at the client's end", async (rig) => {
  const { client, connection } = await given(rig);
  const { stall } = rig.backend.times;
  const first = outcome(connection.readable(stall));
  await rig.settle();
  assert.equal(first.now, "pending");
  client.send("x");
  await rig.until(() => first.now === "done", "the first");
  const scratch = new Uint8Array(10);
  assert.equal(connection.receive(scratch, 10n), 1);
  const second = outcome(connection.readable(stall));
  client.end();
  await rig.until(() => second.now === "done", "the second");
  assert.equal(connection.receive(scratch, 10n), 0);
});

for (
  const [what, tls] of [["in clear text", undefined], ["where the kernel does TLS", IN_THE_KERNEL]] as const
) {
  test(`what is received is counted ${what}`, async (rig) => {
    const { client, connection } = await given(rig, "", tls === undefined ? {} : { tls });
    assert.equal(connection.kernelTls, tls !== undefined);
    const scratch = new Uint8Array(10);
    for (const text of ["one", "three"]) {
      client.send(text);
      await rig.until(() => connection.receive(scratch, 10n) === text.length, text);
    }
    assert.equal(connection.received, 8);
    connection.close();
  });
}

test("readable() fails when nothing comes in time", async (rig) => {
  const { connection } = await given(rig);
  const late = outcome(connection.readable(rig.backend.times.idle));
  await rig.advance(9_000);
  assert.equal(late.now, "pending");
  await rig.advance(15_100);
  assert.equal(late.now, "Cannot receive: the client sent nothing in time");
  connection.close();
}, { keepAliveTimeout: 15_000 });

test("writable() ends when the client reads, and fails when it does not in time", async (rig) => {
  const { client, connection } = await given(rig);
  fill(connection);
  // The first event is the one that says the socket was writable when it was registered.
  await outcome(connection.writable());
  await rig.settle();
  fill(connection);
  const waiting = outcome(connection.writable());
  await rig.settle();
  assert.equal(waiting.now, "pending");
  await rig.until(() => client.received.length > 0 && waiting.now === "done", "room");
  fill(connection);
  const late = outcome(connection.writable());
  await rig.advance(1_100);
  assert.equal(late.now, "Cannot send: the client read nothing in time");
}, { stallTimeout: 1_000 });

test("a wait for room keeps its deadline when something to read comes meanwhile", async (rig) => {
  const { client, connection } = await given(rig);
  fill(connection);
  await outcome(connection.writable());
  await rig.settle();
  fill(connection);
  const writer = outcome(connection.writable());
  const reader = outcome(connection.readable(rig.backend.times.stall));
  client.send("x");
  await rig.until(() => reader.now === "done", "the reader");
  await rig.settle();
  assert.equal(writer.now, "pending");
  await rig.advance(1_100);
  assert.equal(writer.now, "Cannot send: the client read nothing in time");
}, { stallTimeout: 1_000 });

test("a reset wakes reader and writer; what they try then fails", async (rig) => {
  const { client, connection } = await given(rig);
  fill(connection);
  const all = outcome(connection.sendAll(new Uint8Array(30_000_000)));
  const reader = outcome(connection.readable(rig.backend.times.stall));
  await rig.settle();
  client.reset();
  await rig.until(() => all.now !== "pending" && reader.now !== "pending", "both");
  assert.deepEqual([all.now, reader.now], ["Cannot send: the client is gone", "done"]);
  assert.ok(connection.receive(new Uint8Array(1), 1n) <= 0);
});

test("onGone() calls when the client has gone for good, once, and not when it has ended its side", async (rig) => {
  const { client, connection } = await given(rig);
  let calls = 0;
  connection.onGone(() => calls++);
  client.end();
  await rig.settle();
  assert.equal(calls, 0);
  client.reset();
  await rig.until(() => calls > 0, "the call");
  await rig.settle();
  assert.equal(calls, 1);
  // Who asks later is told at once.
  connection.onGone(() => calls += 10);
  assert.equal(calls, 11);
});

test("onGone(undefined) takes it back", async (rig) => {
  const { client, connection } = await given(rig);
  connection.onGone(() => assert.fail("called"));
  connection.onGone(undefined);
  client.reset();
  await rig.settle();
});

test("onGone() asks the kernel for nothing until a client has waited for a moment, nor behind one", async (rig) => {
  const { unwatched } = rig.backend.times;
  const [quick, slow, reading] = [await given(rig), await given(rig), await given(rig)];
  const gone: string[] = [];
  quick.connection.onGone(() => gone.push("quick"));
  slow.connection.onGone(() => gone.push("slow"));
  assert.deepEqual([quick.connection.deadlines, slow.connection.deadlines], [unwatched, unwatched]);
  quick.connection.onGone(undefined);
  assert.equal(quick.connection.deadlines, undefined);
  // Who waits for its client has the poller tell of it already, and keeps the deadline of that.
  const read = outcome(reading.connection.readable(rig.backend.times.stall));
  await rig.settle();
  reading.connection.onGone(() => gone.push("reading"));
  assert.equal(reading.connection.deadlines, rig.backend.times.stall);
  for (const { client } of [quick, slow, reading]) client.reset();
  await rig.until(() => gone.includes("reading"), "who is watched");
  assert.deepEqual(gone, ["reading"]);
  await rig.advance(unwatched.milliseconds);
  await rig.until(() => gone.includes("slow"), "who has waited");
  assert.deepEqual([gone, read.now], [["reading", "slow"], "done"]);
});

test("closeGently() ends this side, reads away what still comes, and then closes: no reset", async (rig) => {
  const { client, connection } = await given(rig, "x".repeat(10_000));
  await connection.sendAll(bytes("goodbye"));
  const done = outcome(connection.closeGently());
  await rig.until(() => client.ended === "end", "the client to see the end");
  assert.equal(client.received, "goodbye");
  assert.equal(done.now, "pending");
  assert.ok(client.send("more".repeat(1_000)) > 0);
  await rig.settle();
  client.end();
  await rig.until(() => done.now === "done", "the end");
  assert.deepEqual([connection.closed, rig.backend.active], [true, 0]);
  await connection.closeGently();
});

test("closeGently() waits for a client only so long, whether it is silent or talks on", async (rig) => {
  const [silent, talking] = [await given(rig), await given(rig)];
  const ends = [silent, talking].map(({ connection }) => outcome(connection.closeGently()));
  await rig.settle();
  talking.client.send("and");
  await rig.settle();
  await rig.advance(2_100);
  assert.deepEqual(ends.map(({ now }) => now), ["done", "done"]);
  assert.equal(rig.backend.active, 0);
});

test("close() ends the connection for the client, though somebody else has a copy", async (rig) => {
  const { client, connection } = await given(rig);
  const copy = adopt(duplicate(connection.fd));
  connection.close();
  connection.close();
  assert.equal(client.ended, "end");
  assert.equal(rig.backend.active, 0);
  close(copy);
});

test("a closed connection does nothing with a number that is somebody else's by now", async (rig) => {
  const { connection } = await given(rig, "first");
  connection.close();
  // The kernel gives out the lowest number that is free: the next client has it.
  const { client, connection: next } = await given(rig, "second");
  assert.equal(client.fd, connection.fd);
  next.send(bytes("data"), false);
  assert.equal(connection.hasInput(), false);
  assert.ok(connection.receive(new Uint8Array(10), 10n) < 0);
  assert.ok(connection.send(bytes("x"), false) < 0);
  await assert.rejects(connection.readable(rig.backend.times.stall), ConnectionLost);
  await assert.rejects(connection.writable(), ConnectionLost);
  await assert.rejects(connection.sendFile(client.fd, 0, 1), ConnectionLost);
  connection.endSending();
  connection.setNoDelay();
  assert.equal(client.received, "data");
  const got = new Uint8Array(10);
  assert.equal(next.receive(got, 10n), 6, "more than the client's own has come");
});

test("closing a connection ends whoever waits for it", async (rig) => {
  const { connection } = await given(rig);
  const reader = outcome(connection.readable(rig.backend.times.stall));
  connection.close();
  await rig.settle();
  assert.equal(reader.now, "Cannot receive: the client sent nothing in time");
});

test("LOAD follows the end of connections, soon and once", async (rig) => {
  const front = await rig.front();
  for (let i = 0; i < 4; i++) await given(rig);
  rig.server.connections.slice(0, 3).forEach((connection) => connection.close());
  await rig.advance(50);
  front.read();
  const loads = front.heard.filter(({ type }) => type === 7);
  assert.deepEqual(loads.map((message) => new DataView(message.bytes.buffer).getUint32(4)), [1]);
});
