/** Content of requests, and clients that wait to be asked for it. */

import assert from "node:assert/strict";
import { BodyError } from "../../../src/backend/http/request_body.ts";
import { bytes, echo, testHttp } from "../rig.ts";
import { CLOSE, content, END, exchange, GET, undated } from "./exchanges.ts";
import { promised } from "../../../src/loop/course.ts";

const chunked = (body: string) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;

testHttp("content is counted or chunked, and ends where it ends", echo, async (http) => {
  const counted = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabcdef${GET}\r\n`;
  assert.match(await exchange(http, counted), /\[abcdef\]HTTP\/1\.1 200 [^]*GET \/ \[\]$/);
  const parts = chunked(`3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\nTrailer: 1\r\n\r\n${GET}\r\n`);
  assert.match(await exchange(http, parts), /\[abcdef\]HTTP\/1\.1 200 [^]*GET \/ \[\]$/);
});

testHttp("content that comes byte by byte is the same", echo, async ({ rig, give }) => {
  const client = give();
  for (const character of chunked("3\r\nabc\r\n0\r\n\r\n")) {
    client.send(character);
    await rig.turn();
  }
  client.end();
  assert.match(await rig.rest(client), /\[abc\]$/);
});

testHttp("broken chunks are answered with 400", echo, async (http) => {
  for (const body of ["x\r\n", "3\r\nabcd", "3\r\nabc\r\n-1\r\n", "ffffffffffffffff\r\n"]) {
    assert.match(await exchange(http, chunked(body)), /^HTTP\/1\.1 400 /);
  }
  assert.deepEqual(http.errors, []);
});

testHttp("broken chunks after the answer has begun break the connection off", async (it) => {
  await promised(it.start(200, [], undefined));
  await promised(it.write(bytes("begun")));
  await it.body.read();
}, async (http) => {
  const text = await exchange(http, chunked("x\r\n"));
  assert.match(text, /begun\r\n$/);
  assert.ok(!text.includes("0\r\n\r\n"));
  assert.ok(http.errors[0] instanceof BodyError);
});

testHttp("a client that ends in the middle of its content gets no answer", echo, async (http) => {
  const text = await exchange(http, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  assert.equal(text, "");
  assert.deepEqual(http.errors, []);
});

testHttp("much content that nobody reads ends the connection instead of being read away", (it) => {
  return it.respond(200, [], content);
}, async ({ rig, give }) => {
  const small = give(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n`);
  await rig.turn();
  const fill = new Uint8Array(200_000);
  let sent = 0;
  await rig.until(
    () => (sent += Math.max(0, small.send(fill.subarray(sent)))) === fill.length,
    "the content",
  );
  small.send(GET + END);
  await rig.until(() => small.received.split("hello").length === 3, "both answers");
  const large = give(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n`);
  await rig.until(() => {
    large.send(fill);
    return large.ended !== false;
  }, "the end");
  assert.match(large.received, /hello$/);
});

// --- 100 (Continue) ---------------------------------------------------------------------------------------------------

const EXPECT = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

testHttp("100 is said once, when the content is first asked for", echo, async ({ rig, give }) => {
  const client = give(EXPECT);
  await rig.until(() => client.received !== "", "100");
  await rig.settle();
  assert.equal(client.received, CONTINUE);
  client.send("a");
  await rig.settle();
  client.send("bc");
  client.end();
  assert.match(await rig.rest(client), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\[abc\]$/);
});

testHttp("100 is not said to a client that has not waited", echo, async (http) => {
  assert.match(await exchange(http, EXPECT + "abc"), /^HTTP\/1\.1 200 OK\r\n/);
});

testHttp("100 is not said when nobody asks for the content, and the connection ends", (it) => {
  return it.respond(413, [], content);
}, async ({ rig, give }) => {
  const client = give(EXPECT);
  const text = undated(await rig.rest(client));
  assert.equal(text, `HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n${CLOSE}\r\nhello`);
});

testHttp("100 is not said after the response has begun", async (it) => {
  await promised(it.start(200, [], 2));
  await it.body.read();
  await promised(it.write(bytes("ok")));
}, async ({ rig, give }) => {
  const client = give(EXPECT);
  await rig.until(() => client.received !== "", "the head");
  await rig.settle();
  client.send("abc");
  const text = await rig.rest(client);
  assert.ok(!text.includes("100 Continue"));
  assert.match(text, /ok$/);
});
