/** What LimitRequestBody and RequestReadTimeout say of the content of requests, for each relay. */

import assert from "node:assert/strict";
import type { Backend } from "../../../src/config/config.ts";
import { parse, warningsOf } from "./parsing.ts";

const ANY = Number.MAX_SAFE_INTEGER;

/** `path size time rate (mapTo)` of every route, hosts one after another; what is not said is `-`. */
function boundsOf(text: string): string[] {
  const { listeners, backends } = parse(text);
  return listeners.flatMap(({ sites }) => sites).flatMap(({ routes }) => routes).map((route) => {
    const { maxContent, contentTimeout, minContentRate }: Partial<Backend> = backends.find(({ name }) =>
      name === route.backends[0]
    ) ?? {};
    const mapped = route.mapTo === undefined ? "" : ` as ${route.mapTo}`;
    return [route.path, maxContent ?? "-", contentTimeout ?? "-", minContentRate ?? "-"].join(" ") + mapped;
  });
}

const PASS = "Listen 80\nProxyPass / http://a/\n";
const location = (path: string, size: number) =>
  `<Location ${path}>\nLimitRequestBody ${size}\n</Location>\n`;

const TABLE: readonly (readonly [text: string, bounds: readonly string[]])[] = [
  [PASS, ["/ - - -"]],
  [`${PASS}LimitRequestBody 1000`, ["/ 1000 - -"]],
  [`${PASS}LimitRequestBody 0`, [`/ ${ANY} - -`]],
  [`${PASS}RequestReadTimeout header=10 body=30`, ["/ - 30000 0"]],
  [`${PASS}RequestReadTimeout body=20,MinRate=700`, ["/ - - 700"]],
  [`${PASS}RequestReadTimeout header=20-40,MinRate=500 body=20-60,minrate=700`, ["/ - 60000 700"]],
  [`${PASS}RequestReadTimeout body=0`, ["/ - - 0"]],
  [`${PASS}RequestReadTimeout header=5`, ["/ - - -"]],
  [`${PASS}RequestReadTimeout body=999999`, ["/ - 86400000 0"]],
  // A host has its own, or that of the main server.
  [
    "Listen 80\nLimitRequestBody 5\nRequestReadTimeout body=30\n" +
    "<VirtualHost *:80>\nServerName a\nLimitRequestBody 7\nProxyPass / http://a/\n</VirtualHost>\n" +
    "<VirtualHost *:80>\nServerName b\nRequestReadTimeout body=0\nProxyPass / http://a/\n</VirtualHost>",
    ["/ 7 30000 0", "/ 5 - 0"],
  ],
  // Around all that is passed, beside it, and a part of it.
  [`${PASS}LimitRequestBody 5\n${location("/", 7)}`, ["/ 7 - -"]],
  [`${PASS}LimitRequestBody 5\n${location("/", 7)}${location("/", 8)}`, ["/ 8 - -"]],
  [`Listen 80\nProxyPass /x http://a/x\n${location("/xy", 7)}`, ["/x - - - as /x"]],
  [`Listen 80\nProxyPass /x/y http://a\n${location("/x", 7)}`, ["/x/y 7 - -"]],
  [`${PASS}${location("/up", 7)}${location("/up/big", 0)}`, [
    `/up/big ${ANY} - - as /up/big`,
    "/up 7 - - as /up",
    "/ - - -",
  ]],
  [`Listen 80\nProxyPass /app/ http://a/base/\n${location("/app/up/", 7)}`, [
    "/app/up/ 7 - - as /base/up/",
    "/app/ - - - as /base/",
  ]],
  [`Listen 80\nProxyPass /app http://a\n${location("/app/up", 7)}`, [
    "/app/up 7 - - as /up",
    "/app - - -",
  ]],
  [`Listen 80\nProxyPass /up http://b/\nProxyPass / http://a/\n${location("/up", 7)}`, [
    "/up 7 - - as /",
    "/ - - -",
  ]],
  ["Listen 80\n<Location /up>\nLimitRequestBody 7\nProxyPass http://a/up\n</Location>", [
    "/up 7 - - as /up",
  ]],
  [`${PASS}<Proxy "http://a/">\nLimitRequestBody 7\n</Proxy>`, ["/ 7 - -"]],
  [
    'Listen 80\n<Proxy "balancer://b">\nBalancerMember http://a\nLimitRequestBody 7\n</Proxy>\n' +
    "ProxyPass / balancer://b/",
    ["/ 7 - -"],
  ],
];

for (const [text, bounds] of TABLE) {
  Deno.test(`content: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(boundsOf(text), bounds);
    assert.deepEqual(warningsOf(text), []);
  });
}

Deno.test("content: what cannot be as httpd has it is told of, with how bad that is", () => {
  const match = `${PASS}<LocationMatch "^/up">\nLimitRequestBody 7\n</LocationMatch>`;
  assert.deepEqual(boundsOf(match), ["/ - - -"]);
  assert.deepEqual(warningsOf(match), [
    "site.conf:4: changes answers: LimitRequestBody: does not hold for what ProxyPass in line 2 takes; " +
    "write it outside of <LocationMatch>, or write the ProxyPass into that",
  ]);
  assert.match(
    warningsOf(`Listen 80\nProxyPassMatch ^/(.*)$ http://a/$1\n${location("/up", 7)}`).join(),
    /^site.conf:4: changes answers: LimitRequestBody: does not hold for what ProxyPassMatch in line 2 takes/,
  );
  assert.match(
    warningsOf("Listen 80\nLimitRequestBody 7\nProxyPass / fd:///a.sock\nProxyPass /b fd:///b.sock").join(),
    /^site.conf:2: opens what Apache closes: LimitRequestBody: holds for relays, [^]*--max-content/,
  );
  assert.match(
    warningsOf(`${PASS}RequestReadTimeout body=60,MinRate=500`).join(),
    /^site.conf:3: changes answers: RequestReadTimeout: gives content 20 seconds before its rate counts, not 60$/,
  );
  assert.match(
    warningsOf(`Listen 80\nRewriteEngine On\nRewriteRule ^/(.*) http://a/$1 [P]\n${location("/up", 7)}`)
      .join(),
    /^site.conf:5: changes answers: LimitRequestBody: does not hold for what RewriteRule in line 3 takes/,
  );
  // As Debian has it.
  assert.match(
    warningsOf(`${PASS}RequestReadTimeout header=20-40,minrate=500 body=10,minrate=500`).join(),
    /^site.conf:3: RequestReadTimeout: gives content 20 seconds before its rate counts, not 10$/,
  );
});
