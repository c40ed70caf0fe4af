import assert from "node:assert/strict";
import { adopt, close, duplicate, encodeInternetAddress, encodeUnixAddress } from "../../../ffi/mod.ts";
import { readAddress } from "../../../src/backend/connection/address.ts";
import { writeSockaddr } from "../../../src/front/connection/address.ts";
import { request } from "../clients.ts";
import { type Rig, siteOf, test } from "../rig.ts";
import { type Held, responseOf, type ScriptedBackend } from "../scripted_backend.ts";

/** The next hand-off, read and not acknowledged. */
function handed(rig: Rig, backend: ScriptedBackend): Held {
  return rig.until(() => backend.read()[0], "a hand-off");
}

test("writeSockaddr() writes addresses as the protocol has them", {}, () => {
  const out = new Uint8Array(30).fill(9);
  const written = (sockaddr: Uint8Array) => {
    writeSockaddr(out, 5, sockaddr);
    assert.deepEqual([out[4], out[25]], [9, 9]);
    return readAddress(out.subarray(5, 25));
  };
  for (
    const [host, port] of [["192.0.2.7", 51_234], ["::1", 1], ["2001:db8::a", 65_535], [
      "0.0.0.0",
      0,
    ]] as const
  ) {
    assert.deepEqual(written(encodeInternetAddress(host, port)), { transport: "tcp", hostname: host, port });
  }
  const mapped = written(encodeInternetAddress("::ffff:198.51.100.9", 80));
  assert.deepEqual([mapped.hostname, mapped.port, out[5]], ["198.51.100.9", 80, 4]);
  assert.deepEqual(out.subarray(13, 25), new Uint8Array(12));
  written(encodeUnixAddress("/tmp/x"));
  assert.deepEqual(out.subarray(5, 25), new Uint8Array(20));
});

for (
  const [listen, connect, seen] of [
    ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "127.0.0.2", "127.0.0.2"],
    ["::1", "::1", "::1"],
    ["::", "::1", "::1"],
    ["::", "127.0.0.1", "127.0.0.1"],
  ] as const
) {
  test(`a client of ${connect} at ${listen} is said to have come from and to the real addresses`, {
    host: listen,
  }, (rig) => {
    const a = rig.start("a");
    const client = rig.client(request(), connect);
    const { transfer } = rig.until(() => a.read()[0], "a hand-off");
    const from = readAddress(transfer.client);
    assert.deepEqual(readAddress(transfer.local), { transport: "tcp", hostname: seen, port: rig.port });
    assert.equal(from.port, client.port);
    assert.equal(from.hostname.includes(":"), seen.includes(":"));
  });
}

test("a listener on every address finds a returned connection's sites", { host: "0.0.0.0" }, (rig) => {
  const a = rig.start("a");
  const client = rig.client(request(), "127.0.0.3");
  const held = handed(rig, a);
  a.acknowledge([held]);
  a.sayReturn(held, 1);
  rig.until(() => a.acknowledged().includes(1), "the acknowledgement");
  close(held.fd);
  a.owned = [];
  a.manner = "serves";
  if (a.held.length > 0) a.acknowledge(a.held);
  assert.equal(rig.answer(client), responseOf("a"));
});

test(
  "a returned copy that the backend keeps is no second owner for the front",
  { sites: [siteOf(["a"])] },
  (rig) => {
    const a = rig.start("a");
    const client = rig.client(request());
    const held = handed(rig, a);
    a.acknowledge([held]);
    const copy = adopt(duplicate(held.fd));
    a.sayReturn(held, 1);
    rig.until(() => a.acknowledged().includes(1), "the acknowledgement");
    close(held.fd);
    a.owned = [];
    a.manner = "serves";
    if (a.held.length > 0) a.acknowledge(a.held);
    assert.equal(rig.answer(client), responseOf("a"));
    close(copy);
  },
);
