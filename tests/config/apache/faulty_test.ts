/** Faulty configurations: each one is told of with file, line, directive and the way out, and nothing is started. */

import assert from "node:assert/strict";
import { runProgram, TemporaryDirectory } from "../../support/processes.ts";
import { faultsOf } from "./parsing.ts";

/** What is wrong, in which line, with which directive, and what the message has to say. */
const FAULTY: readonly (readonly [text: string, line: number, directive: string, way: RegExp])[] = [
  ["Listne 80", 1, "Listne", /Unknown directive; the nearest known name is "Listen"/],
  ["Listen 80\nProxypas / http://a/", 2, "Proxypas", /the nearest known name is "ProxyPass"/],
  ["Xyzzyplughquux on", 1, "Xyzzyplughquux", /Unknown directive; remove it/],
  ["VirtualHost *:80", 1, "VirtualHost", /Unknown directive; write <VirtualHost …>/],
  ["<Listen 80>\n</Listen>", 1, "Listen", /Unknown section; write Listen without "<"/],
  [
    "<VirtualHots *:80>\n</VirtualHots>",
    1,
    "VirtualHots",
    /Unknown section; the nearest known name is "VirtualHost"/,
  ],
  ["Listen", 1, "Listen", /Found no argument; write an address, such as 80/],
  ["Listen 80 http x", 1, "Listen", /Found 3 arguments; write an address/],
  ["Listen 70000", 1, "Listen", /write a number from 0 to 65535/],
  ["Listen example.com:80", 1, "Listen", /host names are not resolved; write an IP address/],
  ["Listen 443 gopher", 1, "Listen", /Found the protocol "gopher"; write http or https, or nothing/],

  ["Listen 80\nListen 80", 2, "Listen", /Found ".*80" twice; write each address once/],
  ["<VirtualHost>\n</VirtualHost>", 1, "VirtualHost", /Found no argument; write addresses, such as \*:80/],
  [
    "<VirtualHost *:80\nServerName a\n</VirtualHost>",
    1,
    "VirtualHost",
    /without a ">" at the end of its line; write one/,
  ],
  ["<VirtualHost *:80>\nServerName a", 1, "VirtualHost", /without an end; write <\/VirtualHost> behind it/],
  ["</VirtualHost>", 1, "/VirtualHost", /does not begin; remove it, or write <VirtualHost> before it/],
  [
    "<VirtualHost *:80>\n<Location />\n</VirtualHost>\n</Location>",
    3,
    "/VirtualHost",
    /another section than <Location> of line 2; write <\/Location>/,
  ],
  [
    "<VirtualHost example.com:80>\n</VirtualHost>",
    1,
    "VirtualHost",
    /write \*:80, or an IP address and a port, as names are not resolved/,
  ],
  [
    "<VirtualHost *:80>\nListen 81\n</VirtualHost>",
    2,
    "Listen",
    /Cannot stand in a <VirtualHost>; write it outside of sections/,
  ],
  [
    "<VirtualHost *:80>\n<VirtualHost *:81>\n</VirtualHost>\n</VirtualHost>",
    2,
    "VirtualHost",
    /Cannot stand in a <VirtualHost>/,
  ],
  [
    "ServerAlias a.example",
    1,
    "ServerAlias",
    /Cannot stand outside of sections; write it in a <VirtualHost>/,
  ],
  [
    "<VirtualHost *:80>\nSSLEngine on\n</VirtualHost>",
    1,
    "VirtualHost",
    /Cannot speak TLS without a certificate; write SSLCertificateFile and SSLCertificateKeyFile/,
  ],
  [
    "<VirtualHost *:80>\nServerAlias www*.example.com\n</VirtualHost>",
    2,
    "ServerAlias",
    /Cannot use the pattern "www\*\.example\.com"; write names, or one with "\*\." in front/,
  ],
  [
    "<VirtualHost *:80>\nServerName a/b\n</VirtualHost>",
    2,
    "ServerName",
    /Cannot use "a\/b" as a host name; write the host name alone/,
  ],
  ["ProxyPass /", 1, "ProxyPass", /Takes a path and a URL; write both/],
  ["ProxyPass app http://a/", 1, "ProxyPass", /does not start with "\/"; write "\/app"/],
  ["ProxyPass /a?b http://a/", 1, "ProxyPass", /routes do not look at queries/],
  ["SSLProxyVerify maybe\nProxyPass / https://a/", 1, "SSLProxyVerify", /write none or require/],
  ["SSLProxyEngine perhaps\nProxyPass / https://a/", 1, "SSLProxyEngine", /write On or Off/],
  [
    "SSLProxyProtocol SSLv3\nProxyPass / https://a/",
    1,
    "SSLProxyProtocol",
    /write TLSv1.2, TLSv1.3, or both/,
  ],
  [
    "ProxyPass / 127.0.0.1:3000",
    1,
    "ProxyPass",
    /Cannot hand over to "127\.0\.0\.1:3000"; write a URL such as/,
  ],
  ["ProxyPass / http://", 1, "ProxyPass", /which names no server; write a URL such as/],
  ["ProxyPass / http://a:99999/", 1, "ProxyPass", /99999/],
  ["ProxyPass / fd://", 1, "ProxyPass", /which names no socket; write its path/],
  [
    "ProxyPass / http://a/ timeout=soon",
    1,
    "ProxyPass",
    /In "timeout=soon": Found "soon"; write a number of seconds/,
  ],
  [
    "ProxyPass / http://a/ tiemout=5",
    1,
    "ProxyPass",
    /Unknown parameter "tiemout"; the nearest known one is "timeout"/,
  ],
  [
    "ProxyPass / fd:///a.sock flusher=flosh",
    1,
    "ProxyPass",
    /Found the flusher "flosh"; write flusher=flush, or flusher=none/,
  ],
  [
    "ProxyPass / balancer://pool/",
    1,
    "ProxyPass",
    /Cannot find members of the balancer "pool"; write <Proxy "balancer:\/\/pool">/,
  ],
  [
    '<Proxy "balancer://p">\nBalancerMember http://a status=D\n</Proxy>\nProxyPass / balancer://p/',
    4,
    "ProxyPass",
    /Found no member of the balancer "p" that takes anything/,
  ],
  [
    '<Proxy "http://p">\nBalancerMember http://a\n</Proxy>',
    2,
    "BalancerMember",
    /Cannot be a member of "http:\/\/p"; write <Proxy "balancer:\/\/name">/,
  ],
  ["BalancerMember http://a", 1, "BalancerMember", /Takes a balancer and the URL of a server; write both/],
  [
    '<Proxy "balancer://p">\nBalancerMember http://a loadfactor=0\n</Proxy>',
    2,
    "BalancerMember",
    /In "loadfactor=0": Found "0"; write a number from 1 to 100/,
  ],
  [
    "ProxyPassMatch ^/(a http://b/$1",
    1,
    "ProxyPassMatch",
    /Cannot use the expression "\^\/\(a" \(.*\); mend it/,
  ],
  [
    "ProxyPassMatch ^/a++ http://b/",
    1,
    "ProxyPassMatch",
    /a possessive quantifier is not understood here; write it in another way/,
  ],
  ["ProxyPassMatch ^/(.*)$ fd:///run/$1.sock", 1, "ProxyPassMatch", /Cannot choose a socket by the path/],
  [
    "<Location /a>\nProxyPass /a http://b/\n</Location>",
    2,
    "ProxyPass",
    /write the URL alone, since the path is that of the <Location>/,
  ],
  [
    "<Location /a*>\nProxyPass http://b/\n</Location>",
    2,
    "ProxyPass",
    /Cannot use the pattern "\/a\*" of the <Location>; write <LocationMatch>/,
  ],
  ["ProxyPreserveHost yes", 1, "ProxyPreserveHost", /Found "yes"; write On or Off/],
  ["Timeout -1", 1, "Timeout", /Found "-1"; write a number of seconds/],
  [
    "MaxKeepAliveRequests many",
    1,
    "MaxKeepAliveRequests",
    /Found "many"; write a whole number from 0 to 2147483647/,
  ],
  [
    "RequestReadTimeout head=10",
    1,
    "RequestReadTimeout",
    /Found "head=10"; write times such as header=20-40,MinRate=500/,
  ],
  [
    "RequestReadTimeout body=20-60",
    1,
    "RequestReadTimeout",
    /Found "body=20-60"; write ,MinRate=500 behind it/,
  ],
  ["RequestReadTimeout body=20,MinRate=0", 1, "RequestReadTimeout", /write a MinRate of 1 or more, or none/],
  [
    "RequestReadTimeout body=20-20,MinRate=5",
    1,
    "RequestReadTimeout",
    /write a second number that is larger than the first/,
  ],
  ["LimitRequestBody 1k", 1, "LimitRequestBody", /Found "1k"; write a whole number from 0 to/],
  ["LimitRequestBody", 1, "LimitRequestBody", /Found no argument; write a number of bytes, 0 for any/],
  ["<Location /a>\nLimitRequestBody -1\n</Location>", 2, "LimitRequestBody", /Found "-1"; write a whole/],
  ["ErrorDocument 200 ok", 1, "ErrorDocument", /Found the status "200"; write one from 400 to 599/],
  ['ProxyPass / "http://a/', 1, "ProxyPass", /Found a " that is not closed; write another one behind it/],
  ["Listen ${NONE}", 1, "Listen", /Cannot find the variable "NONE"; write "Define NONE …" before it/],
  ["Define A ${NONE}", 1, "Define", /Cannot find the variable "NONE"/],
  ["Include ${NONE}/a.conf", 1, "Include", /Cannot find the variable "NONE"/],
  ["<VirtualHost *:${NONE}>\n</VirtualHost>", 1, "VirtualHost", /Cannot find the variable "NONE"/],
  [
    'Listen 80\nError "set A first"',
    2,
    "Error",
    /says that it cannot be used: "set A first"; do what that asks/,
  ],
  [
    "ProxyPassReverse / a.example",
    1,
    "ProxyPassReverse",
    /Cannot rewrite URLs that begin with "a\.example"; write/,
  ],
  [
    "ProxyPassReverseCookiePath / app",
    1,
    "ProxyPassReverseCookiePath",
    /Cannot rewrite cookies by "app"; write a path/,
  ],
  ["ProxyPass / http://a/ max=many", 1, "ProxyPass", /In "max=many": Found "many"; write a whole number/],
  ["Define", 1, "Define", /Takes a name and a value; write them/],
  [
    "Include nothing.conf",
    1,
    "Include",
    /Cannot find "\/etc\/nothing\.conf"; write the path of a file, or IncludeOptional/,
  ],
];

for (const [text, line, directive, way] of FAULTY) {
  Deno.test(`a faulty configuration: ${text.replaceAll("\n", " ¶ ").slice(0, 70)}`, () => {
    const faults = faultsOf(text);
    const start = `site.conf:${line}:1: ${directive}: `;
    const fault = faults.find((fault) => fault.startsWith(start));
    assert.ok(fault !== undefined, faults.join("\n") || "nothing was found");
    assert.match(fault, way);
  });
}

Deno.test("all that is wrong is told at once", () => {
  const faults = faultsOf(
    "Listen 80 gopher\nListne 80\nTimeout x\n<VirtualHost *:80>\nServerName a\nProxyPass / ftp://a/\n</VirtualHost>",
  );
  assert.deepEqual(faults.map((fault) => fault.split(":")[1]), ["1", "2", "3", "6"]);
});

for (const command of ["front", "up", "check"]) {
  Deno.test(`${command}: a faulty Apache configuration is exit code 2, and nothing is started`, async () => {
    using directory = new TemporaryDirectory();
    const run = `${directory.path}/run`;
    const text = `Listen 127.0.0.1:0\nDefaultRuntimeDir ${run}\nProxyPass / http://127.0.0.1:9/\nTimeout x\n`;
    const path = directory.write("site.conf", text);
    const { code, stdout, stderr } = await runProgram([command, path], { permissions: ["-A"] });
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^fdpass: .*site\.conf:4:1: Timeout: Found "x"; write a number of seconds up to 86400/,
    );
    assert.throws(() => Deno.statSync(run), Deno.errors.NotFound);
  });
}
