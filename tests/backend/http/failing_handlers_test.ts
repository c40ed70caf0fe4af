import assert from "node:assert/strict";
import { ConnectionLost } from "../../../src/backend/connection/connection.ts";
import type { Exchange } from "../../../src/backend/http/exchange.ts";
import { BodyError } from "../../../src/backend/http/request_body.ts";
import { bytes, echo, testHttp } from "../rig.ts";
import { responsesOf } from "./responses.ts";
import { promised } from "../../../src/loop/course.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n";
const CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const content = bytes("hello");

const statuses = (text: string) => responsesOf(text).map(({ status }) => status);

testHttp("a handler that comes to its end without a response is answered for with 500", (it) => {
  return it.path === "/later" ? Promise.resolve() : undefined;
}, async ({ rig, give, errors }) => {
  for (const path of ["/", "/later"]) {
    const client = give(GET.replace("/", path) + GET);
    assert.deepEqual(statuses(await rig.rest(client)), [500]);
    assert.equal(client.ended, "end");
  }
  assert.match(String(errors[0]), /the handler has not responded/);
  assert.equal(errors.length, 2);
});

testHttp(
  "an error before the response leaves the request's content unread, and the answer can be read",
  () => {
    throw new RangeError("mine");
  },
  async ({ rig, give, errors }) => {
    const client = give(POST + "abcdef" + GET);
    assert.deepEqual(statuses(await rig.rest(client)), [500]);
    assert.equal(client.ended, "end");
    assert.equal(errors.length, 1, "it is logged once");
  },
);

testHttp("an error after the whole response ends the connection behind it, without a reset", async (it) => {
  await promised(it.respond(200, [], content));
  throw new RangeError("mine");
}, async ({ rig, give, errors }) => {
  // More than is taken with the head: a close would answer what is left in the socket with a reset.
  const client = give(POST.replace("6", "200000") + "a".repeat(200_000) + GET);
  assert.match(await rig.rest(client), /^HTTP\/1\.1 200 OK\r\n[^]*hello$/);
  assert.equal(client.ended, "end");
  assert.ok(client.send("more") > 0, "the other side still reads it away");
  client.end();
  await rig.until(() => rig.backend.active === 0, "the end of the connection");
  assert.equal(errors.length, 1);
});

testHttp("content that only the connection's end would end is broken off by a reset", async (it) => {
  await promised(it.start(200, [], undefined));
  await promised(it.write(bytes("half")));
  throw new RangeError("mine");
}, async ({ rig, give }) => {
  const [old, present] = [give("GET / HTTP/1.0\r\n\r\n"), give(GET)];
  await rig.until(() => old.ended !== false && present.ended !== false, "the ends");
  // A missing last chunk says it well enough.
  assert.deepEqual([old.ended, present.ended], ["reset", "end"]);
  assert.match(present.received, /half\r\n$/);
});

testHttp("a response with an interim status is an error of the handler", (it) => {
  return it.respond(103, [], bytes(""));
}, async ({ rig, give, errors }) => {
  assert.deepEqual(statuses(await rig.rest(give(GET))), [500]);
  assert.match(String(errors[0]), /the interim status 103/);
});

testHttp("success in answer to CONNECT would open a tunnel: it is an error of the handler", (it) => {
  return it.respond(it.target === "a:1" ? 200 : 403, [], content);
}, async ({ rig, give }) => {
  const [granted, denied] = ["a:1", "a:2"].map((target) =>
    give(`CONNECT ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  );
  assert.deepEqual(statuses(await rig.rest(granted!)), [500]);
  assert.deepEqual(statuses(await rig.rest(denied!)), [403]);
});

testHttp("the answer to a HEAD whose content is broken has no content", echo, async ({ rig, give }) => {
  const client = give(CHUNKED.replace("POST", "HEAD") + "x\r\n");
  assert.match(await rig.rest(client), /^HTTP\/1\.1 400 [^]*\r\n\r\n$/);
});

testHttp("a handler that answers to broken content all the same ends the connection", async (it) => {
  await it.body.read().catch(() => {});
  await promised(it.respond(200, [], content));
}, async ({ rig, give, errors }) => {
  const client = give(CHUNKED + "x\r\n" + GET);
  const [first, ...others] = responsesOf(await rig.rest(client));
  assert.deepEqual([first!.status, first!.fields.get("connection"), others], [200, "close", []]);
  assert.deepEqual(errors, []);
});

testHttp("broken content that nobody reads ends the connection behind the response", (it) => {
  return it.respond(200, [], content);
}, async ({ rig, give, errors }) => {
  const client = give(CHUNKED + "x\r\n" + GET);
  assert.deepEqual(statuses(await rig.rest(client)), [200]);
  assert.equal(client.ended, "end");
  assert.deepEqual(errors, []);
});

testHttp("content that is too long to be read away ends the connection, and the response says so", (it) => {
  return it.respond(200, [], content);
}, async ({ rig, give }) => {
  const client = give("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\nabc");
  const [response] = responsesOf(await rig.rest(client));
  assert.equal(response!.fields.get("connection"), "close");
  const other = give("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + GET);
  await rig.until(() => other.received.split("hello").length === 3, "both answers");
});

// --- content that is read too late ------------------------------------------------------------------------------------

/** What reading the content too late came to. */
let late: unknown[] = [];

/** Answers, and goes on reading. */
async function readLate(it: Exchange, begin: boolean): Promise<void> {
  late = [];
  const note = (reading: Promise<unknown>) =>
    reading.then((piece) => late.push(piece), (error) => late.push(error));
  if (begin) void note(it.body.read());
  await promised(it.respond(200, [], content));
  if (!begin) setTimeout(() => void note(it.body.read()), 0);
}

for (const begin of [true, false]) {
  testHttp(
    `content that is read after the response is not read by two: ${
      begin ? "who waits for it" : "who comes later"
    } finds an error`,
    (it) => it.method === "GET" ? it.respond(200, [], content) : readLate(it, begin),
    async ({ rig, give, errors }) => {
      const client = give(POST);
      await rig.until(() => late.length === 1, "the handler to find out");
      assert.ok(late[0] instanceof BodyError);
      assert.match(String(late[0]), /it has been answered/);
      client.send("abcdef" + GET);
      await rig.until(() => client.received.split("hello").length === 3, "the second answer");
      assert.equal(client.ended, false);
      assert.deepEqual(errors, []);
    },
  );
}

testHttp("content that is waited for when the connection ends does not keep it", async (it) => {
  it.persistent = false;
  await readLate(it, true);
}, async ({ rig, give }) => {
  const client = give(POST);
  assert.match(await rig.rest(client), /hello$/);
  client.end();
  await rig.until(() => rig.backend.active === 0, "the end of the connection");
  assert.ok(late[0] instanceof BodyError || late[0] instanceof ConnectionLost);
});
