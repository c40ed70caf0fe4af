/** Words that many published files have, and what becomes of them. */

import assert from "node:assert/strict";
import { KEEPS_HOST } from "../../../src/rules/own_variables.ts";
import { faultsOf, parse, warningsOf } from "./parsing.ts";

const PASS = "Listen 80\nProxyPass / http://127.0.0.1:1/\n";

Deno.test("a log whose place no variable says is not written, and nothing else is lost", () => {
  const text =
    `${PASS}CustomLog \${APACHE_LOG_DIR}/access.log combined\nErrorLog \${APACHE_LOG_DIR}/error.log`;
  assert.equal(parse(text).accessLogs?.length, 0);
  assert.match(
    warningsOf(text).join("\n"),
    /CustomLog: no log is written: the variable "APACHE_LOG_DIR" is not set/,
  );
  const files = { "/envvars": "export APACHE_LOG_DIR=/var/log/apache2\n" };
  assert.equal(parse(text, { files }).accessLogs?.[0]?.to, "/var/log/apache2/access.log");
});

Deno.test("ExpiresActive and its like: times in words and short, faults with their lines", () => {
  const text =
    `${PASS}ExpiresActive On\nExpiresDefault "access plus 1 month 2 days"\nExpiresByType Image/* M60`;
  const sections = parse(text).listeners[0]!.sites[0]!.rules!.sections;
  assert.deepEqual(
    sections.flatMap(({ responseFields = [] }) => responseFields.map(({ expires }) => expires)),
    [
      { active: true },
      { otherwise: { from: "access", seconds: 32 * 86_400 } },
      { types: { "image/*": { from: "modification", seconds: 60 } } },
    ],
  );
  for (const wrong of ['"access plus 1"', "soon", '"access plus x days"', '"now plus 1 fortnight"', "A-1"]) {
    assert.match(
      faultsOf(`${PASS}ExpiresDefault ${wrong}`).join(),
      /ExpiresDefault: Cannot read the time/,
      wrong,
    );
  }
});

Deno.test("ProxyPreserveHost in a location holds for what is proxied there by others", () => {
  const told = (text: string) =>
    (parse(`Listen 80\n${text}`).listeners[0]!.sites[0]!.rules?.sections ?? []).flatMap((
      { place, variables = [] },
    ) =>
      variables.filter((rule) => "name" in rule && rule.name === KEEPS_HOST).map((rule) =>
        `${place?.path ?? place?.pattern} ${"value" in rule ? rule.value : ""}`
      )
    );
  const inside = "<Location />\nProxyPreserveHost On\nProxyPass http://127.0.0.1:1/\n</Location>\n";
  assert.deepEqual(told(inside), []);
  assert.deepEqual(told(`${inside}RewriteEngine On\nRewriteRule /(.*) ws://127.0.0.1:1/$1 [P]`), ["/ on"]);
  const around =
    'ProxyPass / http://127.0.0.1:1/\n<LocationMatch "^/a">\nProxyPreserveHost On\n</LocationMatch>\n';
  assert.deepEqual(told(around), ["^/a on"]);
});

Deno.test("what a site is made for, and is not done, is an error with the way out", () => {
  for (
    const line of [
      "ProxyHTMLURLMap http://a/ /b/",
      'Substitute "s|a|b|"',
      "Dav On",
      "VirtualDocumentRoot /srv/%0",
      "ProxyRemote * http://a:1",
      "ProxyExpressEnable On",
    ]
  ) {
    assert.match(faultsOf(PASS + line).join(), /:3:1: \w+: Cannot .*; (have|run|write) /, line);
  }
  assert.deepEqual(faultsOf(`${PASS}Dav Off\nProxyExpressEnable Off`), []);
});

Deno.test("variables of TLS that are not known are named", () => {
  const text =
    `${PASS}RequestHeader set X-Cert "%{SSL_CLIENT_CERT}s"\nRequestHeader set X-CN "%{SSL_CLIENT_S_DN_CN}s"`;
  const warnings = warningsOf(text).join("\n");
  assert.match(warnings, /RequestHeader: SSL_CLIENT_CERT is not known here/);
  assert.doesNotMatch(warnings, /SSL_CLIENT_S_DN/);
});
