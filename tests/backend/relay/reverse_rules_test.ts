import assert from "node:assert/strict";
import { reverseReference, rewriteCookie } from "../../../src/backend/relay/reverse_rules.ts";
import { COOKIE_CASES, COOKIE_RULES, REFERENCE_CASES, REVERSE_RULES } from "./reverse_cases.ts";
import { head, testRelay } from "./rig.ts";

for (const [reference, expected] of REFERENCE_CASES) {
  Deno.test(`the reference ${JSON.stringify(reference)} is rewritten as by ProxyPassReverse`, () => {
    assert.equal(reverseReference(reference, REVERSE_RULES, "site.example"), expected);
  });
}

for (const [cookie, expected] of COOKIE_CASES) {
  Deno.test(`the cookie ${JSON.stringify(cookie)} is rewritten as by ProxyPassReverseCookie…`, () => {
    assert.equal(rewriteCookie(cookie, COOKIE_RULES.domains, COOKIE_RULES.paths), expected);
  });
}

Deno.test("a reference for a client without Host is a path, and never names a host", () => {
  assert.equal(reverseReference("http://app.internal:3000/a", REVERSE_RULES, ""), "/app/a");
  const rules = [{ path: "/", url: "http://app.internal/" }];
  assert.equal(reverseReference("http://app.internal//evil.example/", rules, ""), "/evil.example/");
  assert.equal(
    reverseReference("http://app.internal//evil.example/", rules, "site.example"),
    "http://site.example//evil.example/",
  );
});

Deno.test("a dot before a cookie's domain, and before a rule's, means nothing", () => {
  const domains = [{ from: ".app.internal", to: "site.example" }];
  for (const domain of ["app.internal", ".app.internal", ".APP.internal"]) {
    assert.equal(rewriteCookie(`a=1; Domain=${domain}`, domains, []), "a=1; Domain=site.example");
  }
});

const RESPONSE = [
  "HTTP/1.1 302 Found",
  "Location: http://app.internal:3000/a",
  "content-location: http://app.internal:3000/b",
  "URI: http://app.internal:3000/c",
  "X-Location: http://app.internal:3000/d",
  "Set-Cookie: a=1; Path=/old/x; Domain=app.internal; HttpOnly",
  "Set-Cookie: b=1; path=/",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

testRelay("fields of a response are rewritten by rules", async (it) => {
  const client = it.give(head("GET /app/ HTTP/1.1"), { route: "/app/" });
  (await it.request()).send(RESPONSE);
  const answer = await it.gets(client, "\r\n\r\n");
  for (
    const line of [
      "Location: http://site.example/app/a",
      "content-location: http://site.example/app/b",
      "URI: http://site.example/app/c",
      "X-Location: http://app.internal:3000/d",
      "Set-Cookie: a=1; Path=/new; Domain=site.example; HttpOnly",
      "Set-Cookie: b=1; path=/",
    ]
  ) assert.ok(answer.includes(`\r\n${line}\r\n`), `${line}: ${answer}`);
}, { reverse: REVERSE_RULES, cookieDomains: COOKIE_RULES.domains, cookiePaths: COOKIE_RULES.paths });

testRelay("with no rules at all, the upstream's own URLs stay as well", async (it) => {
  const client = it.give(head("GET /app/ HTTP/1.1"), { route: "/app/" });
  const location = `Location: http://upstream:${it.upstream.port}/a`;
  (await it.request()).send(`HTTP/1.1 302 Found\r\n${location}\r\nContent-Length: 0\r\n\r\n`);
  assert.ok((await it.gets(client, "\r\n\r\n")).includes(`\r\n${location}\r\n`));
}, { reverse: [] });
