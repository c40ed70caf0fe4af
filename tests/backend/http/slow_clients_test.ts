import assert from "node:assert/strict";
import type { RequestHandler } from "../../../src/backend/http/http_server.ts";
import { bytes, echo, testHttp } from "../rig.ts";
import { promised } from "../../../src/loop/course.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// --- heads ------------------------------------------------------------------------------------------------------------

testHttp(
  "a head that comes byte by byte has as long as a client may stop for, and is answered with 408",
  echo,
  async ({ rig, give }) => {
    const client = give(GET + "GET / HTTP/1.1\r\nX: ");
    let sent = 0;
    // It never stops for long, and never comes to an end.
    await rig.until(() => {
      if (client.ended === false) sent += Math.max(0, client.send("a"));
      return client.ended !== false;
    }, "the end");
    assert.ok(sent < 10_000, "it was ended for its length, not for its time");
    assert.match(client.received, /\[\]HTTP\/1\.1 408 [^]*its head has not come in time/);
    assert.equal(client.ended, "end");
  },
  { stallTimeout: 60 },
);

testHttp("half a head and nothing more is answered with 408, nothing at all with nothing", echo, async ({
  rig,
  give,
}) => {
  const [half, silent, later] = [give("GET / HTT"), give(), give(GET + "G")];
  await rig.advance(1_001);
  assert.match(await rig.rest(half), /^HTTP\/1\.1 408 [^]*\r\nConnection: close\r\n/);
  assert.equal(await rig.rest(silent), "");
  assert.match(await rig.rest(later), /GET \/ \[\]HTTP\/1\.1 408 /);
  assert.deepEqual([half.ended, silent.ended, later.ended], ["end", "end", "end"]);
}, { stallTimeout: 1_000 });

testHttp("a long head that comes in small pieces is the same as one that comes at once", echo, async ({
  rig,
  give,
}) => {
  const client = give();
  const text = `GET /long HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(9_000)}\r\n\r\n`;
  for (let at = 0; at < text.length; at += 700) {
    client.send(text.slice(at, at + 700));
    await rig.turn();
  }
  await rig.until(() => client.received.endsWith("GET /long []"), "the answer");
  client.send("GET /long HTTP/1.1\r\nHost: a\r\nX: ");
  for (let at = 0; at < 30 && client.ended === false; at++) {
    client.send("x".repeat(700));
    await rig.turn();
  }
  assert.match(await rig.rest(client), /\[\]HTTP\/1\.1 431 /);
});

// --- content ----------------------------------------------------------------------------------------------------------

testHttp("content that stops coming ends the connection after its time, unanswered", echo, async ({
  rig,
  give,
  errors,
}) => {
  const client = give("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na");
  await rig.advance(900);
  client.send("b");
  await rig.advance(900);
  assert.equal(client.ended, false);
  await rig.advance(1_001);
  assert.deepEqual([await rig.rest(client), client.ended, errors], ["", "end", []]);
}, { stallTimeout: 1_000 });

testHttp(
  "content that nobody reads is awaited for only so long, however it drips",
  (it) => it.respond(200, [], bytes("ok")),
  async ({ rig, give }) => {
    const client = give("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    let sent = 0;
    await rig.until(() => {
      if (client.ended === false) sent += Math.max(0, client.send("a"));
      return client.ended !== false;
    }, "the end");
    assert.ok(sent < 90_000);
    assert.match(client.received, /^HTTP\/1\.1 200 [^]*ok$/);
  },
  { stallTimeout: 60 },
);

// --- turns ------------------------------------------------------------------------------------------------------------

/** More than may pass without a pause. */
const MUCH = 3 << 20;

/** What another client does when the first bytes have moved: what it sends is seen at the next look at the sockets. */
let interject: (() => void) | undefined;
/** Bytes that have moved so far, and when the other client was answered. */
let moved = 0;
let movedBefore = 0;

function move(size: number): void {
  moved += size;
  interject?.();
  interject = undefined;
}

const busy: RequestHandler["handle"] = async (it) => {
  if (it.path === "/other") {
    movedBefore = moved;
    return await promised(it.respond(200, [], bytes("ok")));
  }
  if (it.method === "POST") {
    for (let piece = await it.body.read(); piece !== undefined; piece = await it.body.read()) {
      move(piece.length);
    }
    return await promised(it.respond(200, [], bytes(String(moved))));
  }
  await promised(it.start(200, [], undefined));
  for (let sent = 0; sent < MUCH; sent += 65_536) {
    await promised(it.write(new Uint8Array(65_536)));
    move(65_536);
  }
  await promised(it.finish());
};

const OTHER = "GET /other HTTP/1.1\r\nHost: a\r\n\r\n";

testHttp(
  "content that comes counts, so that a client who sends it fast leaves others their turn",
  async (it) => {
    const { connection } = it;
    let counted = 0;
    connection.moved = (bytes) => {
      counted += bytes;
      return false;
    };
    const target = new Uint8Array(1_000);
    let read = await it.body.readInto(target);
    for (let piece = await it.body.read(); piece !== undefined; piece = await it.body.read()) {
      read += piece.length;
    }
    await promised(it.respond(200, [], `${read} ${counted}`));
  },
  async ({ rig, give }) => {
    const client = give(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${"a".repeat(100_000)}`);
    await rig.until(() => client.received.endsWith("100000 100000"), "the answer");
  },
);

testHttp(
  "a client that takes as fast as it is given leaves others their turn",
  busy,
  async ({ rig, give }) => {
    moved = 0;
    const other = give();
    await rig.settle();
    interject = () => other.send(OTHER);
    const reader = give(GET);
    await rig.until(() => other.received !== "", "the other's answer");
    const room = moved;
    assert.ok(room > 3 << 19, "the sockets have too little room for this test");
    assert.ok(movedBefore < room, `${movedBefore} of ${room} bytes were sent before the other was answered`);
    await rig.until(() => reader.received.endsWith("0\r\n\r\n"), "the rest");
  },
);

// --- clients that do not read -----------------------------------------------------------------------------------------

testHttp(
  "requests of a client that reads no responses stay where they are, in the kernel",
  (it) => {
    answered++;
    return it.respond(200, [], new Uint8Array(100_000));
  },
  async ({ rig, give }) => {
    answered = 0;
    const client = give();
    let sent = 0;
    // As many as the sockets take.
    for (let quiet = 0; quiet < 20;) {
      const some = client.send(GET.repeat(500));
      quiet = some > 0 ? 0 : quiet + 1;
      sent += Math.max(0, some);
      await rig.turn();
    }
    const before = answered;
    assert.ok(sent / GET.length > 10 * before, `${before} of ${sent / GET.length} requests were answered`);
    await rig.settle();
    assert.equal(answered, before, "a response was made that the client had no room for");
  },
);

let answered = 0;
