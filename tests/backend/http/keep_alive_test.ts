// What becomes of a connection after an answer: kept, given back or closed.
import assert from "node:assert/strict";
import {
  GENERATION,
  KEEP_ALIVE_CLOSE,
  KEEP_ALIVE_RETURN,
  NACK_FULL,
  RETURN_IDLE,
  RETURN_OUT_OF_SCOPE,
  SCOPE_CONNECTION,
  SCOPE_HOST,
  SCOPE_REQUEST,
} from "../../../src/protocol/messages.ts";
import { encodeGeneration } from "../../../src/protocol/generation.ts";
import { encodeNack } from "../../../src/protocol/replies.ts";
import { ack } from "../../front/raw_channel.ts";
import { echo, type HttpRig, testHttp } from "../rig.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** What was given back last: the reason, the requests, the preread. */
async function lastReturn({ rig, front }: HttpRig, count = 1): Promise<[number, number, string]> {
  const all = await rig.until(() => front.returned.length >= count && front.returned, "the RETURN");
  const { detail, requests, preread } = all[count - 1]!.transfer;
  return [detail, requests, new TextDecoder().decode(preread)];
}

/** Says that a generation has begun. */
function announce(
  { front }: HttpRig,
  change: { number?: number; idleTime?: number; requests?: number } = {},
) {
  front.channel.say(encodeGeneration({ number: 1, idleTime: 60_000, requests: 0, ...change }));
}

testHttp("after an answer to a scope of one request the connection goes back at once", echo, async (http) => {
  const client = http.give(get("/"), { detail: SCOPE_REQUEST, keepAlive: KEEP_ALIVE_RETURN, requests: 6 });
  assert.deepEqual(await lastReturn(http), [RETURN_IDLE, 7, ""]);
  assert.doesNotMatch(client.received, /Connection: close/);
  assert.equal(client.ended, false);
});

testHttp("a second request beyond a scope of one goes back unanswered, whole", echo, async (http) => {
  const client = http.give(get("/") + get("/next"), { detail: SCOPE_REQUEST });
  assert.deepEqual(await lastReturn(http), [RETURN_OUT_OF_SCOPE, 1, get("/next")]);
  assert.match(client.received, /GET \/ \[\]$/);
});

testHttp(
  "a connection to be given back waits a moment for a request that may be this backend's",
  echo,
  async (http) => {
    const { rig, front, give } = http;
    const client = give(get("/"), { detail: SCOPE_HOST, keepAlive: KEEP_ALIVE_RETURN });
    await rig.until(() => client.received.endsWith("GET / []"), "the first answer");
    await rig.advance(500);
    assert.equal(front.returned.length, 0);
    client.send(get("/more"));
    await rig.until(() => client.received.endsWith("GET /more []"), "the second answer");
    await rig.advance(1_001);
    assert.deepEqual(await lastReturn(http), [RETURN_IDLE, 2, ""]);
  },
);

testHttp("a connection that is not to be kept is closed after its answer", echo, async ({ rig, give }) => {
  const client = give(get("/") + get("/next"), { keepAlive: KEEP_ALIVE_CLOSE });
  assert.match(await rig.rest(client), /Connection: close\r\n\r\nGET \/ \[\]$/);
});

testHttp("the front's word on idle time counts, unless this backend's is shorter", echo, async (http) => {
  const { rig, give } = http;
  announce(http, { idleTime: 3_000 });
  const client = give(get("/"));
  await rig.until(() => client.received !== "", "the answer");
  await rig.advance(2_000);
  assert.equal(client.ended, false);
  await rig.advance(3_001);
  assert.equal(client.ended, "end");
  announce(http, { idleTime: 90_000 });
  const longer = give(get("/"));
  await rig.until(() => longer.received !== "", "the answer");
  await rig.advance(5_001);
  assert.equal(longer.ended, "end");
}, { keepAliveTimeout: 5_000 });

testHttp(
  "the last request that a connection may have is answered with Connection: close",
  echo,
  async (http) => {
    const { rig, give } = http;
    announce(http, { requests: 10 });
    const client = give(get("/9") + get("/10") + get("/11"), { requests: 8 });
    const answers = await rig.rest(client);
    assert.match(answers, /GET \/9 \[\]HTTP[^]*Connection: close\r\n\r\nGET \/10 \[\]$/);
    assert.equal(answers.split("Connection: close").length, 2);
  },
);

testHttp("a new generation voids the scopes of an older one, and not its own", echo, async (http) => {
  const { rig, give } = http;
  announce(http, { number: 1 });
  const [older, other] = [give(get("/a"), { generation: 1 }), give(get("/b"), { generation: 1 })];
  await rig.until(() => older.received !== "" && other.received !== "", "the first answers");
  older.send(get("/c"));
  await rig.until(() => older.received.endsWith("GET /c []"), "an answer within the scope");
  announce(http, { number: 2 });
  await rig.settle();
  const newer = give(get("/d") + get("/e"), { generation: 2 });
  await rig.until(() => newer.received.endsWith("GET /e []"), "answers of the new generation");
  older.send(get("/f"));
  assert.deepEqual(await lastReturn(http), [RETURN_OUT_OF_SCOPE, 2, get("/f")]);
  assert.ok(older.received.endsWith("GET /c []"));
  other.end();
  await rig.until(() => other.ended, "the end of a connection that asks no more");
});

testHttp("a GENERATION that is too short ends the channel", echo, async ({ rig, front }) => {
  front.channel.say(new Uint8Array([1, GENERATION, 0, 0, 0, 0, 0, 1]));
  await rig.until(() => rig.lost.length === 1, "the end of the channel");
  assert.match(rig.lost[0]!, /GENERATION is too short/);
});

testHttp("an idle connection that the front cannot take stays, with its scope", echo, async (http) => {
  const { rig, front, give } = http;
  const client = give(get("/mine/"), { detail: SCOPE_HOST, route: "/mine/", keepAlive: KEEP_ALIVE_RETURN });
  await rig.until(() => client.received !== "", "the answer");
  await rig.advance(1_001);
  await lastReturn(http);
  const full = { id: front.returned[0]!.transfer.id, reason: NACK_FULL, text: "out of descriptors" };
  front.channel.say(encodeNack(full));
  await rig.settle();
  client.send(get("/mine/again"));
  await rig.until(() => client.received.endsWith("GET /mine/again []"), "the second answer");
  client.send(get("/other"));
  assert.deepEqual(await lastReturn(http, 2), [RETURN_OUT_OF_SCOPE, 2, get("/other")]);
});

testHttp(
  "a backend that drains answers what has begun, and returns the requests behind it",
  echo,
  async (http) => {
    const { rig, front, give } = http;
    const client = give("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1", {
      detail: SCOPE_CONNECTION,
    });
    await rig.settle();
    let drained = false;
    void rig.backend.drain().then(() => drained = true);
    client.send("2" + get("/next"));
    assert.deepEqual(await lastReturn(http), [RETURN_OUT_OF_SCOPE, 1, get("/next")]);
    assert.match(client.received, /POST \/ \[12\]$/);
    assert.doesNotMatch(client.received, /Connection: close/);
    front.channel.say(ack([front.returned[0]!.transfer.id]));
    await rig.until(() => drained, "the end");
  },
);

testHttp("with the front gone, only who needs it no more is kept", echo, async ({ rig, front, give }) => {
  const [host, all] = [SCOPE_HOST, SCOPE_CONNECTION].map((detail) => give(get("/"), { detail }));
  await rig.until(() => host!.received !== "" && all!.received !== "", "the first answers");
  front.channel.close();
  await rig.until(() => rig.lost.length === 1, "the end of the channel");
  for (const client of [host!, all!]) client.send(get("/next"));
  assert.match(await rig.rest(host!), /Connection: close\r\n\r\nGET \/next \[\]$/);
  await rig.until(() => all!.received.endsWith("GET /next []"), "the next answer");
  assert.doesNotMatch(all!.received, /Connection: close/);
});

testHttp(
  "where there is room for no more, the connection that has been idle for longest gives way",
  echo,
  async (http) => {
    const { rig, front, give } = http;
    const first = give(get("/1"));
    await rig.until(() => first.received.includes("[]"), "an answer");
    const second = give(get("/2"));
    await rig.until(() => second.received.includes("[]"), "an answer");
    await rig.settle();
    // Asked again, the first is no longer the one that is idle for longest.
    first.send(get("/1"));
    await rig.until(() => first.received.split("[]").length === 3, "a second answer");
    await rig.settle();
    const third = give(get("/3"));
    await rig.until(() => third.received.includes("[]"), "an answer");
    assert.equal(await rig.rest(second).then(() => second.ended), "end");
    assert.equal(first.ended, false);
    assert.equal(front.refused.length, 0);
  },
  { maxConnections: 2 },
);

testHttp("who asks for something gives way to nobody", {
  handle: () => new Promise(() => {}),
}, async ({ rig, front, give }) => {
  const busy = give(get("/"));
  await rig.settle();
  const { fd } = front.accept(get("/"));
  front.handOff(fd);
  await rig.until(() => front.refused.length > 0, "a refusal");
  assert.equal(front.refused[0]![1], NACK_FULL);
  assert.equal(busy.ended, false);
}, { maxConnections: 1 });

testHttp("out of descriptors, idle connections give way", echo, async ({ rig, give }) => {
  const clients = Array.from({ length: 10 }, () => give(get("/")));
  await rig.until(() => clients.every(({ received }) => received.includes("[]")), "the answers");
  await rig.settle();
  rig.backend.descriptorMissing("exhausted");
  await rig.until(() => clients.filter(({ ended }) => ended !== false).length === 8, "eight that give way");
  rig.backend.descriptorMissing("refused" as never);
  await rig.settle();
  assert.equal(clients.filter(({ ended }) => ended === false).length, 2);
});
