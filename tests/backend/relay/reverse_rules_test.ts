import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { clientReference } from "../../../src/backend/relay/response_fields.ts";
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

const HOSTS = [
  { path: "https://public.example", url: "http://bare.internal" },
  { path: "https://slash.example", url: "http://slash.internal/" },
  { path: "https://port.example", url: "http://port.internal:3000" },
  { path: "/", url: "http://root.internal:3000/" },
  { path: "/", url: "http://name.internal" },
];

const HOST_CASES: readonly (readonly [reference: string, expected: string])[] = [
  ["http://bare.internal", "https://public.example"],
  ["http://bare.internal/a", "https://public.example/a"],
  ["http://bare.internal?a", "https://public.example?a"],
  // Where the name goes on, it is another one.
  ["http://bare.internal.evil.example/", "http://bare.internal.evil.example/"],
  ["http://bare.internal@evil.example/", "http://bare.internal@evil.example/"],
  ["http://bare.internal:80@evil.example/", "http://bare.internal:80@evil.example/"],
  ["http://slash.internal/a", "https://slash.example/a"],
  ["http://slash.internal/.evil.example/", "https://slash.example/.evil.example/"],
  ["http://port.internal:30001/", "http://port.internal:30001/"],
  ["http://port.internal:3000/\\evil.example/", "https://port.example/%5Cevil.example/"],
  ["http://root.internal:3000/\\evil.example/", "http://site.example/%5Cevil.example/"],
  ["http://name.internal@evil.example/", "http://site.example/@evil.example/"],
];

for (const [reference, expected] of HOST_CASES) {
  Deno.test(`the reference ${JSON.stringify(reference)} keeps the host that a rule chooses, or its own`, () => {
    assert.equal(reverseReference(reference, HOSTS, "site.example"), expected);
  });
}

Deno.test("what is made of an upstream's own references leads to the client's host, whatever is in them", () => {
  const upstream = { at: { host: "127.0.0.1", port: 3000 }, authority: "up.internal:3000", base: "" };
  const pieces = [
    "/",
    "\\",
    "\t",
    " ",
    "..",
    ".",
    "%2f",
    "%5c",
    "evil.example",
    "@",
    ":",
    "a",
    "?",
    "#",
    "http://",
    "v1",
  ];
  const rest = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((pieces) => pieces.join(""));
  const start = fc.constantFrom(
    "http://up.internal:3000/",
    "//up.internal:3000/",
    "HTTP://UP.internal:3000",
    "http://up.internal:3000?",
  );
  const mounts = fc.constantFrom(
    { prefix: "/" },
    { prefix: "/a/" },
    { prefix: "/a" },
    { prefix: "/", mapTo: "/v1/" },
    { prefix: "/a", mapTo: "/" },
    { prefix: "/a/", mapTo: "/v1" },
  );
  const bases = fc.constantFrom("", "/v1");
  let changed = 0;
  fc.assert(
    fc.property(start, rest, mounts, bases, (start, rest, mount, base) => {
      const reference = start + rest;
      const view = { upstream: { ...upstream, base }, authority: "up.internal:3000", ...mount };
      for (
        const seen of [
          clientReference(reference, view),
          reverseReference(reference, [{ path: mount.prefix, url: `http://up.internal:3000${base}` }], ""),
        ]
      ) {
        if (seen === reference) continue;
        changed++;
        assert.match(seen, /^\/(?![\/\\\t ])/);
        assert.equal(new URL(seen, "http://site.example/").host, "site.example", `${reference} -> ${seen}`);
      }
    }),
    { numRuns: 3_000 },
  );
  assert.ok(changed > 1_000, `${changed}`);
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
