import assert from "node:assert/strict";
import type { Client } from "../../front/clients.ts";
import { head, type RelayRig, testRelay, undated } from "./rig.ts";
import type { Peer } from "./scripted_upstream.ts";

const UPGRADE = head(
  "GET /chat HTTP/1.1",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Key: x",
);
const SWITCH =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\n";
const SWITCHED =
  "HTTP/1.1 101 Switching Protocols\r\nX-A: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

async function open(it: RelayRig, early = ""): Promise<{ client: Client; peer: Peer }> {
  const client = it.give(UPGRADE + early);
  const peer = await it.request();
  peer.send(SWITCH);
  assert.equal(undated(await it.gets(client, "101")), SWITCHED);
  return { client, peer };
}

testRelay("a tunnel passes bytes both ways, early ones included", async (it) => {
  const client = it.give(UPGRADE + "early");
  const peer = await it.request();
  peer.send(SWITCH + "early too");
  assert.equal(undated(await it.gets(client, "early too")), SWITCHED + "early too");
  await it.hears(peer, "\r\n\r\nearly");
  client.send("one");
  await it.hears(peer, "earlyone");
  peer.send("two");
  await it.gets(client, "early tootwo");
  peer.close();
  await it.rig.rest(client);
});

for (const first of ["client", "upstream"] as const) {
  testRelay(`a tunnel goes on one way when the ${first} has ended its side`, async (it) => {
    const { client, peer } = await open(it);
    if (first === "client") {
      client.end();
      await it.rig.until(() => peer.ended, "the end at the upstream");
      peer.send("still here");
      await it.gets(client, "still here");
      peer.end();
      await it.rig.until(() => client.ended, "the end at the client");
    } else {
      peer.end();
      await it.rig.until(() => client.ended, "the end at the client");
      client.send("still here");
      await it.hears(peer, "still here");
      client.end();
      await it.rig.until(() => peer.ended, "the end at the upstream");
    }
    await it.rig.until(() => it.rig.backend.active === 0, "the end of the connection");
    assert.deepEqual(it.errors, []);
  });
}

testRelay("a tunnel breaks where one side does", async (it) => {
  const { client, peer } = await open(it);
  client.reset();
  await it.rig.until(() => peer.ended, "the end at the upstream");
  const second = it.give(UPGRADE);
  const other = await it.request(1);
  other.send(SWITCH);
  await it.gets(second, "101");
  other.reset();
  await it.rig.rest(second);
});

testRelay("a tunnel may be silent for long, as long as both sides are open", async (it) => {
  const { client, peer } = await open(it);
  await it.rig.advance(3_600_000);
  client.send("one");
  await it.hears(peer, "one");
  peer.send("two");
  await it.gets(client, "two");
  peer.end();
  await it.rig.until(() => client.ended, "the end at the client");
  await it.rig.advance(60_000);
  await it.rig.until(() => peer.ended, "the end at the upstream");
});

testRelay("a tunnel takes no more than it can pass on, and passes all of it", async (it) => {
  const { client, peer } = await open(it);
  const piece = new Uint8Array(65_536).fill(0x78);
  let sent = 0;
  for (let quiet = 0; quiet < 3;) {
    const length = peer.send(piece);
    sent += Math.max(0, length);
    quiet = length < 0 ? quiet + 1 : 0;
    await it.rig.settle();
    assert.ok(sent < 64 << 20, "somebody keeps what nobody reads");
  }
  peer.end();
  await it.rig.rest(client);
  assert.equal(client.received.length - client.received.indexOf("\r\n\r\n") - 4, sent);
});

testRelay("an upstream that declines to change the protocol just responds", async (it) => {
  const client = it.give(UPGRADE);
  (await it.request()).send("HTTP/1.1 426 Upgrade Required\r\nUpgrade: other\r\nContent-Length: 2\r\n\r\nno");
  assert.match(
    undated(await it.gets(client, "no")),
    /^HTTP\/1\.1 426 Upgrade Required\r\nContent-Length: 2\r\n/,
  );
  client.send(head("GET / HTTP/1.1"));
  await it.hears(await it.request(), "GET / HTTP/1.1");
});

testRelay("a tunnel passes all that a client has sent before its end", async (it) => {
  const { client, peer } = await open(it);
  peer.end();
  peer.take();
  await it.rig.until(() => client.ended, "the end at the client");
  const piece = new Uint8Array(65_536).fill(0x78);
  let sent = 0;
  for (let quiet = 0; quiet < 3;) {
    const length = client.send(piece);
    sent += Math.max(0, length);
    quiet = length < 0 ? quiet + 1 : 0;
    await it.rig.settle();
  }
  client.end();
  let got = 0;
  // Slowly, so that the client's end is there long before the relay has passed everything on.
  await it.rig.until(() => {
    const length = peer.sip(20_000);
    got += Math.max(0, length);
    return length === 0;
  }, "the end at the upstream");
  assert.equal(got, sent);
});

testRelay("messages and ends pass while no promise has its turn", async (it) => {
  const { client, peer } = await open(it);
  const { rig } = it;
  for (const word of ["one", "two", "three"]) {
    client.send(word);
    rig.untilBlocking(() => peer.received.endsWith(word), `${word} at the upstream`);
    peer.send(word);
    rig.untilBlocking(() => client.received.endsWith(word), `${word} at the client`);
  }
  peer.end();
  rig.untilBlocking(() => client.ended, "the end at the client");
  client.end();
  rig.untilBlocking(() => peer.ended, "the end at the upstream");
  await rig.until(() => rig.backend.active === 0, "the end of the connection");
});

for (const stuck of ["client", "upstream"] as const) {
  testRelay(
    `what the ${stuck} says while it reads nothing gives it its time again, and no more`,
    async (it) => {
      const { client, peer } = await open(it);
      const [talks, hears] = stuck === "client" ? [client, peer] : [peer, client];
      const piece = new Uint8Array(1 << 20);
      // It rests when every buffer on the way is full.
      for (let idle = 0; idle < 20;) {
        idle = hears.send(piece) > 0 ? 0 : idle + 1;
        await it.rig.turn();
      }
      await it.rig.advance(59_000);
      talks.send("still here");
      await it.rig.until(() => hears.received.includes("still here"), "the message at the other side");
      assert.equal(it.rig.backend.active, 1);
      await it.rig.advance(60_000);
      await it.rig.until(() => it.rig.backend.active === 0, "the end of the tunnel");
    },
  );
}
