import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { formatAddress, isIn, isLocal, readAddress, readNetwork } from "../../src/rules/networks.ts";

Deno.test("readNetwork() reads what httpd does, and isIn() keeps to it", () => {
  for (
    const [network, inside, outside] of [
      ["10.0.0.0/8", ["10.1.2.3"], ["11.0.0.1", "::1"]],
      ["10", ["10.255.0.1"], ["100.0.0.1"]],
      ["192.168", ["192.168.1.1"], ["192.169.0.1"]],
      ["10.1/16", ["10.1.9.9"], ["10.2.0.0"]],
      ["172.16.0.0/255.240.0.0", ["172.31.0.1"], ["172.32.0.1"]],
      ["127.0.0.1", ["127.0.0.1", "::ffff:127.0.0.1"], ["127.0.0.2"]],
      ["2001:db8::/32", ["2001:db8:1::1"], ["2001:db9::1", "1.2.3.4"]],
      ["::1", ["::1"], ["::2"]],
      ["0.0.0.0/0", ["1.2.3.4"], ["::1"]],
    ] as const
  ) {
    const read = readNetwork(network)!;
    for (const address of inside) assert.ok(isIn(readAddress(address)!, read), `${network} ${address}`);
    for (const address of outside) assert.ok(!isIn(readAddress(address)!, read), `${network} ${address}`);
  }
  for (
    const text of [
      "",
      "a",
      "10.0.0.0/33",
      "10.0.0.0/255.0.255.0",
      "1.2.3.4.5",
      "::1/129",
      "1:2",
      "300.1.1.1",
      ":::",
    ]
  ) {
    assert.equal(readNetwork(text), undefined, text);
  }
});

Deno.test("formatAddress() writes what readAddress() reads", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
    assert.deepEqual(readAddress(formatAddress(bytes)), bytes);
  }));
  assert.equal(formatAddress(readAddress("2001:db8:0:0:1:0:0:0")!), "2001:db8:0:0:1::");
  assert.ok(isLocal(readAddress("127.9.9.9")!, readAddress("1.2.3.4")!));
  assert.ok(isLocal(readAddress("1.2.3.4")!, readAddress("1.2.3.4")!));
  assert.ok(!isLocal(readAddress("1.2.3.5")!, readAddress("1.2.3.4")!));
});
