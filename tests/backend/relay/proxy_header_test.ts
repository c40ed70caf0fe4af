import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "../../support/properties.ts";
import { proxyHeader } from "../../../src/backend/relay/proxy_header.ts";

/** An address as hand-offs have it: family, 0, port, sixteen bytes. */
function address(bytes: readonly number[], port: number): Uint8Array {
  const out = new Uint8Array(20);
  out[0] = bytes.length === 0 ? 0 : bytes.length === 4 ? 4 : 6;
  out.set([port >> 8, port & 255], 2);
  out.set(bytes, 4);
  return out;
}

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const SIGNATURE = "0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a";
const V4 = [[192, 168, 0, 1], [192, 168, 0, 11]] as const;
const V6 = [
  [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff],
] as const;

Deno.test("proxyHeader() version 1: a line of text, as the specification has it", () => {
  assert.equal(
    text(proxyHeader("v1", address(V4[0], 56324), address(V4[1], 443))),
    "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
  );
  assert.equal(
    text(proxyHeader("v1", address(V6[0], 65535), address(V6[1], 80))),
    "PROXY TCP6 2001:db8::1 2001:db8::ff 65535 80\r\n",
  );
});

Deno.test("proxyHeader() version 2: signature, PROXY, family, length, addresses, ports", () => {
  assert.equal(
    hex(proxyHeader("v2", address(V4[0], 56324), address(V4[1], 443))),
    `${SIGNATURE} 21 11 00 0c c0 a8 00 01 c0 a8 00 0b dc 04 01 bb`,
  );
  assert.equal(
    hex(proxyHeader("v2", address(V6[0], 65535), address(V6[1], 80))),
    `${SIGNATURE} 21 21 00 24 20 01 0d b8 ${"00 ".repeat(11)}01 20 01 0d b8 ${
      "00 ".repeat(11)
    }ff ff ff 00 50`,
  );
});

Deno.test("proxyHeader() says UNKNOWN, or LOCAL, where an address is not known or the families differ", () => {
  const unknown = address([], 0);
  const [four, six] = [address(V4[0], 1), address(V6[0], 2)];
  for (const [client, local] of [[unknown, unknown], [unknown, four], [six, unknown], [four, six]] as const) {
    assert.equal(text(proxyHeader("v1", client, local)), "PROXY UNKNOWN\r\n");
    assert.equal(hex(proxyHeader("v2", client, local)), `${SIGNATURE} 20 00 00 00`);
  }
});

/** What a receiver finds out, as the specification tells it to; both versions, told apart by their first bytes. */
function decode(bytes: Uint8Array): readonly [from: string, fromPort: number, to: string, toPort: number] {
  if (hex(bytes.subarray(0, 12)) === SIGNATURE) {
    const view = new DataView(bytes.buffer);
    assert.equal(bytes[12], 0x21);
    assert.equal(view.getUint16(14), bytes.length - 16);
    const family = bytes[13]! >> 4;
    assert.equal(bytes[13]! & 15, 1);
    const size = family === 1 ? 4 : 16;
    const read = (at: number) => {
      if (family === 1) return bytes.subarray(at, at + size).join(".");
      const groups = Array.from({ length: 8 }, (_, group) => view.getUint16(at + 2 * group).toString(16));
      return canonical(groups.join(":"));
    };
    return [read(16), view.getUint16(16 + 2 * size), read(16 + size), view.getUint16(18 + 2 * size)];
  }
  const match = /^PROXY TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})\r\n$/.exec(text(bytes));
  assert.ok(match !== null, text(bytes));
  assert.ok(bytes.length <= 107, "the specification allows no longer line");
  const [, family, from, to, fromPort, toPort] = match;
  for (const end of [from!, to!]) assert.equal(isIP(end), Number(family));
  return [canonical(from!), Number(fromPort), canonical(to!), Number(toPort)];
}

/** One spelling for each address, by somebody else's code (RFC 5952). */
function canonical(ip: string): string {
  return ip.includes(":") ? new URL(`http://[${ip}]/`).hostname.slice(1, -1) : ip;
}

function name(ip: readonly number[]): string {
  if (ip.length === 4) return ip.join(".");
  const digits = ip.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return canonical(digits.match(/..../g)!.join(":"));
}

Deno.test("proxyHeader() is read back as what it was made of, in both versions", () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const port = fc.integer({ min: 0, max: 65535 });
  for (const size of [4, 16]) {
    const bytes = fc.array(byte, { minLength: size, maxLength: size });
    fc.assert(fc.property(bytes, port, bytes, port, (from, fromPort, to, toPort) => {
      for (const version of ["v1", "v2"] as const) {
        const read = decode(proxyHeader(version, address(from, fromPort), address(to, toPort)));
        assert.deepEqual(read, [name(from), fromPort, name(to), toPort], version);
      }
    }));
  }
});
