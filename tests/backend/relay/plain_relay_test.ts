import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  PlainRelay,
  type PlainRelayEvent,
  type PlainRelayOptions,
} from "../../../src/backend/relay/plain_relay.ts";
import { proxyHeader } from "../../../src/backend/relay/proxy_header.ts";
import {
  KEEP_ALIVE_HOLD,
  SCOPE_CONNECTION,
  SCOPE_HOST,
  SCOPE_REQUEST,
} from "../../../src/protocol/messages.ts";
import { encodeTls } from "../../../src/protocol/tls_field.ts";
import type { Client } from "../../front/clients.ts";
import { Rig, withRig } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";
import { head } from "./rig.ts";
import { type Peer, ScriptedUpstream } from "./scripted_upstream.ts";

const GET = head("GET /a HTTP/1.1");

class PlainRig {
  readonly events: PlainRelayEvent[] = [];

  constructor(
    readonly rig: Rig<PlainRelay>,
    readonly front: ScriptedFront,
    readonly upstream: ScriptedUpstream,
  ) {}

  /** Waits until a connection to the upstream has a text. */
  async peer(text: string, index = 0): Promise<Peer> {
    return await this.rig.until(() => {
      const peer = this.upstream.accept()[index];
      return peer !== undefined && peer.received.includes(text) && peer;
    }, `${JSON.stringify(text)} on connection ${index} of the upstream`);
  }

  async gets(client: Client, text: string): Promise<string> {
    return await this.rig.until(
      () => client.received.includes(text) && client.received,
      `${JSON.stringify(text)} at the client, which has ${JSON.stringify(client.received)}`,
    );
  }

  async over(): Promise<void> {
    await this.rig.until(() => this.rig.backend.active === 0, "the end of the connection");
  }
}

function testPlain(
  name: string,
  body: (it: PlainRig) => Promise<void>,
  options: Partial<PlainRelayOptions> = {},
): void {
  Deno.test(name, () => {
    const upstream: { it?: ScriptedUpstream } = {};
    let it: PlainRig | undefined;
    const make = () => {
      const { port } = upstream.it = new ScriptedUpstream();
      return new Rig(
        new PlainRelay({
          upstream: { at: { host: "127.0.0.1", port }, authority: `upstream:${port}`, base: "" },
          plain: "bare",
          report: (event) => it?.events.push(event),
          ...options,
        }),
      );
    };
    return withRig(make, async (rig) => {
      try {
        it = new PlainRig(rig, await rig.front(), upstream.it!);
        await body(it);
      } finally {
        rig.server.close();
        upstream.it!.close();
      }
    });
  });
}

testPlain("a plain relay passes every byte on as it is, both ways, request after request", async (it) => {
  const odd = "GET  /%2e%2e/a?b HTTP/1.1\r\nHOST:x\r\nConnection : keep-alive\r\n\r\n";
  const client = it.front.give(odd);
  const peer = await it.peer("\r\n\r\n");
  assert.equal(peer.take(), odd);
  peer.send("anything\r\n");
  assert.equal(await it.gets(client, "\r\n"), "anything\r\n");
  client.send("\0\x01 no HTTP");
  await it.peer("no HTTP");
  assert.equal(peer.received, "\0\x01 no HTTP");
  client.end();
  await it.rig.until(() => peer.ended, "the end at the upstream");
  peer.send("still here");
  peer.close();
  assert.equal(await it.rig.rest(client), "anything\r\nstill here");
  await it.over();
});

testPlain(
  "a plain relay passes on an end of the upstream's, and what the client sends after it",
  async (it) => {
    const client = it.front.give(GET);
    const peer = await it.peer("\r\n\r\n");
    peer.end();
    await it.rig.until(() => client.ended === "end", "the end at the client");
    client.send("more");
    await it.peer("more");
    client.close();
    await it.over();
  },
);

testPlain("what was read before comes first", async (it) => {
  const preread = new TextEncoder().encode("GET /a HTTP/1.1\r\n");
  it.front.give("Host: site.example\r\n\r\n", { preread });
  assert.equal((await it.peer("\r\n\r\n")).received, GET);
});

for (const plain of ["v1", "v2"] as const) {
  testPlain(`with a PROXY header of version ${plain.slice(1)}, that comes before everything`, async (it) => {
    const { client, fd } = it.front.accept(GET);
    const transfer = it.front.transfer(fd, { preread: new TextEncoder().encode("<before>") });
    it.front.handOff(fd, transfer);
    it.front.drop(fd);
    const header = Buffer.from(proxyHeader(plain, transfer.client, transfer.local)).toString("latin1");
    const peer = await it.peer("\r\n\r\n");
    await it.peer("site.example");
    assert.equal(peer.received, header + "<before>" + GET);
    if (plain === "v1") {
      assert.equal(header, `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.port} ${it.front.port}\r\n`);
    }
  }, { plain });
}

for (const [what, broken, other] of [["client", "client", "peer"], ["upstream", "peer", "client"]] as const) {
  testPlain(
    `a connection that the ${what} breaks off does not seem to end well for the other side`,
    async (it) => {
      const client = it.front.give(GET);
      const peer = await it.peer("\r\n\r\n");
      const sides = { client, peer };
      peer.send("HTTP/1.1 200 OK\r\n\r\npart");
      await it.gets(client, "part");
      sides[broken].reset();
      await it.rig.until(() => sides[other].ended, `the end for the other side`);
      if (other === "client") assert.equal(client.ended, "reset");
      await it.over();
      assert.deepEqual(it.events, []);
    },
  );
}

testPlain("an upstream that is away is 502, and told once", async (it) => {
  const { port } = it.upstream;
  it.upstream.stopListening();
  const client = it.front.give(GET);
  const answer = await it.rig.rest(client);
  assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*\r\nConnection: close\r\n\r\n502 /);
  const second = it.front.give(head("HEAD / HTTP/1.1"));
  assert.match(await it.rig.rest(second), /^HTTP\/1\.1 502 [^]*\r\n\r\n$/);
  assert.deepEqual(it.events, [{
    type: "upstream-away",
    reason: `it cannot be reached at 127.0.0.1:${port}: nobody listens there (ECONNREFUSED)`,
    status: 502,
  }]);
  client.close();
  second.close();
  await it.over();
});

testPlain("a client that is to do TLS with an upstream that is away gets an alert", async (it) => {
  it.upstream.stopListening();
  const tls = encodeTls({
    way: "untouched",
    version: 0,
    cipher: 0,
    cipherName: "",
    resumed: false,
    serverName: "own.test",
    policy: 0,
  });
  const client = it.front.give("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", { tls });
  assert.equal(await it.rig.rest(client), "\x15\x03\x01\x00\x02\x02\x50");
  assert.equal(client.ended, "end");
  client.close();
  await it.over();
});

for (const [what, detail] of [["another host", SCOPE_HOST], ["anybody", SCOPE_REQUEST]] as const) {
  testPlain(`a connection whose next request may be for ${what} is not passed on`, async (it) => {
    const change = { detail, site: "site.example", route: "/a/", keepAlive: KEEP_ALIVE_HOLD };
    for (let i = 0; i < 2; i++) {
      assert.match(await it.rig.rest(it.front.give(GET, change)), /^HTTP\/1\.1 500 /);
    }
    assert.equal(it.upstream.accept().length, 0);
    assert.deepEqual(it.events, [{ type: "not-whole", site: "site.example", route: "/a/" }]);
    it.front.give(GET, { detail: SCOPE_CONNECTION });
    await it.peer("\r\n\r\n");
  });
}

testPlain("both sides may be silent for as long as they like", async (it) => {
  const client = it.front.give(GET);
  const peer = await it.peer("\r\n\r\n");
  await it.rig.advance(3_600_000);
  peer.send("late");
  await it.gets(client, "late");
  client.send("later");
  await it.peer("later");
});

testPlain("when one side has ended, the other has its time", async (it) => {
  const client = it.front.give(GET);
  const peer = await it.peer("\r\n\r\n");
  client.end();
  await it.rig.until(() => peer.ended, "the end at the upstream");
  await it.rig.advance(1_000);
  assert.equal(client.ended, false);
  await it.rig.advance(2_000);
  assert.equal(client.ended, "reset");
  await it.over();
}, { timeout: 2_000 });

testPlain("a client that does not read stops the upstream, and is given up in the end", async (it) => {
  const client = it.front.give(GET);
  const peer = await it.peer("\r\n\r\n");
  const piece = new Uint8Array(1 << 20).fill(0x61);
  let sent = 0;
  // It rests when every buffer on the way is full: those of four sockets and one pipe.
  for (let idle = 0; idle < 20;) {
    const took = peer.send(piece);
    if (took > 0) sent += took;
    idle = took > 0 ? 0 : idle + 1;
    await it.rig.turn();
  }
  assert.ok(sent < 64 << 20, `${sent} bytes are under way`);
  await it.rig.advance(60_000);
  await it.over();
  client.close();
});

testPlain("bytes in bulk arrive whole, both ways at once", async (it) => {
  const client = it.front.give(GET);
  const peer = await it.peer("\r\n\r\n");
  peer.take();
  const content = Uint8Array.from({ length: 5_000_000 }, (_, at) => at * 7 + (at >> 11));
  const text = Buffer.from(content).toString("latin1");
  let [down, up] = [0, 0];
  await it.rig.until(() => {
    if (down < content.length) down += Math.max(0, peer.send(content.subarray(down)));
    if (up < content.length) up += Math.max(0, client.send(content.subarray(up)));
    return client.received.length === content.length && peer.received.length === content.length;
  }, "all of it at both ends");
  assert.ok(client.received === text && peer.received === text);
  client.close();
  peer.close();
  await it.over();
});

testPlain("connections beyond the most that there may be wait, and get 503 after a while", async (it) => {
  const first = it.front.give(GET);
  const peer = await it.peer("\r\n\r\n");
  const second = it.front.give(head("GET /second HTTP/1.1"));
  const third = it.front.give(head("GET /third HTTP/1.1"));
  await it.rig.settle();
  assert.equal(it.upstream.accept().length, 1);
  first.close();
  peer.close();
  await it.peer("/second", 1);
  await it.rig.advance(2_000);
  assert.match(await it.rig.rest(third), /^HTTP\/1\.1 503 [^]*\r\nRetry-After: 1\r\n/);
  assert.equal(second.ended, false);
  assert.equal(it.upstream.accept().length, 2);
}, { maxUpstream: 1, timeout: 2_000 });

testPlain("connections come, wait for their turn and end while no promise has its own", async (it) => {
  const { rig, upstream } = it;
  const clients = [GET, GET].map((text) => it.front.give(text));
  for (const [index, client] of clients.entries()) {
    const peer = rig.untilBlocking(() => {
      const peers = upstream.accept();
      assert.ok(peers.length <= index + 1);
      return peers[index]?.received === GET && peers[index];
    }, `the request on connection ${index} of the upstream`);
    peer.send(`answer ${index}`);
    rig.untilBlocking(() => client.received === `answer ${index}`, "the answer at the client");
    client.end();
    rig.untilBlocking(() => peer.ended, "the end at the upstream");
    peer.end();
  }
  rig.untilBlocking(() => rig.backend.active === 0, "the end of both connections");
  await rig.settle();
}, { maxUpstream: 1 });
