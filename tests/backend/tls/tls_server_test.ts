import assert from "node:assert/strict";
import { once } from "node:events";
import { EAGAIN, libc, MSG_DONTWAIT, MSG_NOSIGNAL, settle, SHUT_WR, shutdown } from "../../../ffi/mod.ts";
import type { SecureVersion, TLSSocket } from "node:tls";
import { ASKED, type Received, received, settings, site, testTls, TIMEOUT, type TlsRig } from "./rig.ts";

const { send } = libc;

const ONE = () => settings([site(["one.test"], ["one"])]);

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  testTls(
    `a connection comes back with what the handshake found out, and carries clear text: ${version}`,
    ONE,
    async (it) => {
      const client = it.connect({
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ["h2", "http/1.1"],
      });
      const seen = received(client);
      const secure = once(client, "secureConnect");
      await it.handOver();
      const { fd, state } = await it.returned();
      await secure;
      assert.ok(client.authorized);
      assert.deepEqual({ ...state, cipher: 0, cipherName: "" }, {
        way: "pair",
        version: version === "TLSv1.3" ? 0x0304 : 0x0303,
        cipher: 0,
        cipherName: "",
        resumed: false,
        serverName: "one.test",
        policy: 0,
      });
      assert.ok(state.cipherName !== "" && state.cipher > 0);
      client.write("GET / HTTP/1.1\r\n\r\n");
      assert.equal(await it.hear(fd), "GET / HTTP/1.1\r\n\r\n");
      it.say(fd, "HTTP/1.1 200 OK\r\n\r\n");
      await it.rig.until(() => seen.text === "HTTP/1.1 200 OK\r\n\r\n", "the answer");
      // close_notify is the end of the stream, both ways.
      client.end();
      assert.equal(await it.hear(fd), "");
      it.say(fd, "more");
      shutdown(fd, SHUT_WR);
      await it.rig.until(() => seen.ended, "close_notify");
      assert.equal(seen.text, "HTTP/1.1 200 OK\r\n\r\nmore");
      await it.rig.until(() => it.rig.backend.active === 0, "the end");
    },
  );
}

testTls("a client that says nothing more gets all that was sent to it, and then the end", ONE, async (it) => {
  const client = it.connect();
  const seen = received(client);
  await it.handOver();
  const { fd } = await it.returned();
  const text = "x".repeat(100_000);
  it.say(fd, text);
  it.front.drop(fd);
  await it.rig.until(() => seen.ended, "the end");
  assert.equal(seen.text, text);
  assert.equal(seen.error, undefined);
});

/** Text that is not the same at any two places. */
function numbered(length: number): string {
  const lines = Array.from({ length: Math.ceil(length / 8) }, (_, number) => String(number).padStart(7, "0"));
  return lines.join("\n").slice(0, length);
}

testTls(
  "what comes in records of any size arrives as it was, also where nobody takes it at first",
  ONE,
  async (it) => {
    const client = it.connect();
    await it.handOver();
    const { fd } = await it.returned();
    const text = numbered(2 << 20);
    const sizes = [1, 100, 16_384, 7, 40_000, 3];
    for (let at = 0, turn = 0; at < text.length; turn++) {
      const size = sizes[turn % sizes.length]!;
      client.write(text.slice(at, at + size));
      at += size;
    }
    client.end();
    await it.rig.settle();
    let seen = "";
    for (let more = await it.hear(fd); more !== ""; more = await it.hear(fd)) seen += more;
    assert.ok(seen === text, `${seen.length} bytes of ${text.length} arrived`);
  },
);

testTls("what is sent to a client that does not read at first arrives as it was", ONE, async (it) => {
  const client = it.connect();
  const seen = received(client);
  await it.handOver();
  const { fd } = await it.returned();
  client.pause();
  // More than all sockets on the way take.
  const bytes = new TextEncoder().encode(numbered(8 << 20));
  let at = 0;
  const sendOn = () => {
    const rest = bytes.subarray(at);
    const sent = settle(send(fd, rest, BigInt(rest.length), MSG_DONTWAIT | MSG_NOSIGNAL));
    at += Math.max(0, sent);
    return sent === -EAGAIN;
  };
  while (!sendOn());
  await it.rig.settle();
  assert.ok(at < bytes.length);
  client.resume();
  await it.rig.until(() => at === bytes.length || sendOn() && false, "room for the rest");
  it.front.drop(fd);
  await it.rig.until(() => seen.ended, "the end");
  assert.ok(seen.text === new TextDecoder().decode(bytes), `${seen.text.length} bytes arrived`);
});

testTls("each client's name is what comes back", () =>
  settings([
    site(["one.test", "*.wild.test"], ["one"]),
  ]), async (it) => {
  for (const name of ["one.test", "a.wild.test", "b.wild.test", "one.test"]) {
    const client = it.connect({ servername: name });
    const seen = received(client);
    await it.handOver();
    const { fd, state } = await it.returned();
    assert.equal(state.serverName, name);
    it.say(fd, "answer");
    it.front.drop(fd);
    await it.rig.until(() => seen.ended, "the end");
    assert.equal(seen.text, "answer");
  }
});

/** A client that has shaken hands and says nothing, and what it has seen. @param back how many have come back before it */
async function silent(
  it: TlsRig,
  version: SecureVersion,
  back = 0,
): Promise<{ client: TLSSocket; seen: Received }> {
  const client = it.connect({ minVersion: version, maxVersion: version }, "");
  const seen = received(client);
  let secure = false;
  client.once("secureConnect", () => secure = true);
  await it.handOver();
  await it.rig.until(() => secure, "the handshake");
  await it.rig.settle();
  assert.equal(it.front.returned.length, back);
  return { client, seen };
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  testTls(`who asks for nothing does not come back, and is told of the end: ${version}`, ONE, async (it) => {
    const { client, seen } = await silent(it, version);
    client.end();
    await it.rig.until(() => seen.ended, "close_notify");
    const { client: other } = await silent(it, version);
    // Without a word (FIN).
    other.destroy();
    await it.rig.until(() => it.rig.backend.active === 0, "the end");
    assert.deepEqual([it.front.returned.length, seen.error], [0, undefined]);
  });

  testTls(`who asks for nothing in time is told of the end: ${version}`, ONE, async (it) => {
    const { seen } = await silent(it, version);
    assert.equal(it.rig.backend.active, 1);
    await it.rig.advance(TIMEOUT / 2);
    assert.equal(it.rig.backend.active, 1);
    await it.rig.advance(TIMEOUT);
    await it.rig.until(() => seen.ended, "close_notify");
    assert.deepEqual([it.front.returned.length, it.rig.backend.active, seen.error], [0, 0, undefined]);
  });

  testTls(`what waits for a request comes back from a process that drains: ${version}`, ONE, async (it) => {
    const { client, seen } = await silent(it, version);
    let drained = false;
    void it.rig.backend.drain().then(() => drained = true);
    await it.rig.until(() => it.front.returned.length === 1, "a RETURN");
    client.write(ASKED);
    const { fd } = await it.returned();
    it.say(fd, "answer");
    it.front.drop(fd);
    await it.rig.until(() => seen.ended, "the end");
    assert.equal(seen.text, "answer");
    // The client may have seen the end before this process has seen to its own.
    await it.rig.until(() => drained, "the drained backend");
  });
}

testTls("who has asked for nothing for longest gives way, and nobody who has asked", ONE, async (it) => {
  const { server, backend } = it.rig;
  assert.equal(server.makeRoom(), false);
  it.connect();
  await it.handOver();
  const { fd } = await it.returned();
  assert.equal(server.makeRoom(), false);
  it.front.drop(fd);
  await it.rig.until(() => backend.active === 0, "the end");
  const { seen: first } = await silent(it, "TLSv1.3", 1);
  const { seen: second } = await silent(it, "TLSv1.3", 1);
  assert.equal(server.makeRoom(), true);
  await it.rig.until(() => first.ended, "close_notify");
  assert.deepEqual([second.ended, backend.active], [false, 1]);
});

testTls(
  "who breaks off without a word after the handshake leaves nothing, whatever came",
  ONE,
  async (it) => {
    const { client } = await silent(it, "TLSv1.3");
    // A reset.
    (client as TLSSocket & { resetAndDestroy(): void }).resetAndDestroy();
    await it.rig.until(() => it.rig.backend.active === 0, "the end");
    await silent(it, "TLSv1.3");
    // The process ends: the rig's end finds no descriptor open.
  },
);
