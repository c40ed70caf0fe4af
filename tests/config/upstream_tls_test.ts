import assert from "node:assert/strict";
import type { Relay } from "../../src/config/config.ts";
import { parseJson } from "../../src/config/json/parse.ts";
import { readUpstream } from "../../src/config/upstream.ts";
import { isAddress, nameOfServer } from "../../src/config/upstream_tls.ts";
import { parse } from "./apache/parsing.ts";

function json(backend: object): Relay {
  const text = JSON.stringify({
    listen: "80",
    sites: [{ routes: [{ path: "/", to: "a" }] }],
    backends: { a: { socket: "/run/a.sock", ...backend } },
  });
  return parseJson(text, { name: "f.json", baseDirectory: "/etc" }).backends[0]!.runs as Relay;
}

function relays(text: string): Relay[] {
  return parse(`Listen 80\n${text}`).backends.map(({ runs }) => runs as Relay);
}

Deno.test("an upstream by TLS has port 443 and another spelling", () => {
  const read = (text: string) => {
    const reading = readUpstream(text, (path) => path);
    assert.ok("value" in reading);
    return reading.value;
  };
  assert.deepEqual(read("https://a/b/"), {
    at: { host: "a", port: 443 },
    authority: "a",
    base: "/b",
    tls: true,
  });
  assert.deepEqual(read("HTTPS://a:80").at, { host: "a", port: 80 });
  assert.deepEqual(read("unix:/x|https://name/"), {
    at: { path: "/x" },
    authority: "name",
    base: "",
    tls: true,
  });
});

Deno.test("the name of a server is that of its URL, without port and brackets", () => {
  assert.deepEqual(["a:1", "a", "[::1]:2", "[::1]", "1.2.3.4:5"].map(nameOfServer), [
    "a",
    "a",
    "::1",
    "::1",
    "1.2.3.4",
  ]);
  assert.deepEqual(["a.b", "1.2.3.4", "::1", "1.2.3.4.example"].map(isAddress), [false, true, true, false]);
});

Deno.test("JSON: tls of a relay", () => {
  const tls = { verify: false, certificateAuthorities: "ca.pem", serverName: "b", minVersion: "1.3" };
  assert.deepEqual(json({ upstream: "https://a", tls }).tls, {
    ...tls,
    certificateAuthorities: "/etc/ca.pem",
  });
  assert.equal(json({ upstream: "https://a" }).tls, undefined);
  for (
    const [backend, message] of [
      [{ upstream: "http://a", tls: {} }, /"tls" for a server that is spoken to in clear text; write https/],
      [{ upstream: "https://a", tls: { key: "k" } }, /"key" without "certificate"/],
      [{ upstream: "https://a", tls: { verfy: true } }, /nearest known key is "verify"/],
      [{ upstream: "https://a", tls: { minVersion: "1.1" } }, /write "1.2" or "1.3"/],
      [{ upstream: "https://a", tls: { minVersion: "1.3", maxVersion: "1.2" } }, /below "minVersion"/],
      [{ upstream: "https://a", tls: { serverName: "a b" } }, /without spaces/],
      [{ upstream: "https://a", tls: "on" }, /write an object such as/],
    ] as const
  ) assert.throws(() => json(backend), message);
});

Deno.test("Apache: SSLProxyEngine and what goes with it", () => {
  const on = "SSLProxyEngine On\n";
  const checked = { checkName: true, checkTime: true };
  assert.deepEqual(relays(`${on}ProxyPass / https://a:8443/`)[0], {
    ...relays(`${on}ProxyPass / https://a:8443/`)[0],
    upstream: "https://a:8443",
    tls: { verify: false, ...checked },
  });
  const tls = (text: string) => relays(`${on}${text}\nProxyPass / https://a/`)[0]!.tls;
  assert.deepEqual(tls("SSLProxyVerify require\nSSLProxyCACertificateFile /ca.pem"), {
    ...checked,
    certificateAuthorities: "/ca.pem",
  });
  assert.deepEqual(tls("SSLProxyCheckPeerName Off")!.checkName, false);
  assert.deepEqual(tls("SSLProxyCheckPeerCN Off")!.checkName, false);
  assert.deepEqual(tls("SSLProxyCheckPeerCN Off\nSSLProxyCheckPeerName On")!.checkName, true);
  assert.deepEqual(tls("SSLProxyCheckPeerExpire Off")!.checkTime, false);
  assert.deepEqual(tls("SSLProxyProtocol all -TLSv1.3"), {
    verify: false,
    ...checked,
    minVersion: "1.2",
    maxVersion: "1.2",
  });
  assert.equal(tls("SSLProxyCipherSuite HIGH")!.ciphers, "HIGH");
  assert.equal(
    tls("SSLProxyCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256")!.cipherSuites,
    "TLS_AES_128_GCM_SHA256",
  );
  assert.equal(tls("SSLProxyMachineCertificateFile /c.pem")!.certificate, "/c.pem");
});

Deno.test("Apache: in <Proxy>, by virtual host, as WebSockets, through sockets, as members, by rules", () => {
  assert.deepEqual(
    relays(`<VirtualHost *:80>
SSLProxyEngine On
<Proxy https://a>
SSLProxyCheckPeerName Off
</Proxy>
ProxyPass /a/ https://a/
ProxyPass /ws wss://b/ws
ProxyPass /u/ unix:/u.sock|https://name/
ProxyPass /c/ balancer://c/
<Proxy balancer://c>
BalancerMember https://c1
BalancerMember https://c2:444/x
</Proxy>
RewriteEngine On
RewriteRule ^/r/(.*) wss://d/$1 [P]
</VirtualHost>`).flatMap(({ upstream, tls, ...others }) =>
      "balancing" in others
        ? JSON.stringify(others).match(/https:\/\/c[^"]*/g)!.map((one) => [one, tls?.checkName])
        : [[upstream, tls?.checkName]]
    ),
    [
      ["https://a", false],
      ["https://b", true],
      ["unix:/u.sock|https://name", true],
      ["https://c1", true],
      ["https://c2:444/x", true],
      ["https://d", true],
    ],
  );
});

Deno.test("Apache: what differs is told", () => {
  const messages = (text: string) =>
    parse(`Listen 80\n${text}`).warnings?.map(({ message }) => message).join() ?? "";
  assert.match(messages("ProxyPass / https://a/"), /httpd answers 500 without SSLProxyEngine On/);
  assert.equal(messages("SSLProxyEngine On\nProxyPass / https://a/"), "");
  assert.match(
    messages("SSLProxyEngine On\nSSLProxyVerify require\nProxyPass / https://a/"),
    /httpd trusts nobody without SSLProxyCACertificateFile/,
  );
});
