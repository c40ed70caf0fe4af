/** Content has a size, a time and a least rate, and who is slow holds nothing scarce. */

import assert from "node:assert/strict";
import { BOUNDED_CONTENT, ContentPace } from "../../../src/backend/http/content_terms.ts";
import { echo, testHttp } from "../rig.ts";

Deno.test("ContentPace lets a client have its time, and a second more for each of so many bytes", () => {
  const pace = new ContentPace({ most: 3_000, time: 60_000, rate: 500, patience: 20_000 });
  assert.equal(pace.left(1_000), 20_000);
  pace.waited(15_000);
  assert.equal(pace.left(16_000), 5_000);
  assert.equal(pace.received(1_000), false);
  assert.equal(pace.left(16_000), 7_000);
  // What its reader takes does not count, but for the time in all.
  assert.equal(pace.left(50_000), 7_000);
  assert.equal(pace.left(58_000), 3_000);
  assert.equal(pace.received(2_000), false);
  assert.equal(pace.received(1), true);
});

Deno.test("ContentPace waits for any time where nothing is asked", () => {
  const pace = new ContentPace({ most: Infinity, time: Infinity, rate: 0, patience: 20_000 });
  pace.waited(1e9);
  assert.equal(pace.left(1e9), Infinity);
});

const POST = "POST / HTTP/1.1\r\nHost: a\r\n";
const FRAMINGS = {
  counted: ["Content-Length: 10000\r\n\r\n", "a"],
  chunked: ["Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"],
} as const;

for (const [framing, [head, byte]] of Object.entries(FRAMINGS)) {
  testHttp(`${framing} content that dribbles is cut off with 408`, echo, async ({ rig, give }) => {
    const client = give(POST + head);
    for (let second = 0; second < 30 && client.ended === false; second++) {
      client.send(byte);
      await rig.settle();
      rig.clock.now += 1_000;
    }
    const answer = await rig.rest(client);
    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.match(answer, /comes too slowly/);
  }, { content: BOUNDED_CONTENT });

  testHttp(`${framing} content that comes at a fair rate is taken`, echo, async ({ rig, give }) => {
    const client = give(POST + head.replace("10000", "16000"));
    for (let second = 0; second < 40; second++) {
      client.send(byte.length === 1 ? byte.repeat(400) : `190\r\n${"a".repeat(400)}\r\n`);
      await rig.settle();
      if (second < 30) rig.clock.now += 500;
    }
    if (framing === "chunked") client.send("0\r\n\r\n");
    await rig.until(() => client.received.includes(`[${"a".repeat(16_000)}]`), "the answer");
  }, { content: BOUNDED_CONTENT });
}

testHttp(
  "content that is longer than may be is refused with 413, however it is framed",
  echo,
  async ({ rig, give }) => {
    for (
      const request of [
        "Content-Length: 101\r\n\r\n",
        `Content-Length: 101\r\n\r\n${"a".repeat(101)}`,
        `Transfer-Encoding: chunked\r\n\r\n65\r\n${"a".repeat(101)}\r\n0\r\n\r\n`,
        `Transfer-Encoding: chunked\r\n\r\n${"1\r\na\r\n".repeat(101)}0\r\n\r\n`,
      ]
    ) {
      const client = give(POST + request);
      assert.match(await rig.rest(client), /^HTTP\/1\.1 413 /, request);
    }
    for (const request of [`Content-Length: 100\r\n\r\n${"a".repeat(100)}`, "Content-Length: 0\r\n\r\n"]) {
      const client = give(`${POST}Connection: close\r\n${request}`);
      assert.match(await rig.rest(client), /^HTTP\/1\.1 200 /, request);
    }
  },
  { content: { most: 100 } },
);

testHttp("all of the content has a time", echo, async ({ rig, give }) => {
  const client = give(`${POST}Content-Length: 100000\r\n\r\n`);
  for (let second = 0; second < 12 && client.ended === false; second++) {
    client.send("a".repeat(1_000));
    await rig.settle();
    rig.clock.now += 1_000;
  }
  assert.match(await rig.rest(client), /^HTTP\/1\.1 408 /);
}, { content: { time: 10_000 } });
