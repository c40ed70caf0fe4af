// Headers of the PROXY protocol: what they say, cut at every byte, and by chance.
import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { proxyHeader } from "../../src/backend/relay/proxy_header.ts";
import { crc32c } from "../../src/trust/crc32c.ts";
import { MAX_PROXY_HEADER, ProxyHeader } from "../../src/trust/proxy_header.ts";
import { address } from "../protocol/arbitraries.ts";

const SIGNATURE = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10);
const header = new ProxyHeader();

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A header of version 2. @param more what follows the addresses */
function binary(command: number, family: number, addresses: readonly number[], more: readonly number[] = []) {
  const length = addresses.length + more.length;
  return Uint8Array.of(...SIGNATURE, command, family, length >> 8, length & 255, ...addresses, ...more);
}

const V4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xc8, 0x22, 0, 80];
const V6 = [
  ...[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  ...[0xc8, 0x22, 0, 80],
];
const MAPPED = [...new Uint8Array(10), 255, 255, 192, 0, 2, 7, ...new Uint8Array(16), 0xc8, 0x22, 0, 80];

/** What a header says: family, address and port of the client; undefined where it is who has connected. */
function saidBy(bytes: Uint8Array): string | undefined {
  assert.equal(header.read(bytes, bytes.length), "whole", header.why);
  if (!header.announced) return undefined;
  const { client } = header;
  const size = client[0] === 4 ? 4 : client[0] === 6 ? 16 : 0;
  assert.ok(client.subarray(4 + size).every((byte) => byte === 0));
  return `${client[0]} ${client.subarray(4, 4 + size).toHex()} ${client[2]! << 8 | client[3]!}`;
}

/** With a checksum over all of it. */
function checked(...more: number[]): Uint8Array<ArrayBuffer> {
  const bytes = binary(0x21, 0x11, V4, [3, 0, 4, 0, 0, 0, 0, ...more]);
  new DataView(bytes.buffer).setUint32(16 + 12 + 3, crc32c(bytes));
  return bytes;
}

const GOOD: readonly (readonly [what: string, bytes: Uint8Array, says: string | undefined])[] = [
  ["TCP4", bytesOf("PROXY TCP4 192.0.2.7 198.51.100.1 51234 80\r\n"), "4 c0000207 51234"],
  [
    "TCP4, the longest",
    bytesOf("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
    "4 ffffffff 65535",
  ],
  ["TCP6", bytesOf("PROXY TCP6 2001:db8::1 ::1 51234 80\r\n"), "6 20010db8000000000000000000000001 51234"],
  ["TCP6 with a mapped address", bytesOf("PROXY TCP6 ::ffff:192.0.2.7 ::1 51234 80\r\n"), "4 c0000207 51234"],
  ["UNKNOWN", bytesOf("PROXY UNKNOWN\r\n"), undefined],
  ["UNKNOWN, and what is ignored", bytesOf(`PROXY UNKNOWN ${"f".repeat(91)}\r\n`), undefined],
  ["version 2, IPv4", binary(0x21, 0x11, V4), "4 c0000207 51234"],
  ["version 2, IPv6", binary(0x21, 0x21, V6), "6 20010db8000000000000000000000001 51234"],
  ["version 2, a mapped address", binary(0x21, 0x21, MAPPED), "4 c0000207 51234"],
  ["version 2, a Unix socket", binary(0x21, 0x31, [...new Uint8Array(216)]), "0  0"],
  ["version 2, UNSPEC", binary(0x21, 0, []), undefined],
  ["version 2, UDP", binary(0x21, 0x12, V4), undefined],
  ["LOCAL", binary(0x20, 0, []), undefined],
  ["LOCAL with addresses, which are ignored", binary(0x20, 0x11, V4), undefined],
  ["LOCAL with a family that is not known", binary(0x20, 0xf1, [1, 2, 3]), undefined],
  ["values of types", binary(0x21, 0x11, V4, [1, 0, 2, 104, 50, 4, 0, 0, 0xee, 0, 1, 9]), "4 c0000207 51234"],
  ["a checksum", checked(1, 0, 2, 104, 50), "4 c0000207 51234"],
];

const BAD: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["a request", bytesOf("GET / HTTP/1.1\r\n\r\n")],
  ["a request that begins like one", bytesOf("PROPFIND / HTTP/1.1\r\n\r\n")],
  ["an empty line, then a request", bytesOf("\r\nGET / HTTP/1.1\r\n\r\n")],
  ["a ClientHello", Uint8Array.of(22, 3, 1, 0, 200)],
  ["a small letter", bytesOf("proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n")],
  ["another family", bytesOf("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n")],
  ["too few words", bytesOf("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n")],
  ["too many words", bytesOf("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n")],
  ["two spaces", bytesOf("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n")],
  ["a port out of range", bytesOf("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n")],
  ["a port with a zero in front", bytesOf("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n")],
  ["an octet with a zero in front", bytesOf("PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n")],
  ["an octet out of range", bytesOf("PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n")],
  ["IPv6 as TCP4", bytesOf("PROXY TCP4 ::1 ::1 1 2\r\n")],
  ["IPv4 as TCP6", bytesOf("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n")],
  ["a zone", bytesOf("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n")],
  ["LF alone", bytesOf("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n")],
  ["CR alone", bytesOf("PROXY UNKNOWN\rGET / HTTP/1.1\r\n")],
  ["a line that is too long", bytesOf(`PROXY UNKNOWN ${"f".repeat(92)}\r\n`)],
  ["a line without an end", bytesOf(`PROXY UNKNOWN ${"f".repeat(200)}`)],
  ["version 1 in binary", binary(0x11, 0x11, V4)],
  ["another command", binary(0x22, 0x11, V4)],
  ["another family in binary", binary(0x21, 0x41, V4)],
  ["another transport", binary(0x21, 0x13, V4)],
  ["too short for its addresses", binary(0x21, 0x21, V4)],
  ["a value that is cut off", binary(0x21, 0x11, V4, [1, 0, 3, 104, 50])],
  ["the head of a value that is cut off", binary(0x21, 0x11, V4, [1, 0])],
  ["a wrong checksum", checked(1, 0, 1, 7).map((byte, at) => at === 17 ? byte ^ 1 : byte)],
  ["a checksum of another length", binary(0x21, 0x11, V4, [3, 0, 3, 0, 0, 0])],
  ["more than may be", binary(0x21, 0x11, [...V4, ...new Uint8Array(MAX_PROXY_HEADER)])],
];

Deno.test("a PROXY header says who the client is, and where it ends; cut off it is more to come", () => {
  for (const [what, bytes, says] of GOOD) {
    const followed = Uint8Array.of(...bytes, ...bytesOf("GET / HTTP/1.1\r\n\r\n"));
    assert.equal(saidBy(bytes), says, what);
    assert.equal(saidBy(followed), says, what);
    assert.equal(header.size, bytes.length, what);
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(header.read(bytes, length), "more", `${what}, ${length} bytes`);
    }
  }
});

Deno.test("what is no PROXY header is told apart from one, with nothing of what came in the reason", () => {
  for (const [what, bytes] of BAD) {
    assert.equal(header.read(bytes, bytes.length), "bad", what);
    assert.doesNotMatch(header.why, /1\.2\.3|GET|\n/, what);
    // Once bad, more bytes make it no better; and no earlier cut makes it a whole header.
    let verdict = "more";
    for (let length = 0; length <= bytes.length; length++) {
      const next = header.read(bytes, length);
      if (verdict === "bad") assert.equal(next, "bad", `${what}, ${length} bytes`);
      assert.notEqual(next, "whole", `${what}, ${length} bytes`);
      verdict = next;
    }
  }
});

Deno.test("TLS in front is read from the value that haproxy sends", () => {
  // pp2_tlv_ssl: client u8, verify u32, values of its own.
  const ssl = (client: number) => binary(0x21, 0x11, V4, [0x20, 0, 5, client, 0, 0, 0, 0]);
  for (const [client, https] of [[1, true], [5, true], [4, false], [0, false]] as const) {
    const bytes = ssl(client);
    assert.equal(header.read(bytes, bytes.length), "whole");
    assert.equal(header.https, https);
  }
  header.read(binary(0x21, 0x11, V4), 28);
  assert.equal(header.https, false);
});

Deno.test("what a plain relay says in a PROXY header is read as it was meant", () => {
  fc.assert(
    fc.property(address, address, fc.constantFrom("v1" as const, "v2" as const), (client, local, version) => {
      const bytes = proxyHeader(version, client, local);
      assert.equal(header.read(bytes, bytes.length), "whole");
      assert.equal(header.size, bytes.length);
      assert.equal(header.announced, client[0] !== 0 && client[0] === local[0]);
      if (!header.announced) return;
      const isMapped = client[0] === 6 && client.subarray(4, 14).every((byte) => byte === 0) &&
        client[14] === 255 && client[15] === 255;
      const size = client[0] === 4 ? 8 : 20;
      if (!isMapped) assert.deepEqual(header.client.subarray(4, size), client.subarray(4, size));
      assert.deepEqual(header.client.subarray(2, 4), client.subarray(2, 4));
    }),
  );
});

Deno.test("bytes by chance get a verdict that more bytes do not take back", () => {
  const start = fc.constantFrom(new Uint8Array(), SIGNATURE, bytesOf("PROXY "), binary(0x21, 0x11, V4));
  fc.assert(fc.property(start, fc.uint8Array({ maxLength: 120 }), (first, rest) => {
    const bytes = Uint8Array.of(...first, ...rest);
    let settled: string | undefined;
    for (let length = 0; length <= bytes.length; length++) {
      const verdict = header.read(bytes, length);
      const said = `${verdict} ${header.size} ${header.client.toHex()}`;
      if (settled !== undefined) assert.equal(said, settled);
      if (verdict !== "more") settled = said;
      if (verdict === "whole") assert.ok(header.size <= length);
    }
  }));
});

Deno.test("crc32c() is that of RFC 3720, B.4", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
});
