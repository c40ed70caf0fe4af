// Files of certificates and keys as people leave them: what cannot be used is refused in a sentence, and what clients may
// refuse is told of.
import assert from "node:assert/strict";
import { makeSiteContext } from "../../../src/backend/tls/site_context.ts";
import { TLS_DEFAULTS } from "../../../src/config/tls.ts";
import { warningsOf } from "../../../src/control/tls/certificate_log.ts";
import { makeCertificate, openssl } from "../../support/certificates.ts";
import { directory } from "./rig.ts";

await makeCertificate(directory, "address", { names: ["127.0.0.1"] });
await makeCertificate(directory, "address6", { names: ["2001:db8::1"] });
await makeCertificate(directory, "soon", { names: ["Ends Soon"], authority: true, days: 3 });
await makeCertificate(directory, "signed", { names: ["one.test"], by: "soon" });
const at = (name: string) => `${directory}/${name}`;
function join(name: string, ...parts: readonly string[]): void {
  Deno.writeTextFileSync(at(name), parts.map((part) => Deno.readTextFileSync(at(part))).join(""));
}
join("chain.pem", "signed.pem", "soon.pem");
join("mixed.pem", "one.pem", "two.pem", "ca.pem");
join("backwards.pem", "ca.pem", "one.pem");
join("twice.pem", "one.pem", "one.pem", "ca.pem");
join("both.pem", "one.key", "one.pem", "ca.pem");
Deno.chmodSync(at("both.pem"), 0o600);
join("open.key", "one.key");
Deno.chmodSync(at("open.key"), 0o644);
Deno.writeTextFileSync(at("crlf.pem"), Deno.readTextFileSync(at("one.pem")).replaceAll("\n", "\r\n"));
await openssl(directory, "x509", "-in", "one.pem", "-outform", "DER", "-out", "der.pem");
await openssl(directory, "pkey", "-in", "one.key", "-outform", "DER", "-out", "der.key");
await openssl(directory, "ec", "-in", "one.key", "-out", "sec1.key");
assert.ok((await new Deno.Command("mkfifo", { args: [at("pipe.key")] }).output()).success);

/** What is said of a certificate and its key. @throws {OpenSslError} when they cannot be used */
function told(certificate: string, key = "one.key", name = "one.test"): string[] {
  const files = { certificate: at(certificate), key: at(key) };
  const { context, facts } = makeSiteContext([name], { certificates: [files], settings: TLS_DEFAULTS }, {
    ticketKeys: new Uint8Array(80),
    kernel: false,
  });
  context.free();
  return warningsOf(facts, Date.now()).map((text) => text.replaceAll(`${directory}/`, ""));
}

for (
  const [what, args, warnings] of [
    ["one alone", ["one.pem"], []],
    ["one with its authority", ["both.pem"], []],
    ["one in the same file as its key, which comes first", ["both.pem", "both.pem"], []],
    ["one with line ends of another system", ["crlf.pem"], []],
    ["a key in the older form", ["one.pem", "sec1.key"], []],
    ["one for an address", ["address.pem", "address.key", "127.0.0.1"], []],
    ["one for an address of IPv6", ["address6.pem", "address6.key", "[2001:DB8:0::1]"], []],
    ["one for another address", ["address.pem", "address.key", "127.0.0.2"], [
      /does not count for 127\.0\.0\.2/,
    ]],
    ["a chain that ends before it", ["chain.pem", "signed.key"], [
      /^the chain of "chain\.pem" counts until \d{4}-\d\d-\d\d only, as CN=Ends Soon does$/,
    ]],
    ["a chain with a stranger in it", ["mixed.pem"], [
      /^in the chain of "mixed\.pem" CN=two\.test has not signed the one before it/,
    ]],
    ["one that comes twice", ["twice.pem"], [/CN=one\.test has not signed the one before it/]],
    ["a key for everybody's eyes", ["one.pem", "open.key"], [
      /^the key "open\.key" may be read by everybody: chmod o-r it$/,
    ]],
  ] as const
) {
  Deno.test(`what is told of ${what}`, () => {
    const said = told(...args as readonly [string]);
    assert.equal(said.length, warnings.length, said.join("\n"));
    for (const [index, pattern] of warnings.entries()) assert.match(said[index]!, pattern);
  });
}

for (
  const [what, args, message] of [
    [
      "a chain that begins at the wrong end",
      ["backwards.pem"],
      /key belongs to number 2 in it; write that first/,
    ],
    [
      "a certificate in DER",
      ["der.pem"],
      /Cannot use the certificate .*: there is no certificate in it \(a block/,
    ],
    [
      "a key in DER",
      ["one.pem", "der.key"],
      /Cannot use the key .*: there is no private key in it \(a block/,
    ],
    ["a key that somebody is to write first", ["one.pem", "pipe.key"], /pipe\.key": the file is empty/],
    ["a directory", ["."], /Cannot use the certificate .*: is a directory/],
    ["a file without an end", ["../../../../../dev/zero"], /it has more than 1048576 bytes/],
    ["a key instead of a certificate", ["one.key"], /there is no certificate in it/],
    ["another one's key", ["one.pem", "two.key"], /the key does not belong to it/],
  ] as const
) {
  Deno.test(`${what} is refused`, () => {
    assert.throws(() => told(...args as readonly [string]), { name: "OpenSslError", message });
  });
}
