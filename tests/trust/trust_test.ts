// Who asks: the rightmost one that nobody trusted has named.
import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { formatAddress, readAddress } from "../../src/rules/networks.ts";
import { mapAddress, readNode, writeAddress } from "../../src/trust/addresses.ts";
import { readTrust, type Trust, TrustedProxies } from "../../src/trust/trust.ts";

/** An address as hand-offs carry it; one that is not known for the empty text. */
function wire(text: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(20);
  if (text !== "") writeAddress(out, 0, readAddress(text)!);
  return out;
}

function textOf(address: Uint8Array): string {
  const mapped = new Uint8Array(16);
  return mapAddress(mapped, address, 0) ? formatAddress(mapped) : "";
}

/** Who asks, as text, and by which scheme. */
function ask(trust: Trust, peer: string, fields: Readonly<Record<string, string>>): string {
  const { client, https } = new TrustedProxies(trust).said(wire(peer), (name) => fields[name]);
  return textOf(client) + (https === undefined ? "" : https ? " https" : " http");
}

const TEN: Trust = { proxies: ["10.0.0.0/8", "::1"] };
const FOR = "x-forwarded-for";
const PROTO = "x-forwarded-proto";

const CASES: readonly (readonly [Trust, string, Readonly<Record<string, string>>, string])[] = [
  [TEN, "10.0.0.1", {}, "10.0.0.1"],
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7" }, "192.0.2.7"],
  [TEN, "10.0.0.1", { [FOR]: "1.1.1.1, 192.0.2.7" }, "192.0.2.7"],
  [TEN, "10.0.0.1", { [FOR]: "1.1.1.1, 192.0.2.7, 10.1.1.1,10.2.2.2" }, "192.0.2.7"],
  [TEN, "10.0.0.1", { [FOR]: "10.1.1.1, 10.2.2.2" }, "10.1.1.1"],
  [TEN, "10.0.0.1", { [FOR]: " ,, 192.0.2.7 ,, " }, "192.0.2.7"],
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7:443" }, "192.0.2.7"],
  [TEN, "10.0.0.1", { [FOR]: "[2001:db8::1]:443" }, "2001:db8::1"],
  [TEN, "10.0.0.1", { [FOR]: "2001:db8::1" }, "2001:db8::1"],
  [TEN, "10.0.0.1", { [FOR]: "::ffff:192.0.2.7" }, "192.0.2.7"],
  [TEN, "::1", { [FOR]: "192.0.2.7" }, "192.0.2.7"],
  // What is no address ends it: nobody knows who stands behind.
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7, unknown" }, "10.0.0.1"],
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7, unknown, 10.3.3.3" }, "10.3.3.3"],
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.256" }, "10.0.0.1"],
  [TEN, "10.0.0.1", { [FOR]: "localhost" }, "10.0.0.1"],
  [TEN, "10.0.0.1", { [FOR]: `${"1".repeat(70)}.1.1.1` }, "10.0.0.1"],
  // The scheme is that which whoever has named the client has said.
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7", [PROTO]: "https" }, "192.0.2.7 https"],
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7", [PROTO]: "HTTP" }, "192.0.2.7 http"],
  [TEN, "10.0.0.1", { [PROTO]: "wss" }, "10.0.0.1 https"],
  [TEN, "10.0.0.1", { [FOR]: "1.1.1.1, 192.0.2.7", [PROTO]: "https, http" }, "192.0.2.7 http"],
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7, 10.1.1.1", [PROTO]: "https, http" }, "192.0.2.7 https"],
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7, 10.1.1.1", [PROTO]: "https" }, "192.0.2.7 https"],
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7", [PROTO]: "" }, "192.0.2.7"],
  [TEN, "10.0.0.1", { [FOR]: "192.0.2.7", [PROTO]: "gopher" }, "192.0.2.7 http"],
  // Forwarded counts where the other fields are not there.
  [TEN, "10.0.0.1", { forwarded: "for=192.0.2.7;proto=https" }, "192.0.2.7 https"],
  [TEN, "10.0.0.1", { forwarded: 'For="[2001:db8::1]:80" ; Proto=http' }, "2001:db8::1 http"],
  [TEN, "10.0.0.1", { forwarded: "for=1.1.1.1;proto=https, for=192.0.2.7" }, "192.0.2.7"],
  [TEN, "10.0.0.1", { forwarded: "for=192.0.2.7;proto=https, for=10.1.1.1;proto=http" }, "192.0.2.7 https"],
  [TEN, "10.0.0.1", { forwarded: "for=unknown;proto=https" }, "10.0.0.1 https"],
  [TEN, "10.0.0.1", { forwarded: "for=_hidden, for=10.2.2.2" }, "10.2.2.2"],
  [TEN, "10.0.0.1", { forwarded: 'for="192.0.2.7:_gazonk"' }, "192.0.2.7"],
  [TEN, "10.0.0.1", { forwarded: 'for="[2001:db8::1]:_a.b-c"' }, "2001:db8::1"],
  [TEN, "10.0.0.1", { forwarded: 'for="[2001:db8::1]:_"' }, "10.0.0.1"],
  [TEN, "10.0.0.1", { forwarded: "for=192.0.2.7;proto=https", [FOR]: "192.0.2.8" }, "192.0.2.8"],
  [TEN, "10.0.0.1", { forwarded: "for=192.0.2.7;proto=https", [PROTO]: "http" }, "10.0.0.1 http"],
  // A quotation that a client leaves open swallows nothing of what those after it say.
  [TEN, "10.0.0.1", { forwarded: 'for=1.1.1.1;by="x, for=192.0.2.7;proto=http' }, "192.0.2.7 http"],
  [TEN, "10.0.0.1", { forwarded: 'by="x, for="[2001:db8::1]"' }, "2001:db8::1"],
  [TEN, "10.0.0.1", { forwarded: "for=1.1.1.1;for=2.2.2.2" }, "10.0.0.1"],
  [TEN, "10.0.0.1", { forwarded: "nonsense" }, "10.0.0.1"],
  // A field of one's own.
  [
    { ...TEN, header: "cf-connecting-ip" },
    "10.0.0.1",
    { "cf-connecting-ip": "192.0.2.7", [FOR]: "1.1.1.1" },
    "192.0.2.7",
  ],
  [{ ...TEN, header: "forwarded" }, "10.0.0.1", {
    forwarded: "for=192.0.2.7",
    [FOR]: "1.1.1.1",
    [PROTO]: "https",
  }, "192.0.2.7"],
  [{ ...TEN, header: FOR }, "10.0.0.1", { forwarded: "for=192.0.2.7;proto=https" }, "10.0.0.1"],
  // Behind a Unix socket.
  [{ proxies: ["unix"] }, "", { [FOR]: "192.0.2.7" }, "192.0.2.7"],
  // Servers that are not believed where they name private addresses.
  [{ proxies: [], publicProxies: ["8.8.8.0/24"] }, "8.8.8.8", { [FOR]: "192.0.2.7" }, "192.0.2.7"],
  [{ proxies: [], publicProxies: ["8.8.8.0/24"] }, "8.8.8.8", { [FOR]: "10.0.0.1" }, "8.8.8.8"],
  [{ proxies: [], publicProxies: ["8.8.8.0/24"] }, "8.8.8.8", { [FOR]: "fe80::1" }, "8.8.8.8"],
  [{ proxies: [], publicProxies: ["8.8.8.0/24"] }, "8.8.8.8", { [FOR]: "2001:db8::1" }, "2001:db8::1"],
  [
    { proxies: ["10.0.0.0/8"], publicProxies: ["8.8.8.0/24"] },
    "10.0.0.1",
    { [FOR]: "10.9.9.9, 8.8.8.8" },
    "8.8.8.8",
  ],
];

Deno.test("the client is the rightmost one that nobody trusted has named", () => {
  for (const [trust, peer, fields, who] of CASES) {
    assert.equal(ask(trust, peer, fields), who, JSON.stringify([peer, fields]));
  }
});

Deno.test("whom to trust is told by networks; an unknown address only by unix", () => {
  const proxies = new TrustedProxies(TEN);
  for (
    const [peer, is] of [["10.0.0.1", true], ["11.0.0.1", false], ["::1", true], ["::2", false], [
      "",
      false,
    ]] as const
  ) {
    assert.equal(proxies.trusts(wire(peer), 0), is, peer);
  }
  assert.ok(new TrustedProxies({ proxies: ["unix"] }).trusts(wire(""), 0));
  assert.ok(!new TrustedProxies({ proxies: ["unix"] }).trusts(wire("10.0.0.1"), 0));
  assert.ok(!new TrustedProxies({ proxies: [] }).trusts(wire("127.0.0.1"), 0));
});

Deno.test("fields about who asks are known in every spelling", () => {
  const proxies = new TrustedProxies({ ...TEN, header: "cf-connecting-ip" });
  for (
    const name of [
      "X-Forwarded-For",
      "x_forwarded_proto",
      "X-Forwarded-Anything",
      "FORWARDED",
      "X-Real-IP",
      "CF-Connecting-IP",
    ]
  ) {
    assert.ok(proxies.isAboutClient(name), name);
  }
  for (const name of ["Host", "X-Forwarded", "Forwarded-For", "Via", "True-Client-IP"]) {
    assert.ok(!proxies.isAboutClient(name), name);
  }
});

const ip = fc.oneof(fc.ipV4(), fc.ipV6()).filter((text) => readAddress(text) !== undefined);

Deno.test("whatever a client writes in front, who it is stays what the last trusted one has said", () => {
  const words = fc.string({ unit: fc.constantFrom(...'0123456789.:[]", ;=forprotx\t\\a') });
  const outside = ip.filter((text) => !new TrustedProxies(TEN).trusts(wire(text), 0));
  fc.assert(fc.property(words, outside, (own, client) => {
    const expected = textOf(wire(client));
    assert.equal(ask(TEN, "10.0.0.1", { [FOR]: `${own}, ${client}` }), expected);
    const node = client.includes(":") ? `"[${client}]"` : client;
    assert.equal(ask(TEN, "10.0.0.1", { forwarded: `${own}, for=${node};proto=http` }), `${expected} http`);
    assert.equal(ask(TEN, "10.0.0.1", { [FOR]: `${own}, ${client}, 10.9.9.9` }), expected);
  }));
});

Deno.test("readNode() reads addresses in all spellings, and nothing else", () => {
  fc.assert(fc.property(ip, fc.nat(65_535), (text, port) => {
    const plain = readNode(text)!;
    assert.deepEqual(plain, { address: readAddress(text), port: 0 });
    const withPort = text.includes(":") ? `[${text}]:${port}` : `${text}:${port}`;
    assert.deepEqual(readNode(withPort), { address: plain.address, port });
  }));
  for (
    const text of ["", "a", "1.2.3.4:", "1.2.3.4:65536", "[1.2.3.4]", "[::1", "::1]", "[::1]x", "1.2.3.4 "]
  ) {
    assert.equal(readNode(text), undefined, text);
  }
});

Deno.test("long lists are read, whatever is in them", () => {
  // Each would take minutes where a reader starts anew at every character.
  const lists = [
    "a".repeat(300_000),
    `for="${"\\\\".repeat(150_000)}`,
    " ".repeat(300_000) + "x",
    ",".repeat(300_000),
    "for=1;".repeat(50_000),
    "[".repeat(300_000),
    `${"1:".repeat(150_000)}1.1.1.1`,
  ];
  for (const list of lists) {
    assert.equal(ask(TEN, "10.0.0.1", { forwarded: list }), "10.0.0.1");
    assert.equal(ask(TEN, "10.0.0.1", { [FOR]: list }), "10.0.0.1");
  }
});

Deno.test("readTrust() takes lists and nothing else", () => {
  assert.equal(
    readTrust('[{"proxies":["10.0.0.0/8"]},{"proxies":[],"publicProxies":["1.1.1.1"],"header":"a"}]')?.length,
    2,
  );
  assert.deepEqual(readTrust(undefined), []);
  for (
    const text of [
      "",
      "{}",
      "[1]",
      "[null]",
      '[{"proxies":1}]',
      '[{"proxies":[1]}]',
      '[{"proxies":[],"header":1}]',
      '[{"proxies":[],"publicProxies":{}}]',
    ]
  ) {
    assert.equal(readTrust(text), undefined, text);
  }
});
