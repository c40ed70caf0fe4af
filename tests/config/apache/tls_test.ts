import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { type SiteTls, TLS_DEFAULTS } from "../../../src/config/tls.ts";
import { faultsOf, parse, warningsOf } from "./parsing.ts";

/** As certbot leaves a host and its options. */
const CERTBOT = `
Listen 80
<IfModule mod_ssl.c>
Listen 443 https
<VirtualHost *:443>
  ServerName example.com
  ServerAlias www.example.com
  ProxyPass / http://127.0.0.1:3000/
  SSLCertificateFile /etc/letsencrypt/live/example.com/fullchain.pem
  SSLCertificateKeyFile /etc/letsencrypt/live/example.com/privkey.pem
  # options-ssl-apache.conf
  SSLEngine on
  SSLProtocol             all -SSLv2 -SSLv3 -TLSv1 -TLSv1.1
  SSLCipherSuite          ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256
  SSLHonorCipherOrder     off
  SSLSessionTickets       off
  SSLOptions +StrictRequire
</VirtualHost>
</IfModule>
<VirtualHost *:80>
  ServerName example.com
  ProxyPass / http://127.0.0.1:3000/
</VirtualHost>
`;

Deno.test("options that say what is so anyway change nothing, and others do", () => {
  assert.deepEqual(warningsOf(CERTBOT), ["site.conf: no effect here: SSLOptions (line 17)"]);
  const others = CERTBOT.replace("+StrictRequire", "+StdEnvVars +FakeBasicAuth");
  assert.deepEqual(warningsOf(others), ["site.conf: changes answers: SSLOptions (line 17)"]);
});

function tlsOf(config: Config, listener: number, site = 0): SiteTls | "pass" | undefined {
  return config.listeners[listener]!.sites[site]!.tls;
}

Deno.test("a host as certbot leaves it speaks TLS, and its neighbour clear text", () => {
  const config = parse(CERTBOT);
  assert.deepEqual(config.listeners.map(({ port, tls }) => [port, tls?.backend]), [[80, undefined], [
    443,
    "tls",
  ]]);
  assert.deepEqual(tlsOf(config, 1), {
    certificates: [{
      certificate: "/etc/letsencrypt/live/example.com/fullchain.pem",
      key: "/etc/letsencrypt/live/example.com/privkey.pem",
    }],
    settings: {
      ...TLS_DEFAULTS,
      ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
      sessionTickets: false,
    },
  });
  const { runs } = config.backends.at(-1)!;
  assert.ok(runs?.kind === "tls");
  assert.deepEqual(runs.listeners.map(({ address, strictNames }) => [address, strictNames]), [[
    "[::]:443",
    false,
  ]]);
});

/** A host that speaks TLS, with some more said in it. */
function host(more: string, outside = ""): string {
  return `${outside}\nListen 443\n<VirtualHost *:443>\nServerName a.test\nProxyPass / http://127.0.0.1:1/\n` +
    `SSLEngine On\nSSLCertificateFile a.pem\nSSLCertificateKeyFile a.key\n${more}\n</VirtualHost>\n`;
}

for (
  const [words, minVersion, maxVersion] of [
    ["all", "1.2", "1.3"],
    ["all -TLSv1.3", "1.2", "1.2"],
    ["-all +TLSv1.3", "1.3", "1.3"],
    ["TLSv1.2", "1.2", "1.2"],
    // As in httpd a word without a sign takes back those before it.
    ["TLSv1.2 TLSv1.3", "1.3", "1.3"],
    ["TLSv1.3 TLSv1.2", "1.2", "1.2"],
    ["TLSv1.2 +TLSv1.3", "1.2", "1.3"],
    ["-TLSv1.2 all", "1.2", "1.3"],
    ["all TLSv1.2", "1.2", "1.2"],
    ["+tlsv1.3", "1.3", "1.3"],
    ["+TLSv1.2 +TLSv1.3", "1.2", "1.3"],
  ] as const
) {
  Deno.test(`SSLProtocol ${words}`, () => {
    const tls = tlsOf(parse(host(`SSLProtocol ${words}`)), 0) as SiteTls;
    assert.deepEqual([tls.settings.minVersion, tls.settings.maxVersion], [minVersion, maxVersion]);
  });
}

Deno.test("what the main server says holds for hosts that say nothing else", () => {
  const outside =
    "SSLHonorCipherOrder on\nSSLProtocol TLSv1.3\nSSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256\nSSLStrictSNIVHostCheck on";
  const config = parse(host("SSLCipherSuite HIGH:!aNULL", outside));
  const { settings } = tlsOf(config, 0) as SiteTls;
  assert.deepEqual(
    [settings.serverOrder, settings.minVersion, settings.cipherSuites, settings.ciphers],
    [true, "1.3", "TLS_AES_128_GCM_SHA256", "HIGH:!aNULL"],
  );
  const { runs } = config.backends.at(-1)!;
  assert.ok(runs?.kind === "tls" && runs.listeners[0]!.strictNames);
});

Deno.test("several certificates, a chain in a file of its own, and certificates of clients", () => {
  const more = "SSLCertificateFile b.pem\nSSLCertificateKeyFile b.key\nSSLCertificateChainFile chain.pem\n" +
    "SSLVerifyClient require\nSSLCACertificateFile ca.pem";
  const { certificates, settings } = tlsOf(parse(host(more, "ServerRoot /srv")), 0) as SiteTls;
  assert.deepEqual(
    certificates,
    ["a", "b"].map((name) => ({
      certificate: `/srv/${name}.pem`,
      key: `/srv/${name}.key`,
      chain: "/srv/chain.pem",
    })),
  );
  assert.deepEqual([settings.clientCertificates, settings.clientAuthorities], ["required", "/srv/ca.pem"]);
});

Deno.test("authorities in a directory and a depth, of the main server and of hosts", () => {
  const outside = "ServerRoot /srv\nSSLVerifyClient require\nSSLCACertificatePath ca\nSSLVerifyDepth 2";
  const of = (more: string) => {
    const { settings } = tlsOf(parse(host(more, outside)), 0) as SiteTls;
    return [settings.clientAuthorities, settings.clientAuthoritiesDirectory, settings.clientVerifyDepth];
  };
  assert.deepEqual(of(""), [undefined, "/srv/ca", 2]);
  assert.deepEqual(of("SSLVerifyDepth 0"), [undefined, "/srv/ca", 0]);
  assert.deepEqual(of("SSLCACertificatePath /other\nSSLCACertificateFile ca.pem"), [
    "/srv/ca.pem",
    "/other",
    2,
  ]);
  assert.deepEqual(of("SSLVerifyClient none"), [undefined, undefined, 2]);
  assert.deepEqual(warningsOf(host("SSLVerifyDepth 3", outside)), []);
});

Deno.test("a host with a certificate that does not speak TLS is told of, and one that does not among others that do", () => {
  const silent = host("").replace("SSLEngine On\n", "");
  assert.match(
    parse(silent).warnings![0]!.message,
    /speaks clear text on .*:443, though it has a certificate/,
  );
  const mixed = host("") +
    "<VirtualHost *:443>\nServerName b.test\nProxyPass / http://127.0.0.1:2/\n</VirtualHost>";
  assert.match(
    parse(mixed).warnings![0]!.message,
    /speaks TLS on .*:443 as others there do; write SSLEngine On/,
  );
});

Deno.test("the main server's certificate counts on port 443, and on no other", () => {
  const told = (port: number) =>
    (parse(
      `Listen ${port}\nSSLCertificateFile a.pem\nSSLCertificateKeyFile a.key\n<VirtualHost *:${port}>\n` +
        "ServerName a.test\nProxyPass / http://127.0.0.1:1/\n</VirtualHost>",
    ).warnings ?? []).map(({ message }) => message).join();
  assert.match(told(443), /speaks clear text on .*:443, though it has a certificate; write SSLEngine On/);
  assert.equal(told(80), "");
});

Deno.test("old protocols are told of, and words that take back those before them", () => {
  const told = (words: string) =>
    (parse(host(`SSLProtocol ${words}`)).warnings ?? []).map(({ message }) => message);
  assert.match(told("TLSv1 +TLSv1.2").join(), /^TLSv1 is not spoken/);
  assert.match(
    told("TLSv1 TLSv1.2").join(),
    /^"TLSv1\.2" takes back TLSv1 before it; write \+TLSv1\.2 to have it besides$/,
  );
  assert.match(told("TLSv1.2 TLSv1.3").join(), /^"TLSv1\.3" takes back TLSv1\.2 before it/);
  assert.deepEqual(told("all -SSLv2 -SSLv3 -TLSv1 -TLSv1.1"), []);
});

for (
  const [more, fault] of [
    ["SSLProtocol SSLv3", /Cannot speak any of these; write TLSv1\.2, TLSv1\.3, or both/],
    ["SSLProtocol TLSv1.2 TLSv1.1", /Cannot speak any of these/],
    ["SSLProtocol -SSLv3", /Cannot speak any of these/],
    ["SSLProtocol TLSv9", /Found "TLSv9"; write TLSv1\.2 or TLSv1\.3, or all/],
    ["SSLEngine maybe", /Found "maybe"; write On or Off/],
    ["SSLVerifyClient optional_no_ca", /Found "optional_no_ca"; write none, optional or require/],
    [
      "SSLVerifyClient require",
      /nobody who may sign them; write SSLCACertificateFile or SSLCACertificatePath/,
    ],
    ["SSLVerifyDepth -1", /Found "-1"; write a whole number, such as 2/],
    ["SSLVerifyDepth two", /Found "two"; write a whole number/],
    ["SSLVerifyDepth", /Found no argument; write how many certificates may stand above a client's/],
    [
      "<Location /x>\nSSLVerifyDepth 2\n</Location>",
      /Cannot look at clients' certificates by path, .*; write it/,
    ],
    ["<Location /x>\nSSLCACertificatePath x\n</Location>", /Cannot stand in a <Location>/],
    ["SSLCertificateKeyFile b.key", /more keys than certificates/],
    [
      "<Location /x>\nSSLVerifyClient require\n</Location>",
      /SSLVerifyClient: Cannot ask clients for certificates by path, for the handshake is over before the path is known/,
    ],
    [
      "<If true>\nSSLVerifyClient require\n</If>",
      /write SSLVerifyClient optional in the <VirtualHost>/,
    ],
    ["<Location /x>\nSSLCipherSuite HIGH\n</Location>", /Cannot choose ciphers by path, .*; write it in the/],
    ["<Location /x>\nSSLEngine On\n</Location>", /Cannot stand in a <Location>/],
  ] as const
) {
  Deno.test(`a fault in what is said of TLS: ${more.split("\n")[0]}`, () => {
    assert.match(faultsOf(host(more)).join("\n"), fault);
  });
}
