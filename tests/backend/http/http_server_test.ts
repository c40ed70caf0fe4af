/** One request after another. */

import assert from "node:assert/strict";
import { SCOPE_HOST } from "../../../src/protocol/messages.ts";
import { ack } from "../../front/raw_channel.ts";
import { bytes, echo, testHttp } from "../rig.ts";
import { CLOSE, content, END, exchange, GET, undated } from "./exchanges.ts";
import { promised } from "../../../src/loop/course.ts";

testHttp("requests are answered in their order, however they come", echo, async (http) => {
  const { rig, give } = http;
  const requests = ["GET /1", "POST /2", "GET /3"].map((line) =>
    `${line} HTTP/1.1\r\nHost: a\r\n${line.startsWith("POST") ? "Content-Length: 3\r\n\r\nabc" : "\r\n"}`
  );
  const expected = ["[]", "[abc]", "[]"].map((body, i) => `${requests[i]!.split(" HTTP")[0]} ${body}`);
  const all = requests.join("");
  const pieces = [[all], [...all], requests];
  for (const parts of pieces) {
    const client = give();
    for (const part of parts) {
      client.send(part);
      await rig.turn();
    }
    client.end();
    const text = undated(await rig.rest(client));
    const bodies = text.split(/HTTP\/1\.1 200 OK\r\nContent-Length: \d+\r\n\r\n/).slice(1);
    assert.deepEqual(bodies, expected);
  }
});

testHttp("empty lines between requests do not count", echo, async (http) => {
  const text = await exchange(http, `${GET}\r\n\r\n${GET}\r\n`);
  assert.equal(text.split("GET / []").length, 3);
});

testHttp(
  "Connection: close ends it after the response, and what follows is not served",
  echo,
  async (http) => {
    const text = await exchange(http, GET + CLOSE + END + GET + END);
    assert.equal(text.split("GET / []").length, 2);
    assert.match(text, /\r\nConnection: close\r\n/);
  },
);

testHttp("what a front had read before comes first", echo, async (http) => {
  const text = await exchange(http, "Host: a\r\nContent-Length: 4\r\n\r\nabcd", {
    preread: bytes("POST /pre HTTP/1.1\r\n"),
  });
  assert.match(text, /POST \/pre \[abcd\]$/);
});

testHttp(
  "a request outside the scope is not answered but given back, with all that has been read of it",
  echo,
  async ({
    rig,
    front,
    give,
  }) => {
    const next = "GET /other HTTP/1.1\r\nHost: a\r\n\r\n";
    const client = give(`GET /mine/x HTTP/1.1\r\nHost: a\r\n\r\n${next}`, {
      detail: SCOPE_HOST,
      route: "/mine/",
    });
    const [returned] = await rig.until(() => front.returned.length > 0 && front.returned, "the RETURN");
    assert.equal(new TextDecoder().decode(returned!.transfer.preread), next);
    assert.equal(returned!.transfer.requests, 1);
    assert.match(client.received, /GET \/mine\/x \[\]$/);
    assert.equal(client.ended, false);
  },
);

testHttp(
  "a request outside the scope whose front is gone is answered with 421",
  echo,
  async ({ rig, front, give }) => {
    const client = give("GET /mine HTTP/1.1\r\nHost: a\r\n\r\n", { detail: SCOPE_HOST, route: "/mine" });
    await rig.until(() => client.received.endsWith("[]"), "the first answer");
    front.channel.close();
    await rig.until(() => rig.lost.length === 1, "the end of the channel");
    client.send("GET /mine HTTP/1.1\r\nHost: b\r\n\r\n");
    assert.match(await rig.rest(client), /HTTP\/1\.1 421 [^]*another host or path/);
    assert.equal(client.ended, "end");
  },
);

testHttp("an idle connection is closed after its time, one that never asked after another", echo, async ({
  rig,
  give,
}) => {
  const [idle, silent] = [give(GET + END), give()];
  await rig.until(() => idle.received !== "", "the answer");
  await rig.advance(5_001);
  assert.deepEqual([idle.ended, silent.ended], ["end", false]);
  await rig.advance(9_001);
  assert.deepEqual([silent.ended, silent.received], ["end", ""]);
}, { keepAliveTimeout: 5_000, stallTimeout: 9_000 });

testHttp(
  "a backend that drains gives back who is idle, and the others when they are, and ends",
  async (it) => {
    if (it.path === "/slow") await it.body.read();
    await promised(it.respond(200, [], content));
  },
  async ({ rig, front, give }) => {
    const idle = give(GET + END);
    const slow = give("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    await rig.until(() => idle.received !== "", "the answer");
    await rig.settle();
    let drained = false;
    void rig.backend.drain().then(() => drained = true);
    const [returned] = await rig.until(() => front.returned.length > 0 && front.returned, "the RETURN");
    assert.deepEqual([returned!.transfer.detail, returned!.transfer.requests], [1, 1]);
    front.channel.say(ack([returned!.transfer.id]));
    await rig.settle();
    assert.equal(drained, false);
    slow.send("x");
    const [, second] = await rig.until(
      () => front.returned.length > 1 && front.returned,
      "the second RETURN",
    );
    assert.match(slow.received, /^HTTP\/1\.1 200 OK\r\n[^]*hello$/);
    front.channel.say(ack([second!.transfer.id]));
    await rig.until(() => drained, "the end");
    assert.deepEqual([idle.ended, slow.ended], [false, false]);
  },
);
