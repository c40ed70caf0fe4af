/** Handlers that fail, and clients that do. */

import assert from "node:assert/strict";
import { bytes, echo, testHttp } from "../rig.ts";
import { CLOSE, content, END, exchange, GET } from "./exchanges.ts";
import { promised } from "../../../src/loop/course.ts";

testHttp("an error before the response is 500, and the connection ends", () => {
  throw new RangeError("mine");
}, async (http) => {
  assert.match(await exchange(http, GET + END + GET + END), /^HTTP\/1\.1 500 [^]*Something went wrong here/);
  assert.equal(http.errors.length, 1);
  const head = await exchange(http, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 500 [^]*\r\n\r\n$/);
});

testHttp("an error in the middle of a response breaks the connection off", async (it) => {
  await promised(it.start(200, [], undefined));
  await promised(it.write(bytes("half")));
  throw new RangeError("mine");
}, async (http) => {
  const text = await exchange(http, GET + END);
  assert.ok(text.endsWith("4\r\nhalf\r\n"));
  assert.equal(http.errors.length, 1);
});

testHttp("a handler that responds twice is told so, and the client sees the first alone", async (it) => {
  await promised(it.respond(200, [], content));
  await promised(it.respond(200, [], content));
}, async (http) => {
  assert.match(await exchange(http, GET + END), /\r\n\r\nhello$/);
  assert.match(String(http.errors[0]), /Cannot respond twice/);
});

testHttp("a field that would split the response is an error, and nothing of it is sent", (it) => {
  return it.respond(200, [["X", "a\r\nSet-Cookie: b"]], content);
}, async (http) => {
  const text = await exchange(http, GET + END);
  assert.match(text, /^HTTP\/1\.1 500 /);
  assert.ok(!text.includes("Set-Cookie"));
});

testHttp(
  "a bad head is refused by the backend as by the front, and the refusal can be read",
  echo,
  async ({ rig, give }) => {
    const cases: [string, RegExp][] = [
      ["nonsense\r\n\r\n", /^HTTP\/1\.1 400 /],
      ["GET / HTTP/2.0\r\n\r\n", /^HTTP\/1\.1 505 /],
      [`GET /${"x".repeat(9_000)} HTTP/1.1\r\n\r\n`, /^HTTP\/1\.1 414 /],
      [`${GET}A: ${"x".repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ];
    for (const [text, expected] of cases) {
      const client = give(`${text}${"more".repeat(1_000)}`);
      assert.match(await rig.rest(client), expected);
      assert.equal(client.ended, "end");
      client.close();
    }
  },
);

testHttp("a client that goes in the middle of a response is no error", async (it) => {
  await promised(it.start(200, [], undefined));
  for (let i = 0; i < 100_000; i++) await promised(it.write(new Uint8Array(60_000)));
}, async ({ rig, give, errors }) => {
  const client = give(GET + END);
  await rig.until(() => client.received.length > 100_000, "some of it");
  client.reset();
  await rig.until(() => rig.backend.active === 0, "the end");
  assert.deepEqual(errors, []);
});

testHttp("a client that reads nothing stalls its own response, and only so long", async (it) => {
  if (it.path !== "/big") return await promised(it.respond(200, [], content));
  await promised(it.respond(200, [], new Uint8Array(50_000_000)));
}, async ({ rig, give, errors }) => {
  const client = give(GET.replace("/", "/big") + END);
  await rig.settle();
  const other = give(GET + CLOSE + END);
  assert.match(await rig.rest(other), /hello$/);
  assert.equal(rig.backend.active, 1);
  await rig.advance(30_001);
  await rig.until(() => rig.backend.active === 0, "the end");
  assert.deepEqual(errors, []);
  assert.ok(client.received.length < 50_000_000);
}, { stallTimeout: 30_000 });
