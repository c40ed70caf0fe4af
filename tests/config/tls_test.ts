import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import { describe } from "../../src/config/describe.ts";
import { parseJson } from "../../src/config/json/parse.ts";
import { clientPolicy, TLS_DEFAULTS } from "../../src/config/tls.ts";

const ORIGIN = { name: "f", baseDirectory: "/etc/fdpass" };

function parse(document: unknown): Config {
  return parseJson(JSON.stringify(document), ORIGIN, { runDirectory: () => "/run/x" });
}

const SECURE = { address: "127.0.0.1:8443", tls: true };
const SITE = {
  names: ["example.com"],
  certificate: "fullchain.pem",
  key: "/keys/privkey.pem",
  to: "fd:///run/a.sock",
};

Deno.test("a site shows its certificate on addresses with tls, and one backend follows that does the handshakes", () => {
  const config = parse({
    listen: ["127.0.0.1:8080", SECURE],
    tls: { minVersion: "1.3", strictNames: true, workers: 2 },
    headTimeout: 3,
    sites: [SITE, { names: ["other.example"], tls: "pass", to: "fd:///run/own-tls.sock" }],
  });
  const [plain, secure] = config.listeners;
  assert.equal(plain!.tls, undefined);
  assert.deepEqual(secure!.tls, { backend: "tls" });
  // Whoever does TLS itself has nothing to say in clear text.
  assert.deepEqual(plain!.sites.map(({ names }) => names[0]), ["example.com"]);
  assert.deepEqual(secure!.sites.map(({ names }) => names[0]), ["example.com", "other.example"]);
  const certificates = [{ certificate: "/etc/fdpass/fullchain.pem", key: "/keys/privkey.pem" }];
  const tls = { certificates, settings: { ...TLS_DEFAULTS, minVersion: "1.3" as const } };
  assert.deepEqual(secure!.sites.map((site) => site.tls), [tls, "pass"]);
  assert.deepEqual(config.backends.at(-1), {
    name: "tls",
    socket: "/run/x/tls-127.0.0.1-8443.sock",
    workers: 2,
    runs: {
      kind: "tls",
      timeout: 3_000,
      listeners: [{
        address: "127.0.0.1:8443",
        strictNames: true,
        sites: [{ names: ["example.com"], tls }, { names: ["other.example"], tls: "pass" }],
      }],
    },
  });
  assert.match(describe(config), /127\.0\.0\.1:8443 +2 sites, .*TLS by tls/);
});

Deno.test("a site's own settings come before those at the top", () => {
  const config = parse({
    listen: SECURE,
    tls: { minVersion: "1.3", sessionTickets: false },
    sites: [{
      ...SITE,
      certificate: ["ec.pem", "rsa.pem"],
      key: ["ec.key", "rsa.key"],
      tls: {
        minVersion: "1.2",
        clientCertificates: "optional",
        clientAuthorities: "ca.pem",
        clientAuthoritiesDirectory: "ca",
        clientVerifyDepth: 2,
      },
    }],
  });
  const { tls } = config.listeners[0]!.sites[0]!;
  assert.ok(tls !== undefined && tls !== "pass");
  assert.equal(tls.certificates.length, 2);
  assert.deepEqual(tls.settings, {
    ...TLS_DEFAULTS,
    sessionTickets: false,
    clientCertificates: "optional",
    clientAuthorities: "/etc/fdpass/ca.pem",
    clientAuthoritiesDirectory: "/etc/fdpass/ca",
    clientVerifyDepth: 2,
  });
});

Deno.test("a backend that is called tls keeps its name", () => {
  const config = parse({
    listen: SECURE,
    sites: [SITE],
    backends: { tls: { socket: "/run/t.sock", static: "." } },
  });
  assert.equal(config.listeners[0]!.tls!.backend, "tls-127.0.0.1-8443");
});

Deno.test("without addresses with tls there is no such backend", () => {
  const { backends } = parse({ listen: "80", sites: [{ to: "fd:///run/a.sock" }] });
  assert.deepEqual(backends.map(({ name }) => name), ["a"]);
});

Deno.test("plain relays may have sites that are passed on, beside others", () => {
  parse({
    listen: SECURE,
    sites: [SITE, { names: "a.test", tls: "pass", to: "p" }],
    backends: { p: { socket: "/run/p.sock", upstream: "http://127.0.0.1:1", proxyProtocol: "v2" } },
  });
});

Deno.test("programs and backends of others may do TLS themselves, and get no other hosts", () => {
  const config = parse({
    listen: SECURE,
    sites: [
      { names: "a.test", tls: "pass", to: "program" },
      { names: "b.test", tls: "pass", to: "other" },
      { ...SITE, names: "c.test" },
    ],
    backends: { program: { socket: "/run/p.sock", exec: ["a"] }, other: { socket: "/run/o.sock" } },
  });
  assert.match(describe(config), /3 sites, other hosts get c\.test/);
});

Deno.test("what is asked of clients has a number that says the same in every process", () => {
  const settings = { ...TLS_DEFAULTS, clientCertificates: "required" as const, clientAuthorities: "/a.pem" };
  const number = (change: Partial<typeof TLS_DEFAULTS> = {}) =>
    clientPolicy({ certificates: [], settings: { ...settings, ...change } as typeof settings });
  assert.equal(number(), number({ minVersion: "1.3" }));
  assert.notEqual(number(), number({ clientAuthorities: "/b.pem" }));
  assert.notEqual(number(), number({ clientAuthoritiesDirectory: "/b" }));
  assert.notEqual(number(), number({ clientVerifyDepth: 2 }));
  assert.notEqual(number(), 0);
  assert.equal(clientPolicy({ certificates: [], settings: { ...settings, clientCertificates: "off" } }), 0);
  assert.deepEqual([clientPolicy("pass"), clientPolicy(undefined)], [0, 0]);
});

const FAULTY: readonly [document: unknown, message: string][] = [
  [
    { listen: "127.0.0.1:80", sites: [SITE] },
    'f: sites[0].certificate: Found "certificate", and no address on which TLS is spoken; ' +
    'write {"address": "127.0.0.1:80", "tls": true}',
  ],
  [
    { listen: SECURE, sites: [{ to: "fd:///a" }] },
    'f: listen.address: No site on "127.0.0.1:8443" has a certificate; write "certificate" and "key" in one',
  ],
  [
    { listen: SECURE, sites: [{ certificate: "a.pem", to: "fd:///a" }] },
    'f: sites[0].key: Missing; write "certificate" and "key", the paths of both',
  ],
  [
    { listen: SECURE, sites: [{ certificate: ["a.pem", "b.pem"], key: "k", to: "fd:///a" }] },
    "f: sites[0].key: Found 2 certificates and 1 keys; write a key for each certificate",
  ],
  [
    { listen: SECURE, sites: [{ tls: "pass", to: "fd:///a" }] },
    'f: sites[0].tls: Cannot tell whose connections to pass on; write "names" in this site',
  ],
  [
    { listen: SECURE, sites: [{ names: "a", tls: "pass", routes: [{ path: "/a/", to: "fd:///a" }] }] },
    'f: sites[0].routes: Cannot look into connections that are passed on; write "to" instead of "routes"',
  ],
  ...[{ static: "." }, { fetch: "a.ts" }, { exec: ["a"], cgi: true }, { upstream: "http://127.0.0.1:1" }]
    .map((kind): [document: unknown, message: string] => [
      {
        listen: SECURE,
        sites: [{ names: "a", tls: "pass", to: "b" }],
        backends: { b: { socket: "b.sock", ...kind } },
      },
      'f: sites[0].to: Found "b", which does no TLS itself; name a relay with "plain": true or a backend of your ' +
      'own, or write "certificate" and "key" instead of "tls": "pass"',
    ]),
  [
    { listen: SECURE, sites: [{ ...SITE, tls: "pass" }] },
    'f: sites[0].certificate: Found "certificate" in a site that is passed on; leave it out\n' +
    'f: sites[0].key: Found "key" in a site that is passed on; leave it out',
  ],
  [
    { listen: SECURE, sites: [{ ...SITE, tls: { clientCertificates: "required" } }] },
    "f: sites[0].tls.clientCertificates: Found certificates asked of clients, and nobody who may sign them; " +
    'write "clientAuthorities"',
  ],
  ...[-1, 1.5, 101].map((depth): [document: unknown, message: string] => [
    { listen: SECURE, sites: [{ ...SITE, tls: { clientVerifyDepth: depth } }] },
    `f: sites[0].tls.clientVerifyDepth: Found ${depth}; write a whole number from 0 to 100`,
  ]),
  [
    { listen: SECURE, sites: [{ ...SITE, tls: { minVersion: "1.1" } }] },
    'f: sites[0].tls.minVersion: Found "1.1"; write "1.2" or "1.3"',
  ],
  [
    { listen: SECURE, tls: { minVersoin: "1.2" }, sites: [SITE] },
    'f: tls.minVersoin: Unknown key; the nearest known key is "minVersion"',
  ],
  [
    { listen: [SECURE, { address: "80", tsll: true }], sites: [SITE] },
    'f: listen[1].tsll: Unknown key; the known keys here are "address", "tls", "proxyProtocol", "scheme", "trustedProxies", "trustedHeader"',
  ],
  [
    { listen: SECURE, sites: [SITE, { names: "b", listen: { address: "127.0.0.1:8443" }, to: "fd:///a" }] },
    "f: sites[1].listen.address: Cannot speak clear text on 127.0.0.1:8443, for TLS is spoken there; " +
    "write the same in every place, or the address alone",
  ],
];
for (const [index, [document, message]] of FAULTY.entries()) {
  Deno.test(`a faulty document is told of in a sentence: TLS ${index + 1}`, () => {
    assert.throws(() => parse(document), (error: Error) => {
      assert.equal(error.message.replaceAll(/^f:1:\d+: /gm, "f: "), message);
      return true;
    });
  });
}
