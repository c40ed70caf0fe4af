/** A relay with several servers: who is asked, who is left out, and who is asked how it is. */

import assert from "node:assert/strict";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import { type BalancedMember, type Balancing, HEALTH_CHECK_DEFAULTS } from "../../../src/config/balancing.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import { type RelayEvent, RelayRequestHandler } from "../../../src/backend/relay/relay_handler.ts";
import type { Client } from "../../front/clients.ts";
import { Rig, withRig } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";
import { head } from "./rig.ts";
import { type Peer, ScriptedUpstream } from "./scripted_upstream.ts";

const GET = head("GET /x HTTP/1.1");
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

interface Several {
  readonly rig: Rig<HttpServer>;
  readonly front: ScriptedFront;
  readonly servers: readonly ScriptedUpstream[];
  readonly events: string[];
  readonly handler: RelayRequestHandler;
}

/** A test of a relay with servers of these terms, which leaves no descriptor open. */
function testMembers(
  name: string,
  terms: readonly Omit<BalancedMember, "upstream">[],
  balancing: Omit<Balancing, "members">,
  body: (it: Several) => Promise<void>,
): void {
  Deno.test(name, () => {
    let servers: ScriptedUpstream[] = [];
    let handler: RelayRequestHandler;
    const events: string[] = [];
    const told = (event: RelayEvent) => {
      const index = servers.findIndex(({ port }) => JSON.stringify(event).includes(`:${port}"`));
      events.push(index < 0 ? event.type : `${event.type} ${index}`);
    };
    const make = () => {
      servers = terms.map(() => new ScriptedUpstream());
      const members = terms.map((own, index) => ({
        upstream: `http://127.0.0.1:${servers[index]!.port}`,
        ...own,
      }));
      handler = new RelayRequestHandler({
        upstream: { at: { host: "127.0.0.1", port: servers[0]!.port }, authority: "first", base: "" },
        balancing: { members, ...balancing },
        report: told,
        chance: () => 0.5,
      });
      return new Rig(new HttpServer(handler, { limits: DEFAULT_LIMITS, onError: () => {} }));
    };
    return withRig(make, async (rig) => {
      try {
        await body({ rig, front: await rig.front(), servers, events, handler });
      } finally {
        handler.close();
        for (const server of servers) server.close();
      }
    });
  });
}

/** Waits for a request at a server, the next one on a new connection, and answers it. */
async function serve(
  { rig, servers }: Several,
  index: number,
  nth: number,
  response: string,
): Promise<string> {
  const peer = await rig.until(() => {
    const found: Peer | undefined = servers[index]!.accept()[nth];
    return found !== undefined && found.received.includes("\r\n\r\n") && found;
  }, `request ${nth} at server ${index}`);
  peer.send(response);
  return peer.take();
}

/** Lets time pass, for what starts anew as well. */
async function later({ rig }: Several, milliseconds: number): Promise<void> {
  await rig.settle();
  rig.clock.now += milliseconds;
  await rig.settle();
}

async function gets({ rig }: Several, client: Client, text: string): Promise<string> {
  return await rig.until(() => client.received.includes(text) && client.received, text);
}

const check = { ...HEALTH_CHECK_DEFAULTS, path: "/well", timeout: 2_000 };
const CLOSE = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BAD = CLOSE.replace("200 OK", "500 No");

testMembers("content goes to the next server where the first cannot be reached", [{}, {}], {}, async (it) => {
  it.servers[0]!.stopListening();
  const client = it.front.give("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  assert.match(await serve(it, 1, 0, OK), /\r\n\r\nhello$/);
  await gets(it, client, "hi");
  assert.deepEqual(it.events, ["upstream-down 0"]);
});

testMembers("nobody is told once for each site, and 503", [{}, {}], {}, async (it) => {
  for (const server of it.servers) server.stopListening();
  for (let count = 0; count < 2; count++) await gets(it, it.front.give(GET), "503 Service Unavailable");
  assert.deepEqual(it.events, ["upstream-down 0", "upstream-down 1", "upstreams-down"]);
  for (let count = 0; count < 2; count++) {
    await gets(it, it.front.give(GET, { site: "other" }), "503 Service Unavailable");
  }
  assert.deepEqual(it.events.slice(3), ["upstreams-down"]);
});

testMembers("one that has failed is asked again after its time", [{ retryAfter: 5_000 }, {}], {
  failOnStatus: [500],
}, async (it) => {
  await gets(it, (it.front.give(GET), await serve(it, 0, 0, BAD), it.front.give(GET)), "").catch(() => "");
  await serve(it, 1, 0, CLOSE);
  assert.deepEqual(it.events, ["upstream-down 0"]);
  it.front.give(GET);
  await serve(it, 1, 1, CLOSE);
  it.rig.clock.now += 5_000;
  await it.rig.settle();
  for (let count = 0; count < 2; count++) it.front.give(GET);
  await serve(it, 0, 1, CLOSE);
  await serve(it, 1, 2, CLOSE);
  await it.rig.settle();
  assert.deepEqual(it.events, ["upstream-down 0", "upstream-up 0"]);
});

testMembers("the relay gives a client the cookie of its server, once", [{ route: "n1" }, { route: "n2" }], {
  sticky: { cookie: "SRV", insert: true },
}, async (it) => {
  const first = it.front.give(GET);
  await serve(it, 0, 0, CLOSE);
  assert.match(await gets(it, first, "\r\n\r\n"), /\r\nSet-Cookie: SRV=\.n1; Path=\/; HttpOnly\r\n/);
  const second = it.front.give(head("GET / HTTP/1.1", "Cookie: SRV=.n1"));
  await serve(it, 0, 1, CLOSE);
  assert.doesNotMatch(await gets(it, second, "\r\n\r\n"), /Set-Cookie/);
});

testMembers("a request waits for a server as long as it may", [{ check }], { wait: 9_000 }, async (it) => {
  await later(it, 1_000);
  for (let count = 0; count < 3; count++) {
    await serve(it, 0, count, BAD);
    await later(it, 11_000);
  }
  assert.deepEqual(it.events, ["upstream-down 0"]);
  const client = it.front.give(GET);
  await it.rig.settle();
  assert.equal(client.received, "");
  await serve(it, 0, 3, CLOSE);
  await later(it, 9_000);
  await gets(it, client, "503 Service Unavailable");
});

testMembers(
  "checks take a server out and bring it back, whether anybody asks or not",
  [{ check }, {}],
  {},
  async (it) => {
    assert.equal(it.servers[0]!.accept().length, 0);
    await later(it, 1_000);
    const asked = await serve(it, 0, 0, BAD);
    assert.match(
      asked,
      /^GET \/well HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nUser-Agent: fdpass \(health check\)\r\nConnection: close\r\n\r\n$/,
    );
    const answers = [BAD, BAD, CLOSE, BAD, CLOSE, CLOSE];
    for (const [index, answer] of answers.entries()) {
      await later(it, 11_000);
      await serve(it, 0, index + 1, answer);
    }
    await it.rig.settle();
    // Three failures in a row, and then two good answers in a row.
    assert.deepEqual(it.events, ["upstream-down 0", "upstream-up 0"]);
    assert.equal(it.servers[1]!.accept().length, 0);
  },
);

testMembers(
  "a server that hangs is asked one question at a time, and is taken out",
  [{ check: { ...check, fall: 1 } }, {}],
  {},
  async (it) => {
    await later(it, 1_000);
    const [server] = it.servers;
    const peer = await it.rig.until(() => server!.accept()[0], "a question");
    // A byte now and then is no answer.
    peer.send("HTTP/1.1 200 OK\r\n");
    await later(it, 1_500);
    peer.send("X: y\r\n");
    await it.rig.settle();
    assert.equal(server!.accept().length, 1);
    await later(it, 2_000);
    await it.rig.until(() => peer.ended, "the end of the question");
    await it.rig.until(() => it.events.length > 0, "the news");
    assert.deepEqual(it.events, ["upstream-down 0"]);
    assert.equal(server!.accept().length, 1);
    const client = it.front.give(GET);
    await serve(it, 1, 0, OK);
    await gets(it, client, "hi");
  },
);

testMembers(
  "TCP: whether it takes a connection",
  [{ check: { ...check, method: "TCP", fall: 1, rise: 1 } }, {}],
  {},
  async (it) => {
    await later(it, 1_000);
    await it.rig.until(() => it.servers[0]!.accept()[0]?.ended, "a question and its end");
    assert.deepEqual(it.events, []);
    it.servers[0]!.stopListening();
    await later(it, 11_000);
    await it.rig.until(() => it.events.length > 0, "the news");
    assert.deepEqual(it.events, ["upstream-down 0"]);
  },
);

testMembers(
  "a condition stands in place of statuses, and sees content",
  [{
    check: {
      ...check,
      fall: 1,
      condition: {
        kind: "not",
        of: { kind: "match", of: [{ call: "reqenv", argument: ["HC_BODY"] }], pattern: "maintenance" },
      },
    },
  }, {}],
  {},
  async (it) => {
    await later(it, 1_000);
    await serve(it, 0, 0, BAD);
    it.servers[0]!.accept()[0]!.close();
    await it.rig.settle();
    assert.deepEqual(it.events, []);
    await later(it, 11_000);
    await serve(it, 0, 1, "HTTP/1.0 200 OK\r\n\r\nin maintenance");
    it.servers[0]!.accept()[1]!.close();
    await it.rig.until(() => it.events.length > 0, "the news");
    assert.deepEqual(it.events, ["upstream-down 0"]);
  },
);
