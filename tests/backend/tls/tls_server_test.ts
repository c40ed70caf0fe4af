import assert from "node:assert/strict";
import { once } from "node:events";
import { close, SHUT_WR, shutdown } from "../../../ffi/mod.ts";
import { received, settings, site, testTls } from "./rig.ts";

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
void close;
