/** Files of any length leave without a promise: the loop's thread may block behind every event. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { seededBytes } from "../../support/raw_client.ts";
import { contentOf, fieldOf, statusOf, testSite } from "./site.ts";

/** More than leaves without a wait, and than a client may take before others have their turn. */
const LONG = 3 << 20;

testSite("what is long is sent in steps alone: whole, in part, in several parts", ({ rig, front, root }) => {
  const bytes = seededBytes(LONG, 1);
  const text = Buffer.from(bytes).toString("latin1");
  Deno.writeFileSync(`${root}/long.bin`, bytes);
  const ask = (lines: string, method = "GET") => {
    const client = front.give(
      `${method} /long.bin HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`,
    );
    const { received } = rig.untilBlocking(() => client.ended !== false && client, `${method} ${lines}`);
    client.close();
    return received;
  };
  const whole = ask("");
  assert.equal(statusOf(whole), 200);
  assert.ok(contentOf(whole) === text, "the whole file");
  const part = ask(`Range: bytes=1-${LONG - 2}\r\n`);
  assert.equal(statusOf(part), 206);
  assert.ok(contentOf(part) === text.slice(1, -1), "one range");
  const several = ask(`Range: bytes=0-99999,200000-${LONG - 1}\r\n`);
  assert.equal(Number(fieldOf(several, "Content-Length")), contentOf(several).length);
  assert.ok(contentOf(several).includes(text.slice(200_000)), "the second of two ranges");
  assert.equal(contentOf(ask("", "HEAD")), "");
  return Promise.resolve();
});

testSite(
  "content that nobody asked for is read away in steps, and the next request answered",
  ({ rig, front }) => {
    const client = front.give("GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    rig.untilBlocking(() => client.received.endsWith("hello"), "the first response");
    client.send("12345GET /missing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    rig.untilBlocking(() => client.ended !== false, "the second response");
    assert.match(client.received, /hello.*HTTP\/1\.1 404 /s);
    client.close();
    return Promise.resolve();
  },
);
