import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  decodeInternetAddress,
  encodeInternetAddress,
  encodeUnixAddress,
  formatAddress,
  formatIpv6,
  isIpv4Mapped,
  UNIX_PATH_MAX,
} from "../../ffi/sockaddr.ts";

const port = fc.integer({ min: 0, max: 65535 });
const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
const ipv6Bytes = fc.array(word, { minLength: 8, maxLength: 8 }).map((words) =>
  Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]))
);

/** What the URL standard makes of an IPv6 address: another parser and another writer, to compare with. */
function asUrlHost(text: string): string | undefined {
  return URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
}

const ipv6Of = (text: string) => formatIpv6(encodeInternetAddress(text, 0), 8);

Deno.test("encodeInternetAddress() lays out sockaddr_in as ip(7) has it", () => {
  assert.deepEqual(
    [...encodeInternetAddress("127.0.0.1", 0x1f90)],
    [AF_INET, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  );
});

Deno.test("encodeInternetAddress() lays out sockaddr_in6 as ipv6(7) has it", () => {
  const bytes = [...encodeInternetAddress("2001:db8::1", 443)];
  assert.deepEqual(bytes.slice(0, 8), [AF_INET6, 0, 1, 187, 0, 0, 0, 0]);
  assert.deepEqual(bytes.slice(8, 24), [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual(bytes.slice(24), [0, 0, 0, 0]);
});

Deno.test("IPv4 addresses survive encoding and decoding", () => {
  fc.assert(fc.property(fc.ipV4(), port, (host, port) => {
    assert.deepEqual(decodeInternetAddress(encodeInternetAddress(host, port)), { family: 4, host, port });
  }));
});

Deno.test("IPv6 addresses survive decoding and encoding", () => {
  fc.assert(fc.property(ipv6Bytes, port, (bytes, port) => {
    const text = formatIpv6(bytes, 0);
    const encoded = encodeInternetAddress(text, port);
    assert.deepEqual(encoded.subarray(8, 24), bytes);
    const decoded = decodeInternetAddress(encoded)!;
    assert.equal(decoded.port, port);
    if (decoded.family === 6) assert.equal(decoded.host, text);
    else assert.ok(isIpv4Mapped(bytes, 0));
  }));
});

Deno.test("IPv6 texts are read and written as the URL standard does", () => {
  fc.assert(fc.property(fc.ipV6(), (text) => assert.equal(ipv6Of(text), asUrlHost(text))));
});

Deno.test("damaged IPv6 texts are taken or refused as the URL standard does", () => {
  const piece = fc.constantFrom(":", "::", ".", "0", "7f", "ffff", "00000", "g", "1.2.3.4", "1.2.3.256");
  const assembled = fc.array(piece, { minLength: 1, maxLength: 17 }).map((pieces) => pieces.join(""));
  const damaged = fc.tuple(fc.ipV6(), fc.nat(40), fc.nat(3), piece).map(([text, at, cut, insert]) =>
    text.slice(0, at) + insert + text.slice(at + cut)
  );
  fc.assert(
    fc.property(fc.oneof(assembled, damaged).filter((text) => text.includes(":")), (text) => {
      const expected = asUrlHost(text);
      if (expected !== undefined) assert.equal(ipv6Of(text), expected);
      else assert.throws(() => encodeInternetAddress(text, 0), TypeError);
    }),
    { numRuns: 4000 },
  );
});

Deno.test("formatIpv6() follows the examples of RFC 5952", () => {
  const examples: readonly [given: string, written: string][] = [
    ["2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"],
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"], // 4.2.1
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], // 4.2.2: one zero word stays
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"], // 4.2.3: the longest run
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], // 4.2.3: the first of two equals
    ["2001:DB8:0:0:AAAA:0:0:BBBB", "2001:db8::aaaa:0:0:bbbb"], // 4.3
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::1.2.3.4", "::102:304"],
  ];
  for (const [given, written] of examples) assert.equal(ipv6Of(given), written);
});

Deno.test("decodeInternetAddress() shows a mapped IPv4 address as IPv4", () => {
  for (const text of ["::ffff:192.0.2.7", "::ffff:c000:207"]) {
    assert.deepEqual(decodeInternetAddress(encodeInternetAddress(text, 80)), {
      family: 4,
      host: "192.0.2.7",
      port: 80,
    });
  }
  const other = decodeInternetAddress(encodeInternetAddress("::fffe:192.0.2.7", 80));
  assert.deepEqual(other, { family: 6, host: "::fffe:c000:207", port: 80 });
});

Deno.test("decodeInternetAddress() reads where a view lies in its buffer, and no other family", () => {
  const room = new Uint8Array(40);
  room.set(encodeInternetAddress("10.1.2.3", 8080), 5);
  assert.deepEqual(decodeInternetAddress(room.subarray(5)), { family: 4, host: "10.1.2.3", port: 8080 });
  assert.equal(decodeInternetAddress(encodeUnixAddress("/run/app.sock")), undefined);
});

const NO_HOSTS = [
  "",
  "localhost",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "1.2.3.04",
  "0x7f.1",
  " 1.2.3.4",
  "1.2.3.4\n",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4::5:6:7:8",
  "12345::",
  "::1.2.3",
  "::1.2.3.4:5",
  "1.2.3.4::",
  "1.2.3.4::1",
  "[::1]",
  "fe80::1%eth0",
  "::١",
];
for (const host of NO_HOSTS) {
  Deno.test(`encodeInternetAddress() refuses the host ${JSON.stringify(host)}`, () => {
    assert.throws(() => encodeInternetAddress(host, 80), {
      name: "TypeError",
      message: `Cannot use "${host}" as an IP address`,
    });
  });
}

Deno.test("encodeInternetAddress() refuses what is no port", () => {
  for (const port of [-1, 65536, 80.5, NaN, Infinity]) {
    assert.throws(() => encodeInternetAddress("127.0.0.1", port), {
      name: "TypeError",
      message: `Cannot use the port "${port}"`,
    });
  }
});

Deno.test("encodeUnixAddress() lays out sockaddr_un, path and NUL, up to the longest path", () => {
  assert.deepEqual([...encodeUnixAddress("/a")], [AF_UNIX, 0, 0x2f, 0x61, 0]);
  assert.equal(encodeUnixAddress("x".repeat(UNIX_PATH_MAX)).length, 110);
});

Deno.test("encodeUnixAddress() refuses paths that are empty, too long in bytes, or contain a NUL", () => {
  for (const path of ["", "x".repeat(UNIX_PATH_MAX + 1), "ü".repeat(54), "\0abstract", "/run/a\0b"]) {
    assert.throws(() => encodeUnixAddress(path), {
      name: "TypeError",
      message: /^Cannot use ".*" as the path of a Unix socket: it takes 1 to 107 bytes, none of them NUL$/s,
    });
  }
});

Deno.test("formatAddress() puts IPv6 into brackets", () => {
  assert.equal(formatAddress({ host: "127.0.0.1", port: 80 }), "127.0.0.1:80");
  assert.equal(formatAddress({ host: "::1", port: 443 }), "[::1]:443");
});
