import assert from "node:assert/strict";
import { describe } from "../../src/config/describe.ts";
import { parseJson } from "../../src/config/json/parse.ts";
import { EXAMPLE, EXAMPLE_CONFIG } from "./example.ts";

Deno.test("describe() lays the example out", () => {
  assert.equal(
    describe(EXAMPLE_CONFIG),
    `Listeners
  127.0.0.1:8080  1 site, other hosts get example.com

Site example.com, *.example.com
  /files/  files  /run/app/files.sock  static /etc/fdpass/public
  /        web-1  /run/app/web-1.sock  fetch /etc/fdpass/app.ts, 2 workers
           web-2  /run/app/web-2.sock  started by somebody else
  /files                               301 /files/
`,
  );
});

Deno.test("describe() says where sites answer, who takes other hosts, and what no route uses", () => {
  const text = `{
    "listen": ["80", "127.0.0.1:0"],
    "sites": [
      { "names": "a.example", "to": "fd:///run/a.sock" },
      { "to": "fd:///run/rest.sock" },
      { "names": "admin.example", "listen": "[::1]:9000", "to": "fd:///run/admin.sock" }
    ],
    "backends": { "spare": { "socket": "/run/spare.sock", "static": "/srv" } } }`;
  assert.equal(
    describe(parseJson(text, { name: "fdpass.json", baseDirectory: "/" })),
    `Listeners
  [::]:80      2 sites, IPv4 and IPv6
  127.0.0.1:0  2 sites, the kernel chooses the port
  [::1]:9000   1 site, other hosts get admin.example

Site a.example on [::]:80, 127.0.0.1:0
  /  a  /run/a.sock  started by somebody else

Site for every other host on [::]:80, 127.0.0.1:0
  /  rest  /run/rest.sock  started by somebody else

Site admin.example on [::1]:9000
  /  admin  /run/admin.sock  started by somebody else

Backends without a route
  spare  /run/spare.sock  static /srv
`,
  );
});

Deno.test("describe() shows expressions, mapped paths and paths that nobody serves", () => {
  const text = `{
    "listen": "80",
    "sites": [{ "routes": [
      { "match": "^/img/(.*)$", "to": "fd:///run/a.sock", "mapTo": "/$1" },
      { "match": "[.]php$", "to": null },
      { "path": "/a/", "to": "fd:///run/a.sock", "mapTo": "/base/", "sticky": true }
    ] }] }`;
  assert.equal(
    describe(parseJson(text, { name: "fdpass.json", baseDirectory: "/" })),
    `Listeners
  [::]:80  1 site, IPv4 and IPv6

Site for every host
  ~ "^/img/(.*)$" (mapped to /$1)  a    /run/a.sock  started by somebody else
  ~ "[.]php$"                      404               nobody serves it
  /a/ (mapped to /base/, sticky)   a    /run/a.sock  started by somebody else
  /a                                                 301 /a/
`,
  );
});

Deno.test("describe() says how a backend of Apache's protocol gets its connections, where that is set", () => {
  const text = `{ "listen": "80", "sites": [{ "to": "a" }],
    "backends": { "a": { "socket": "/run/a.sock", "flusher": "flush" } } }`;
  assert.match(
    describe(parseJson(text, { name: "fdpass.json", baseDirectory: "/" })),
    /^ {2}\/ {2}a {2}\/run\/a\.sock {2}started by somebody else, flusher flush$/m,
  );
});

Deno.test("describe() writes ASCII without spaces at line ends", () => {
  const config = parseJson(EXAMPLE.replace("/files/", "/größe/"), { name: "f", baseDirectory: "/" });
  const text = describe(config);
  assert.match(text, /^[\n -~]*$/);
  assert.doesNotMatch(text, / \n/);
});
